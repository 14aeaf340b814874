//! What a failed step means: the module's fault, the provider's, or that there is no GPU.

use crate::error::{Error, ErrorKind, Fault};
use crate::executor::StopReason;

use super::driver::{NO_DEVICE, nvrtc};
use super::wire::{Failure, Step};

/// Codes of a driver that cannot be used, beside "no device": not started, a stub, too old, of another version than its kernel
/// module, not for this card.
const NO_DRIVER: [u32; 6] = [3, 34, 35, 803, 804, 999];
/// Codes of a program that this card or driver cannot take: no image, no code for it, bad PTX, PTX that is too new, a wrong name.
const PROGRAM: [u32; 6] = [200, 209, 218, 222, 300, 500];
/// Codes of a launch that cannot be: a bad number, too many resources, arguments that do not fit.
const LAUNCH: [u32; 3] = [1, 400, 701];
/// Codes of a kernel that did what it must not: addresses, asserts, instructions, the stack.
const KERNEL: [u32; 8] = [700, 710, 714, 715, 716, 717, 718, 719];

/// How a failed step ends a job.
#[derive(Debug)]
pub(super) enum End {
    /// The kernel's own end.
    Stopped(StopReason),
    /// The job did not start, or the machine is at fault.
    Error(Error),
}

/// The worker could not be started, or ended without a word.
pub(super) fn no_worker(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, "E_CUDA_WORKER", message).with_fault(Fault::Provider)
}

/// There is no GPU that CUDA can use.
pub(super) fn no_device(why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, "E_CUDA_NO_DEVICE", format!("no device: {why}"))
        .with_fault(Fault::Provider)
        .with_hint("GPU kernels need an NVIDIA GPU and its driver (libcuda.so.1); nvidia-smi must list it")
}

fn module(code: &'static str, message: String) -> Error {
    Error::invalid(code, message).with_fault(Fault::Module)
}

pub(super) fn of(failure: &Failure, kernel: Option<&str>) -> End {
    let Failure { step, code, text } = failure;
    let code = *code;
    let named = kernel.map(|kernel| format!(" in the kernel {kernel:?}")).unwrap_or_default();
    let error = match step {
        Step::Launch(_) if KERNEL.contains(&code) || LAUNCH.contains(&code) => {
            return End::Stopped(StopReason::Trapped(format!("{text}{named} (CUDA error {code})")));
        }
        Step::Driver if code == NO_DEVICE || NO_DRIVER.contains(&code) => {
            no_device(&format!("{text} (CUDA error {code})"))
        }
        Step::Compile if code == nvrtc::NO_COMPILER => Error::unsupported("E_CUDA_COMPILER", text.clone())
            .with_fault(Fault::Provider)
            .with_hint("let the module bring PTX instead of CUDA C, or install CUDA's NVRTC"),
        Step::Compile => module("E_CUDA_COMPILE", format!("the program does not compile: {text}")),
        Step::Load if PROGRAM.contains(&code) => {
            module("E_CUDA_PTX", format!("the driver does not take the program: {text} (CUDA error {code})"))
                .with_hint(
                    "make the PTX for older cards and drivers; nvcc and NVRTC of CUDA 11.8 are a good choice",
                )
        }
        _ => Error::new(
            ErrorKind::Unavailable,
            "E_CUDA",
            format!("the GPU failed to {}: {text} (CUDA error {code})", doing(*step)),
        )
        .with_fault(Fault::Provider)
        .with_hint("nothing was charged; submit the job again"),
    };
    End::Error(error)
}

/// What a step does, as a verb.
pub(super) fn doing(step: Step) -> &'static str {
    match step {
        Step::Order => "read the order",
        Step::Driver => "open a device",
        Step::Compile => "compile the program",
        Step::Load => "load the program",
        Step::Fill => "fill the buffers",
        Step::Launch(_) => "run a kernel",
        Step::Save => "read the buffers",
    }
}

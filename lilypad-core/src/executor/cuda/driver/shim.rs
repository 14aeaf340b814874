//! The functions of CUDA's driver that cuda-sys declares, forwarded to `libcuda.so.1` when one is first called.
//!
//! cuda-sys asks the linker for the driver's library, which is not there where programs are built, and knows the error
//! codes of CUDA 8 only: a newer one in its closed enum would be undefined behaviour. So the functions are defined here, the
//! libraries that it asks for are empty archives (`build.rs`), and a code that it does not know becomes `CUDA_ERROR_UNKNOWN`;
//! [`last_code`] has the number itself. Where there is no library, every function answers `CUDA_ERROR_NO_DEVICE`.
#![allow(unsafe_code, reason = "the driver is a C library")]
#![allow(non_snake_case, reason = "the driver's own names")]

use std::cell::Cell;
use std::os::raw::{c_char, c_int, c_uchar, c_uint, c_void};
use std::sync::OnceLock;

use cuda_sys::cuda::{
    CUcontext, CUdevice, CUdevice_attribute, CUdeviceptr, CUevent, CUfunction, CUjit_option, CUlimit,
    CUmodule, CUresult, CUresult as Code, CUstream,
};
use libloading::Library;

use super::NO_DEVICE;

/// The driver's name, as every distribution installs it.
const LIBRARY: &str = "libcuda.so.1";

/// Every code of CUDA 8.
const KNOWN: &[Code] = &[
    Code::CUDA_SUCCESS,
    Code::CUDA_ERROR_INVALID_VALUE,
    Code::CUDA_ERROR_OUT_OF_MEMORY,
    Code::CUDA_ERROR_NOT_INITIALIZED,
    Code::CUDA_ERROR_DEINITIALIZED,
    Code::CUDA_ERROR_PROFILER_DISABLED,
    Code::CUDA_ERROR_PROFILER_NOT_INITIALIZED,
    Code::CUDA_ERROR_PROFILER_ALREADY_STARTED,
    Code::CUDA_ERROR_PROFILER_ALREADY_STOPPED,
    Code::CUDA_ERROR_NO_DEVICE,
    Code::CUDA_ERROR_INVALID_DEVICE,
    Code::CUDA_ERROR_INVALID_IMAGE,
    Code::CUDA_ERROR_INVALID_CONTEXT,
    Code::CUDA_ERROR_CONTEXT_ALREADY_CURRENT,
    Code::CUDA_ERROR_MAP_FAILED,
    Code::CUDA_ERROR_UNMAP_FAILED,
    Code::CUDA_ERROR_ARRAY_IS_MAPPED,
    Code::CUDA_ERROR_ALREADY_MAPPED,
    Code::CUDA_ERROR_NO_BINARY_FOR_GPU,
    Code::CUDA_ERROR_ALREADY_ACQUIRED,
    Code::CUDA_ERROR_NOT_MAPPED,
    Code::CUDA_ERROR_NOT_MAPPED_AS_ARRAY,
    Code::CUDA_ERROR_NOT_MAPPED_AS_POINTER,
    Code::CUDA_ERROR_ECC_UNCORRECTABLE,
    Code::CUDA_ERROR_UNSUPPORTED_LIMIT,
    Code::CUDA_ERROR_CONTEXT_ALREADY_IN_USE,
    Code::CUDA_ERROR_PEER_ACCESS_UNSUPPORTED,
    Code::CUDA_ERROR_INVALID_PTX,
    Code::CUDA_ERROR_INVALID_GRAPHICS_CONTEXT,
    Code::CUDA_ERROR_NVLINK_UNCORRECTABLE,
    Code::CUDA_ERROR_INVALID_SOURCE,
    Code::CUDA_ERROR_FILE_NOT_FOUND,
    Code::CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND,
    Code::CUDA_ERROR_SHARED_OBJECT_INIT_FAILED,
    Code::CUDA_ERROR_OPERATING_SYSTEM,
    Code::CUDA_ERROR_INVALID_HANDLE,
    Code::CUDA_ERROR_NOT_FOUND,
    Code::CUDA_ERROR_NOT_READY,
    Code::CUDA_ERROR_ILLEGAL_ADDRESS,
    Code::CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
    Code::CUDA_ERROR_LAUNCH_TIMEOUT,
    Code::CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING,
    Code::CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED,
    Code::CUDA_ERROR_PEER_ACCESS_NOT_ENABLED,
    Code::CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE,
    Code::CUDA_ERROR_CONTEXT_IS_DESTROYED,
    Code::CUDA_ERROR_ASSERT,
    Code::CUDA_ERROR_TOO_MANY_PEERS,
    Code::CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
    Code::CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
    Code::CUDA_ERROR_HARDWARE_STACK_ERROR,
    Code::CUDA_ERROR_ILLEGAL_INSTRUCTION,
    Code::CUDA_ERROR_MISALIGNED_ADDRESS,
    Code::CUDA_ERROR_INVALID_ADDRESS_SPACE,
    Code::CUDA_ERROR_INVALID_PC,
    Code::CUDA_ERROR_LAUNCH_FAILED,
    Code::CUDA_ERROR_NOT_PERMITTED,
    Code::CUDA_ERROR_NOT_SUPPORTED,
    Code::CUDA_ERROR_UNKNOWN,
];

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// What the driver answered last on this thread, in its own number.
pub(super) fn last_code() -> u32 {
    LAST.get()
}

/// Why the driver's library could not be loaded; `None` where it was.
pub(super) fn missing() -> Option<String> {
    library().as_ref().err().cloned()
}

fn library() -> &'static Result<Library, String> {
    static FOUND: OnceLock<Result<Library, String>> = OnceLock::new();
    // SAFETY: loading runs the library's own start-up code. It is the system's driver, which the provider has installed.
    FOUND.get_or_init(|| unsafe { Library::new(LIBRARY) }.map_err(why))
}

/// What the system says of a library that it does not load.
fn why(error: libloading::Error) -> String {
    std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The driver's answer in the words of CUDA 8.
fn known(answer: c_int) -> CUresult {
    let number = u32::try_from(answer).unwrap_or(u32::MAX);
    LAST.set(number);
    KNOWN.iter().copied().find(|code| *code as u32 == number).unwrap_or(Code::CUDA_ERROR_UNKNOWN)
}

fn absent() -> CUresult {
    LAST.set(NO_DEVICE);
    Code::CUDA_ERROR_NO_DEVICE
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $kind:ty),* $(,)?);)+) => {$(
        /// Forwards to the function of the same name.
        ///
        /// # Safety
        /// As the driver's own function.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($arg: $kind),*) -> CUresult {
            // The driver's codes are any number: only `known` makes them an enum.
            type Function = unsafe extern "C" fn($($kind),*) -> c_int;
            let Ok(library) = library() else { return absent() };
            // SAFETY: the type is that of the driver's documentation, which has never changed for a name.
            match unsafe { library.get::<Function>(concat!(stringify!($name), "\0").as_bytes()) } {
                // SAFETY: the caller keeps what the driver's documentation asks for.
                Ok(function) => known(unsafe { function($($arg),*) }),
                Err(_) => absent(),
            }
        }
    )+};
}

forward! {
    cuInit(flags: c_uint);
    cuDriverGetVersion(version: *mut c_int);
    cuDeviceGetCount(count: *mut c_int);
    cuDeviceGet(device: *mut CUdevice, ordinal: c_int);
    cuDeviceGetName(name: *mut c_char, length: c_int, device: CUdevice);
    cuDeviceTotalMem_v2(bytes: *mut usize, device: CUdevice);
    cuDeviceGetAttribute(value: *mut c_int, attribute: CUdevice_attribute, device: CUdevice);
    cuCtxCreate_v2(context: *mut CUcontext, flags: c_uint, device: CUdevice);
    cuCtxDestroy_v2(context: CUcontext);
    cuCtxSynchronize();
    cuCtxSetLimit(limit: CUlimit, value: usize);
    cuModuleLoadDataEx(
        module: *mut CUmodule,
        image: *const c_void,
        count: c_uint,
        options: *mut CUjit_option,
        values: *mut *mut c_void,
    );
    cuModuleGetFunction(function: *mut CUfunction, module: CUmodule, name: *const c_char);
    cuMemAlloc_v2(address: *mut CUdeviceptr, bytes: usize);
    cuMemsetD8_v2(address: CUdeviceptr, value: c_uchar, bytes: usize);
    cuMemcpyHtoD_v2(to: CUdeviceptr, from: *const c_void, bytes: usize);
    cuMemcpyDtoH_v2(to: *mut c_void, from: CUdeviceptr, bytes: usize);
    cuEventCreate(event: *mut CUevent, flags: c_uint);
    cuEventRecord(event: CUevent, stream: CUstream);
    cuEventSynchronize(event: CUevent);
    cuEventElapsedTime(milliseconds: *mut f32, start: CUevent, end: CUevent);
    cuLaunchKernel(
        function: CUfunction,
        grid_x: c_uint,
        grid_y: c_uint,
        grid_z: c_uint,
        block_x: c_uint,
        block_y: c_uint,
        block_z: c_uint,
        shared: c_uint,
        stream: CUstream,
        arguments: *mut *mut c_void,
        extra: *mut *mut c_void,
    );
}

//! The GPU as the worker sees it: a small trait, so that everything around it runs without one.
//!
//! Layout: `real` is CUDA's driver, called through `shim`, which finds the library when it is first needed; `nvrtc` is
//! CUDA's compiler, where there is one; `fake` takes their place in tests.

#[cfg(test)]
pub(super) mod fake;
pub(super) mod nvrtc;
mod real;
mod shim;

pub(super) use real::Real;

use super::wire::{Device, Launch};

/// What a driver refuses, in its own number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: u32,
    pub(super) text: String,
}

pub(super) type Outcome<T> = std::result::Result<T, Refused>;

/// No device: what the driver says where there is none, and what we say where there is no driver.
pub(super) const NO_DEVICE: u32 = 100;

/// A driver.
pub(super) trait Driver {
    /// The devices of this machine.
    fn devices(&mut self) -> Outcome<Vec<Device>>;
    /// A device, with a context of its own.
    fn open(&mut self, ordinal: u32) -> Outcome<Box<dyn Gpu>>;
    /// CUDA C as PTX for a device.
    fn compile(&mut self, source: &[u8], device: &Device) -> Outcome<Vec<u8>>;
}

/// A device with a context. What is allocated ends with it, and is zeroed before.
pub(super) trait Gpu {
    /// Takes a program in PTX.
    fn load(&mut self, program: &[u8]) -> Outcome<()>;
    /// Memory that holds zeros; its address.
    fn allocate(&mut self, bytes: u64) -> Outcome<u64>;
    fn write(&mut self, address: u64, bytes: &[u8]) -> Outcome<()>;
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Outcome<()>;
    /// Finds a kernel of the program, so that a wrong name is known before anything runs.
    fn find(&mut self, kernel: &str) -> Outcome<()>;
    /// Runs a kernel to its end; how many nanoseconds that took on the GPU. Arguments are numbers and addresses, each in
    /// eight bytes.
    fn launch(&mut self, launch: &Launch, args: &[[u8; 8]]) -> Outcome<u64>;
}

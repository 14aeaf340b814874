//! What the shim needs from an engine: the guest's memory, and a way to charge units.

use super::abi::{Errno, Stop};

/// The guest's linear memory. Every place that the guest names is checked.
pub(crate) trait GuestMemory {
    /// `length` bytes at `at`.
    fn bytes(&self, at: u32, length: u32) -> Result<&[u8], Errno>;

    /// The same, to write to.
    fn bytes_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], Errno>;
}

impl dyn GuestMemory + '_ {
    /// Copies `bytes` to `at`.
    pub(super) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        self.bytes_mut(at, length)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Copies `N` bytes from `at`.
    pub(super) fn get<const N: usize>(&self, at: u32) -> Result<[u8; N], Errno> {
        let length = u32::try_from(N).map_err(|_| Errno::Fault)?;
        self.bytes(at, length)?.try_into().map_err(|_| Errno::Fault)
    }

    /// The little-endian number at `at`.
    pub(super) fn get_u32(&self, at: u32) -> Result<u32, Errno> {
        Ok(u32::from_le_bytes(self.get(at)?))
    }
}

/// Linear memory that the engine lends as one slice.
pub(crate) struct Linear<'a>(pub(crate) &'a mut [u8]);

impl GuestMemory for Linear<'_> {
    fn bytes(&self, at: u32, length: u32) -> Result<&[u8], Errno> {
        let range = range(at, length)?;
        self.0.get(range).ok_or(Errno::Fault)
    }

    fn bytes_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], Errno> {
        let range = range(at, length)?;
        self.0.get_mut(range).ok_or(Errno::Fault)
    }
}

fn range(at: u32, length: u32) -> Result<std::ops::Range<usize>, Errno> {
    let start = usize::try_from(at).map_err(|_| Errno::Fault)?;
    let length = usize::try_from(length).map_err(|_| Errno::Fault)?;
    Ok(start..start.checked_add(length).ok_or(Errno::Fault)?)
}

/// Takes units for what the host does.
pub(crate) trait Charge {
    /// Takes `units`, or ends the run where the limit does not allow it or somebody asked to stop.
    fn charge(&mut self, units: u64) -> Result<(), Stop>;
}

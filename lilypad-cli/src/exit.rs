//! How a command ended, as a number that the process ends with.

/// The number that the process ends with; `docs/cli.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExitCode(u8);

impl ExitCode {
    /// All went well.
    pub(crate) const SUCCESS: Self = Self(0);
    /// It did not.
    pub(crate) const FAILURE: Self = Self(1);

    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

impl From<u8> for ExitCode {
    fn from(number: u8) -> Self {
        Self(number)
    }
}

//! Whose fault a failure is.

use std::fmt;

/// Whose fault a failure is: who has to change something before it can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller: the input, the key, the account or the machine of the person who asked.
    User,
    /// The machine that ran the job.
    Provider,
    /// What lies between: nobody to reach, nobody who fits.
    Network,
    /// The matching service.
    Solver,
    /// The module: its template, its program, its limits.
    Module,
    /// Not known.
    Unknown,
}

impl Fault {
    /// Every fault, in the order in which they are documented.
    pub const ALL: [Self; 6] =
        [Self::User, Self::Provider, Self::Network, Self::Solver, Self::Module, Self::Unknown];

    /// The name, the same in every language (`User`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Provider => "Provider",
            Self::Network => "Network",
            Self::Solver => "Solver",
            Self::Module => "Module",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

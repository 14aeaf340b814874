//! The books of one run: how many units the guest was given, how many it still has, and when it must stop.

/// How many units the guest gets at a time; between two slices the host looks at its cancel token.
pub const SLICE: u64 = 1 << 22;

/// The limit on instructions does not allow the next charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

/// The books of one run.
///
/// The guest counts down a number of units that it was given; the account remembers how many it gave. What was used
/// is the difference, so it does not depend on the size of the slices.
///
/// ```
/// use lilypad_core::executor::wasm::meter::Account;
/// let mut account = Account::new(100, 10);
/// let left = account.cover(-7).unwrap();
/// assert_eq!(account.used(left), 7);
/// assert!(account.cover(left - 94).is_err());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Account {
    limit: u64,
    slice: u64,
    granted: u64,
}

impl Account {
    /// An account that allows `limit` units and gives them out `slice` at a time.
    #[must_use]
    pub fn new(limit: u64, slice: u64) -> Self {
        Self { limit, slice: slice.clamp(1, 1 << 32), granted: 0 }
    }

    /// Gives the guest enough for the charge that made `left` negative, and the next slice.
    ///
    /// Returns what the guest has left from now on, never negative.
    ///
    /// # Errors
    /// [`Exhausted`] where the limit does not cover the charge; the caller takes the refused charge back.
    pub fn cover(&mut self, left: i64) -> Result<i64, Exhausted> {
        let used = self.used(left);
        if used > self.limit {
            return Err(Exhausted);
        }
        let granted = used.saturating_add(self.slice).min(self.limit);
        if granted > self.granted {
            self.granted = granted;
        }
        i64::try_from(self.granted - used).map_err(|_| Exhausted)
    }

    /// Units used, where the guest has `left` of those that it was given.
    #[must_use]
    pub fn used(&self, left: i64) -> u64 {
        self.granted.saturating_sub_signed(left)
    }

    /// The most that the run may use.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

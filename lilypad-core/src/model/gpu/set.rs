//! A set of GPUs of one machine, by position.

use std::fmt;

/// A set of GPUs of one machine, by their position in its list: 0 to 127.
///
/// ```
/// use lilypad_core::model::GpuSet;
/// let mut free = GpuSet::full(4);
/// free.remove(2);
/// let taken: GpuSet = [0, 1].into_iter().collect();
/// assert_eq!(free.minus(taken).iter().collect::<Vec<_>>(), [3]);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct GpuSet(u128);

impl GpuSet {
    /// Most GPUs of one machine.
    pub const MAX: usize = 128;
    /// No GPU.
    pub const EMPTY: Self = Self(0);

    /// The first `count` positions; all 128 where `count` is higher.
    #[must_use]
    pub fn full(count: usize) -> Self {
        let above = u32::try_from(count).ok().and_then(|count| u128::MAX.checked_shl(count)).unwrap_or(0);
        Self(!above)
    }

    /// The set with one position; empty from 128.
    fn only(position: usize) -> Self {
        Self(u32::try_from(position).ok().and_then(|position| 1_u128.checked_shl(position)).unwrap_or(0))
    }

    /// True where `position` is in the set.
    #[must_use]
    pub fn contains(self, position: usize) -> bool {
        !self.intersection(Self::only(position)).is_empty()
    }

    /// Adds a position; false where it was there already or is above 127.
    pub fn insert(&mut self, position: usize) -> bool {
        let before = *self;
        *self = self.union(Self::only(position));
        *self != before
    }

    /// Takes a position out; false where it was not there.
    pub fn remove(&mut self, position: usize) -> bool {
        let before = *self;
        *self = self.minus(Self::only(position));
        *self != before
    }

    /// What is in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many positions are in the set.
    #[must_use]
    pub fn len(self) -> usize {
        usize::try_from(self.0.count_ones()).unwrap_or(Self::MAX)
    }

    /// True where no position is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The positions, lowest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::MAX).filter(move |position| self.contains(*position))
    }
}

impl FromIterator<usize> for GpuSet {
    /// The set of these positions; those above 127 are left out.
    fn from_iter<I: IntoIterator<Item = usize>>(positions: I) -> Self {
        positions.into_iter().fold(Self::EMPTY, |set, position| set.union(Self::only(position)))
    }
}

impl fmt::Debug for GpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

//! Counts by hand.

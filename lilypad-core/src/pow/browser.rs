//! The one thread of a page.

/// Most threads of a search.
pub(super) const MOST: usize = 1;

pub(super) fn cores() -> usize {
    1
}

pub(super) fn run(_threads: usize, work: impl Fn() + Sync) {
    work();
}

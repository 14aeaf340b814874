//! All cores.

/// Most threads of a search.
pub(super) const MOST: usize = 1_024;

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// Does the same work on so many threads, one of them the caller's, and waits for all.
pub(super) fn run(threads: usize, work: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where the system gives no more threads, those that are there do the work.
            if std::thread::Builder::new().name("lilypad-pow".into()).spawn_scoped(scope, &work).is_err() {
                break;
            }
        }
        work();
    });
}

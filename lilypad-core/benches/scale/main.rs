//! The market's index on large books: how long a match takes and how that grows, beside the protocol's own loop.
//!
//! Prints figures and asserts none. What it prints, and the commands, are in `benches/README.md`.

mod book;
mod crowd;
mod dice;
mod hard;
mod market;
mod scan;
mod times;

/// The sizes of a usual run.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

fn main() {
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let sizes: Vec<usize> =
        given("LILYPAD_SCALE").split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    // `cargo bench --bench scale -- hard` runs one part.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let runs = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    if runs("batch") {
        book::batch(&sizes);
    }
    if runs("steady") {
        book::steady(&sizes);
    }
    if runs("why") {
        book::why(10_000.min(sizes.iter().copied().max().unwrap_or(0)));
    }
    if runs("crowd") {
        crowd::all();
    }
    if runs("hard") {
        hard::all();
    }
}

//! Tests that cannot run here say so by name.

/// Prints `SKIP <test>: <reason>`; `tests/run` gathers these lines. See [`skip!`](crate::skip).
pub fn skipped(test: &str, reason: &str) {
    eprintln!("SKIP {test}: {reason}");
}

/// Ends a test that cannot run here, by name: `skip!("mandelbrot_repeats", "wasm32-wasip1 is not installed")`.
#[macro_export]
macro_rules! skip {
    ($test:expr, $($reason:tt)+) => {{
        $crate::skipped($test, &format!($($reason)+));
        return;
    }};
}

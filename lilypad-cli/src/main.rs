//! The `lilypad` command: argument parsing and printing, nothing else.

fn main() {
    println!("lilypad {}", env!("CARGO_PKG_VERSION"));
}

//! Fails on purpose, so that it can be seen what a failure looks like.
//!
//! Usage: `fail HOW CODE`. HOW is `exit` (ends with CODE), `trap` (does what WebAssembly forbids) or `memory` (asks
//! for memory until it gets no more, then ends with CODE).

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let how = args.next().unwrap_or_else(|| "exit".to_owned());
    let code = args.next().and_then(|code| code.parse().ok()).unwrap_or(3);
    println!("so far so good");
    eprintln!("this module fails on purpose ({how})");
    match how.as_str() {
        "trap" => std::process::abort(),
        "memory" => eat(),
        _ => {}
    }
    ExitCode::from(code)
}

/// Takes memory a mebibyte at a time until there is none.
fn eat() {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut piece: Vec<u8> = Vec::new();
        if piece.try_reserve_exact(1 << 20).is_err() || eaten.try_reserve(1).is_err() {
            break;
        }
        piece.push(1);
        eaten.push(std::hint::black_box(piece));
    }
    eprintln!("no more memory after {} MiB", eaten.len());
}

//! The program `lilypad`: what the library does with the arguments of the process.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lilypad_cli::main(std::env::args_os()))
}

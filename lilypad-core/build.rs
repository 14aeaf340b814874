//! Lets programs with GPU kernels link on machines without CUDA: what cuda-sys asks the linker for are empty archives.
//!
//! The functions that are called are defined in `executor/cuda/driver/shim.rs`, which forwards them to the driver at run time.

use std::path::PathBuf;
use std::{env, fs, io};

/// What cuda-sys links.
const LIBRARIES: [&str; 3] = ["cuda", "cudart", "cublas"];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let on_linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if env::var_os("CARGO_FEATURE_EXECUTOR_CUDA").is_none() || !on_linux {
        return Ok(());
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for library in LIBRARIES {
        fs::write(folder.join(format!("lib{library}.a")), "!<arch>\n")?;
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
    Ok(())
}

//! CUDA's compiler, `libnvrtc`, where the machine has it: CUDA C to PTX.
#![allow(unsafe_code, reason = "the compiler is a C library; what each call needs is said beside it")]

use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use libloading::Library;

use super::{Outcome, Refused};

/// Its names, the newest first: CUDA 11.3 and later are all called 11.2.
const NAMES: [&str; 4] = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"];
/// Stands for a compiler that is not there, among codes of the driver.
pub(in super::super) const NO_COMPILER: u32 = 10_001;
/// Stands for a program that the compiler refuses.
pub(in super::super) const NOT_COMPILED: u32 = 10_002;
/// Largest PTX that is taken.
const LARGEST: usize = 64 << 20;

type Program = *mut c_void;
type Create = unsafe extern "C" fn(
    *mut Program,
    *const c_char,
    *const c_char,
    c_int,
    *const *const c_char,
    *const *const c_char,
) -> c_int;
type Compile = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int;
type SizeOf = unsafe extern "C" fn(Program, *mut usize) -> c_int;
type Get = unsafe extern "C" fn(Program, *mut c_char) -> c_int;
type Version = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;

fn refused(code: u32, text: impl Into<String>) -> Refused {
    Refused { code, text: text.into() }
}

fn load() -> Outcome<Library> {
    // SAFETY: loading runs the library's own start-up code; it is the compiler that the provider has installed.
    let mut found = NAMES.iter().map(|name| unsafe { Library::new(*name) });
    found.find_map(Result::ok).ok_or_else(|| refused(NO_COMPILER, "libnvrtc is not installed"))
}

/// The newest capability that a compiler of this version makes code for: newer cards run that, too.
fn newest(major: c_int) -> [u32; 2] {
    match major {
        ..=11 => [8, 0],
        12 => [9, 0],
        _ => [10, 0],
    }
}

/// The program's PTX, for cards of this capability.
pub(in super::super) fn compile(source: &[u8], capability: [u32; 2]) -> Outcome<Vec<u8>> {
    let source = CString::new(source).map_err(|_| refused(NOT_COMPILED, "a program with a NUL byte"))?;
    let library = load()?;
    let absent = |error: libloading::Error| refused(NO_COMPILER, error.to_string());
    // SAFETY: the types are those of the compiler's documentation; every pointer is to memory that outlives the call, and every
    // text ends in a NUL.
    unsafe {
        let create = library.get::<Create>(b"nvrtcCreateProgram\0").map_err(absent)?;
        let compile = library.get::<Compile>(b"nvrtcCompileProgram\0").map_err(absent)?;
        let version = library.get::<Version>(b"nvrtcVersion\0").map_err(absent)?;
        let ptx_size = library.get::<SizeOf>(b"nvrtcGetPTXSize\0").map_err(absent)?;
        let ptx = library.get::<Get>(b"nvrtcGetPTX\0").map_err(absent)?;
        let log_size = library.get::<SizeOf>(b"nvrtcGetProgramLogSize\0").map_err(absent)?;
        let log = library.get::<Get>(b"nvrtcGetProgramLog\0").map_err(absent)?;
        let (mut major, mut minor) = (0, 0);
        version(&mut major, &mut minor);
        let [one, two] = capability.min(newest(major));
        let target = CString::new(format!("--gpu-architecture=compute_{one}{two}"))
            .map_err(|_| refused(NOT_COMPILED, "no such card"))?;
        let mut program = null_mut();
        if create(&mut program, source.as_ptr(), c"module.cu".as_ptr(), 0, null(), null()) != 0 {
            return Err(refused(NO_COMPILER, "the compiler does not start"));
        }
        if compile(program, 1, &target.as_ptr()) != 0 {
            let said = text(program, &log_size, &log).unwrap_or_default();
            return Err(refused(NOT_COMPILED, String::from_utf8_lossy(&said)));
        }
        text(program, &ptx_size, &ptx).ok_or_else(|| refused(NOT_COMPILED, "the program's PTX is too large"))
    }
}

/// # Safety
/// `program` must be one of the library that the functions belong to.
unsafe fn text(program: Program, size: &SizeOf, get: &Get) -> Option<Vec<u8>> {
    let mut length = 0;
    // SAFETY: the caller's.
    if unsafe { size(program, &mut length) } != 0 || length > LARGEST {
        return None;
    }
    let mut bytes = vec![0_u8; length];
    // SAFETY: as many bytes are there as the library said that it writes.
    if unsafe { get(program, bytes.as_mut_ptr().cast()) } != 0 {
        return None;
    }
    // It ends in a NUL.
    bytes.pop();
    Some(bytes)
}

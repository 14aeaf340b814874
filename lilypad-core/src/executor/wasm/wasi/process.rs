//! Arguments, environment, random bytes, and the end of the process.

use super::abi::{Errno, Stop};
use super::{Answer, Call};

pub(super) fn args_sizes_get(call: &mut Call<'_>) -> Answer {
    let sizes = sizes(&call.wasi.args);
    put_sizes(call, sizes)
}

pub(super) fn args_get(call: &mut Call<'_>) -> Answer {
    let strings = call.wasi.args.clone();
    put_strings(call, &strings)
}

pub(super) fn environ_sizes_get(call: &mut Call<'_>) -> Answer {
    let sizes = sizes(&call.wasi.env);
    put_sizes(call, sizes)
}

pub(super) fn environ_get(call: &mut Call<'_>) -> Answer {
    let strings = call.wasi.env.clone();
    put_strings(call, &strings)
}

fn sizes(strings: &[String]) -> (usize, usize) {
    (strings.len(), strings.iter().map(|text| text.len() + 1).sum())
}

fn put_sizes(call: &mut Call<'_>, (count, bytes): (usize, usize)) -> Answer {
    let count = u32::try_from(count).map_err(|_| Errno::TooBig)?;
    let bytes = u32::try_from(bytes).map_err(|_| Errno::TooBig)?;
    call.put_u32(call.u32(0), count)?;
    call.put_u32(call.u32(1), bytes)
}

fn put_strings(call: &mut Call<'_>, strings: &[String]) -> Answer {
    let (mut pointers, mut text) = (call.u32(0), call.u32(1));
    for string in strings {
        call.put_u32(pointers, text)?;
        let mut bytes = string.clone().into_bytes();
        bytes.push(0);
        call.put(text, &bytes)?;
        pointers = pointers.checked_add(4).ok_or(Errno::Fault)?;
        let length = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        text = text.checked_add(length).ok_or(Errno::Fault)?;
    }
    Ok(())
}

pub(super) fn random_get(call: &mut Call<'_>) -> Answer {
    let (at, length) = (call.u32(0), call.u32(1));
    call.meter.charge(u64::from(length))?;
    let target = call.memory.bytes_mut(at, length)?;
    if (call.wasi.random)(target) { Ok(()) } else { Err(Errno::Io.into()) }
}

pub(super) fn proc_exit(call: &mut Call<'_>) -> Answer {
    Err(Stop::Exit(call.u32(0).cast_signed()).into())
}

pub(super) fn proc_raise(call: &mut Call<'_>) -> Answer {
    let signal = u8::try_from(call.u32(0)).map_err(|_| Errno::Invalid)?;
    Err(Stop::Raised(signal).into())
}

pub(super) fn sched_yield(_call: &mut Call<'_>) -> Answer {
    Ok(())
}

/// Sockets: there is no network.
pub(super) fn no_sockets(call: &mut Call<'_>) -> Answer {
    call.wasi.fds.get(call.u32(0))?;
    Err(Errno::NotSupported.into())
}

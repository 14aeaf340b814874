//! Clock readings and waiting.

use super::abi::{Errno, Stop};
use super::{Answer, Call};

const CLOCKS: u32 = 4;
const MAX_SUBSCRIPTIONS: u32 = 1_024;
const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;
const ABSOLUTE: u16 = 1;

pub(super) fn clock_res_get(call: &mut Call<'_>) -> Answer {
    check_clock(call.u32(0))?;
    let resolution = call.wasi.clocks.resolution();
    call.put_u64(call.u32(1), resolution)
}

pub(super) fn clock_time_get(call: &mut Call<'_>) -> Answer {
    check_clock(call.u32(0))?;
    let now = call.wasi.clocks.read(call.u32(0));
    call.put_u64(call.u32(2), now)
}

fn check_clock(id: u32) -> Result<(), Errno> {
    if id < CLOCKS { Ok(()) } else { Err(Errno::Invalid) }
}

/// Something to wait for.
struct Subscription {
    userdata: [u8; 8],
    tag: u8,
    outcome: Outcome,
}

enum Outcome {
    /// Nanoseconds from now until it is due.
    In(u64),
    /// Ready at once: bytes that can be read, and the error if it cannot.
    Ready { bytes: u64, errno: u16 },
}

pub(super) fn poll_oneoff(call: &mut Call<'_>) -> Answer {
    let (input, output, count, answer) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Err(Errno::Invalid.into());
    }
    call.pay_bytes(u64::from(count) * u64::from(SUBSCRIPTION + EVENT))?;
    let mut waiting = Vec::new();
    for index in 0..count {
        let at = input.checked_add(index * SUBSCRIPTION).ok_or(Errno::Fault)?;
        waiting.push(read_subscription(call, at)?);
    }
    let passed = wait(call, &waiting)?;
    let mut ready = 0_u32;
    for subscription in &waiting {
        let (bytes, errno) = match subscription.outcome {
            Outcome::In(nanos) if nanos <= passed => (0, 0),
            Outcome::In(_) => continue,
            Outcome::Ready { bytes, errno } => (bytes, errno),
        };
        let at = output.checked_add(ready * EVENT).ok_or(Errno::Fault)?;
        write_event(call, at, subscription, bytes, errno)?;
        ready += 1;
    }
    call.put_u32(answer, ready)
}

/// Lets time pass until the first subscription is due; answers how much.
fn wait(call: &mut Call<'_>, waiting: &[Subscription]) -> Result<u64, Stop> {
    let delays = waiting.iter().map(|subscription| match subscription.outcome {
        Outcome::In(nanos) => nanos,
        Outcome::Ready { .. } => 0,
    });
    let delay = delays.min().unwrap_or(0);
    if delay > 0 {
        call.wasi.clocks.wait(delay)?;
    }
    Ok(delay)
}

fn read_subscription(call: &Call<'_>, at: u32) -> Result<Subscription, Errno> {
    let raw: [u8; 48] = call.memory.get(at)?;
    let [u0, u1, u2, u3, u4, u5, u6, u7, tag, ..] = raw;
    let word = |from: usize| {
        let bytes = raw.get(from..from + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    };
    let half = |from: usize| (word(from) & 0xffff_ffff) as u32;
    let outcome = match tag {
        0 => clock(call, half(16), word(24), (word(40) & 0xffff) as u16),
        1 | 2 => descriptor(call, half(16), tag == 1),
        _ => return Err(Errno::Invalid),
    };
    Ok(Subscription { userdata: [u0, u1, u2, u3, u4, u5, u6, u7], tag, outcome })
}

fn clock(call: &Call<'_>, id: u32, timeout: u64, flags: u16) -> Outcome {
    if check_clock(id).is_err() {
        return Outcome::Ready { bytes: 0, errno: Errno::Invalid as u16 };
    }
    let absolute = flags & ABSOLUTE != 0;
    Outcome::In(if absolute { timeout.saturating_sub(call.wasi.clocks.peek(id)) } else { timeout })
}

fn descriptor(call: &Call<'_>, fd: u32, read: bool) -> Outcome {
    let Ok(descriptor) = call.wasi.fds.get(fd) else {
        return Outcome::Ready { bytes: 0, errno: Errno::BadFd as u16 };
    };
    let bytes = match descriptor.target {
        super::fds::Target::Node(inode) if read => {
            call.wasi.vfs.size(inode).unwrap_or(0).saturating_sub(descriptor.offset)
        }
        _ => 0,
    };
    Outcome::Ready { bytes, errno: 0 }
}

fn write_event(call: &mut Call<'_>, at: u32, subscription: &Subscription, bytes: u64, errno: u16) -> Answer {
    let target = call.memory.bytes_mut(at, EVENT)?;
    target.fill(0);
    let mut event = subscription.userdata.to_vec();
    event.extend_from_slice(&errno.to_le_bytes());
    event.push(subscription.tag);
    event.extend_from_slice(&[0; 5]);
    event.extend_from_slice(&bytes.to_le_bytes());
    Ok(call.memory.put(at, &event)?)
}

//! The platform seam: spawn, blocking work, clocks, cancel tokens, random bytes. Nothing else mentions the target.
//!
//! Layout: [`clock`](Clock) is time that tests can hold still, [`chronometer`](Chronometer) how much of it has passed; [`cancel`](CancelToken) stops work and says why;
//! `crash` names moments at which tests let the process die; `limit` waits for the network; `waiter` waits for async work on a plain thread, `own` on a thread that has a runtime to itself; `native` and `browser` are twins with the same functions on tokio
//! and on the page's event loop.

mod cancel;
mod chronometer;
mod clock;
#[cfg(feature = "crash-points")]
#[cfg_attr(
    not(all(feature = "provider", feature = "solver")),
    allow(dead_code, reason = "only roles have such moments")
)]
mod crash;
#[cfg(not(feature = "crash-points"))]
#[path = "crash_never.rs"]
#[cfg_attr(
    not(all(feature = "provider", feature = "solver")),
    allow(dead_code, reason = "only roles have such moments")
)]
mod crash;
#[cfg(all(
    any(feature = "executor-docker", feature = "http", feature = "server", feature = "store-postgres"),
    not(target_family = "wasm")
))]
mod limit;
#[cfg(all(feature = "store-postgres", not(target_family = "wasm")))]
mod own;
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a network uses all of it"))]
mod random;
mod stopwatch;
#[cfg(all(feature = "executor-wasm", not(target_family = "wasm")))]
mod waiter;

#[cfg(target_family = "wasm")]
#[path = "browser.rs"]
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a network uses all of it"))]
mod platform;
#[cfg(not(target_family = "wasm"))]
#[path = "native.rs"]
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a network uses all of it"))]
mod platform;

pub use cancel::{CancelReason, CancelToken};
pub use chronometer::Chronometer;
pub use clock::{Clock, ManualClock, Timestamp};
pub(crate) use crash::crash_point;
#[cfg(all(
    any(feature = "executor-docker", feature = "http", feature = "server", feature = "store-postgres"),
    not(target_family = "wasm")
))]
pub(crate) use limit::within;
#[cfg(all(feature = "store-postgres", not(target_family = "wasm")))]
pub(crate) use own::OwnRuntime;
pub use platform::BoxFuture;
#[cfg(feature = "network")]
pub(crate) use platform::TaskGroup;
#[cfg(all(
    any(
        feature = "executor-docker",
        all(feature = "executor-cuda", target_os = "linux"),
        all(feature = "http", feature = "provider"),
        feature = "solver"
    ),
    not(target_family = "wasm")
))]
pub(crate) use platform::blocking;
pub(crate) use platform::spawn;
pub(crate) use random::Random;
pub(crate) use stopwatch::Stopwatch;
#[cfg(all(feature = "executor-wasm", not(target_family = "wasm")))]
pub(crate) use waiter::Waiter;

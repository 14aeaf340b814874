//! Names are looked up within a time of their own: who tells where a name leads may be silent, and the solver is not to blame.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::rt::within;

/// Looks names up as the system does, for at most so long.
struct Names(Duration);

/// Looks names up in half the time that a connection may take.
pub(super) fn within_half(connect: Duration) -> Arc<impl Resolve> {
    Arc::new(Names(connect / 2))
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let time = self.0;
        Box::pin(async move {
            let looked_up = within(time, tokio::net::lookup_host((name.as_str(), 0))).await;
            let Some(looked_up) = looked_up else {
                return Err(format!("dns: nobody answered within {} s", time.as_secs_f64()).into());
            };
            let found: Vec<SocketAddr> = looked_up?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

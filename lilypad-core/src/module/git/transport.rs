//! TCP for the HTTP client: connects only to checked addresses, and every wait counts against the budget.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

use super::budget::{Budget, Stop};

/// Gives the addresses that were checked, whatever is asked.
#[derive(Debug)]
pub(super) struct Checked(pub(super) Vec<SocketAddr>);

impl Resolver for Checked {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        for address in self.0.iter().take(16) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}

/// Opens connections within a budget.
#[derive(Debug)]
pub(super) struct Dial(pub(super) Arc<Budget>);

impl Connector for Dial {
    type Out = Metered;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Metered>, Error> {
        let mut last = Error::HostNotFound;
        for address in &details.addrs {
            let (address, left) = (*address, self.0.left() / 2);
            let dialled =
                self.0.wait_for(move || TcpStream::connect_timeout(&address, left)).map_err(ended)?;
            match dialled {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    let config = details.config;
                    let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
                    return Ok(Some(Metered { stream, buffers, budget: Arc::clone(&self.0) }));
                }
                Err(error) => last = Error::Io(error),
            }
        }
        Err(last)
    }
}

/// A connection whose reads and writes count.
#[derive(Debug)]
pub(super) struct Metered {
    stream: TcpStream,
    buffers: LazyBuffers,
    budget: Arc<Budget>,
}

impl Transport for Metered {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        let mut left = self.buffers.output().get(..amount).unwrap_or_default();
        while !left.is_empty() {
            self.budget.check().map_err(ended)?;
            self.stream.set_write_timeout(Some(self.budget.tick()))?;
            let start = Instant::now();
            match self.stream.write(left) {
                Ok(0) => return Err(Error::Io(ErrorKind::WriteZero.into())),
                Ok(written) => left = left.get(written..).unwrap_or_default(),
                Err(error) if is_wait(&error) => self.budget.progress(0, start.elapsed()).map_err(ended)?,
                Err(error) => return Err(Error::Io(error)),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        loop {
            self.budget.check().map_err(ended)?;
            self.stream.set_read_timeout(Some(self.budget.tick()))?;
            let start = Instant::now();
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    self.budget.progress(amount, start.elapsed()).map_err(ended)?;
                    return Ok(amount > 0);
                }
                Err(error) if is_wait(&error) => self.budget.progress(0, start.elapsed()).map_err(ended)?,
                Err(error) => return Err(Error::Io(error)),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        // Readable before anything was asked means closed, or garbage.
        let readable = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        let quiet = readable.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.stream.set_nonblocking(false).is_ok() && quiet
    }
}

fn is_wait(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// The budget remembers why; the HTTP client only has to stop.
fn ended(_: Stop) -> Error {
    Error::Io(ErrorKind::TimedOut.into())
}

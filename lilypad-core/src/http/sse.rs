//! Server-sent events, taken apart as they come.

use crate::error::{Error, ErrorKind, Fault, Result};

/// Most bytes of one event.
const MOST: usize = 2 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) data: String,
}

/// Collects pieces of a stream and gives events.
#[derive(Debug, Default)]
pub(super) struct Parser {
    rest: Vec<u8>,
}

impl Parser {
    /// Takes the next piece of the stream; gives the events that are now complete. Comments are left out.
    ///
    /// # Errors
    /// `Protocol` (`E_EVENT_STREAM`) for an event that is too large or no text.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<Vec<Event>> {
        self.rest.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.rest.drain(..end.saturating_add(2)).collect();
            let text = std::str::from_utf8(&event).map_err(|_| broken("an event is not UTF-8"))?;
            events.extend(Some(parse(text)).filter(|event| !event.data.is_empty()));
        }
        if self.rest.len() > MOST {
            return Err(broken("an event is larger than 2 MiB"));
        }
        Ok(events)
    }
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => event.id = Some(value.to_owned()),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => {
                event.data.push('\n');
                event.data.push_str(value);
            }
            _ => {}
        }
    }
    event
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Protocol, "E_EVENT_STREAM", why).with_fault(Fault::Solver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_wherever_the_stream_is_cut() {
        let stream = b":\n\nid: 7\ndata: {\"a\":1}\n\n: alive\n\ndata: two\ndata: lines\n\ndata:x\n\n";
        let expected = [(Some("7"), "{\"a\":1}"), (None, "two\nlines"), (None, "x")];
        for cut in 0..stream.len() {
            let mut parser = Parser::default();
            let mut events = parser.feed(&stream[..cut]).unwrap();
            events.extend(parser.feed(&stream[cut..]).unwrap());
            let got: Vec<_> = events.iter().map(|event| (event.id.as_deref(), event.data.as_str())).collect();
            assert_eq!(got, expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_event_is_given_up() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; 1 << 20];
        assert!(parser.feed(&piece).is_ok() && parser.feed(&piece).is_ok());
        assert_eq!(parser.feed(b"x").unwrap_err().code(), "E_EVENT_STREAM");
        assert_eq!(Parser::default().feed(b"data: \xff\n\n").unwrap_err().code(), "E_EVENT_STREAM");
    }
}

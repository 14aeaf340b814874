//! A captured output stream, and its lines as events.

use crate::executor::{EventSink, ExecutorEvent};

/// A longer line is cut into pieces of this many bytes.
const PIECE: usize = 8 << 10;

/// So many lines are sent as events; the rest is in the results only, and costs nobody anything while the job runs.
const LINES: usize = 10_000;

/// What the guest wrote to `stdout` or `stderr`.
pub(crate) struct Log {
    bytes: Vec<u8>,
    limit: u64,
    /// Where the line that was not sent yet starts.
    sent: usize,
    lines: usize,
    events: EventSink,
    wrap: fn(String) -> ExecutorEvent,
}

impl Log {
    pub(crate) fn new(limit: u64, events: EventSink, wrap: fn(String) -> ExecutorEvent) -> Self {
        Self { bytes: Vec::new(), limit, sent: 0, lines: 0, events, wrap }
    }

    /// Keeps `data` and sends the lines that are whole now; false where it does not all fit.
    pub(crate) fn write(&mut self, data: &[u8]) -> bool {
        let room = self.limit.saturating_sub(self.bytes.len() as u64);
        let taken = data.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        let searched = self.bytes.len();
        self.bytes.extend_from_slice(data.get(..taken).unwrap_or_default());
        self.send(searched);
        taken == data.len()
    }

    /// Sends the last line, where it has no end.
    pub(crate) fn finish(&mut self) {
        let rest = self.bytes.get(self.sent..).unwrap_or_default();
        if !rest.is_empty() && self.lines < LINES {
            self.events.send((self.wrap)(String::from_utf8_lossy(rest).into_owned()));
            self.sent = self.bytes.len();
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Sends lines and pieces of long lines; there is no line end before `searched`.
    fn send(&mut self, mut searched: usize) {
        while self.lines < LINES {
            let limit = self.sent.saturating_add(PIECE);
            let from = searched.max(self.sent);
            let fresh = self.bytes.get(from..self.bytes.len().min(limit + 1)).unwrap_or_default();
            let line_end = fresh.iter().position(|byte| *byte == b'\n').map(|at| from + at);
            let (end, next) = match line_end {
                Some(end) => (end, end + 1),
                _ if self.bytes.len() > limit => {
                    let cut = self.cut(limit);
                    (cut, cut)
                }
                _ => return,
            };
            let line = self.bytes.get(self.sent..end).unwrap_or_default();
            self.events.send((self.wrap)(String::from_utf8_lossy(line).into_owned()));
            self.lines += 1;
            self.sent = next;
            searched = next;
        }
    }

    /// The last place up to `limit` that is not inside a character.
    fn cut(&self, limit: usize) -> usize {
        let inside = |at: usize| self.bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
        (limit.saturating_sub(3)..=limit).rev().find(|at| !inside(*at)).unwrap_or(limit)
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Log({} bytes)", self.bytes.len())
    }
}

//! A collector of OpenTelemetry, as small as it can be: OTLP over HTTP with protobuf, in memory.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// How long spans may take to come: they are sent within a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A span that came, and the service that sent it.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) service: String,
    pub(super) span: Span,
    pub(super) attributes: BTreeMap<String, String>,
}

/// What came so far.
#[derive(Default)]
struct Taken {
    spans: Vec<Came>,
    /// Everything that came, byte for byte.
    bytes: Vec<u8>,
    requests: usize,
}

/// A collector that listens on this machine. Clones share it.
#[derive(Clone)]
pub(super) struct Collector {
    pub(super) url: String,
    taken: Arc<(Mutex<Taken>, Condvar)>,
}

impl Collector {
    /// One that answers, or one that takes requests and never answers.
    pub(super) fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { url, taken: Arc::default() };
        let own = collector.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(connection.unwrap(), answers));
            }
        });
        collector
    }

    fn serve(&self, connection: TcpStream, answers: bool) {
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        while let Some(body) = body(&mut reader) {
            let (taken, changed) = &*self.taken;
            let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
            let mut taken = taken.lock().unwrap();
            taken.spans.extend(request.resource_spans.into_iter().flat_map(|of| {
                let resource = attributes(&of.resource.unwrap().attributes);
                let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.map(move |span| Came {
                    service: resource["service.name"].clone(),
                    attributes: attributes(&span.attributes),
                    span,
                })
            }));
            taken.bytes.extend(body);
            taken.requests += 1;
            changed.notify_all();
            drop(taken);
            if answers {
                let answer =
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                (&connection).write_all(answer).unwrap();
            }
        }
    }

    /// Waits until the spans that came are enough.
    pub(super) fn wait(&self, enough: impl Fn(&[Came]) -> bool) -> Vec<Came> {
        let (taken, changed) = &*self.taken;
        let taken = taken.lock().unwrap();
        let waited = changed.wait_timeout_while(taken, PATIENCE, |taken| !enough(&taken.spans));
        let (taken, waited) = waited.unwrap();
        let names = || taken.spans.iter().map(|came| &came.span.name).collect::<Vec<_>>();
        assert!(!waited.timed_out(), "only these spans came: {:?}", names());
        taken.spans.clone()
    }

    /// True where this was in anything that came.
    pub(super) fn saw(&self, text: &str) -> bool {
        self.taken.0.lock().unwrap().bytes.windows(text.len()).any(|part| part == text.as_bytes())
    }

    pub(super) fn requests(&self) -> usize {
        self.taken.0.lock().unwrap().requests
    }
}

/// The body of the next request; `None` at the end of the connection.
fn body(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut length, mut first) = (0, String::new());
    for line in reader.lines_of_head() {
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-type") => {
                assert_eq!(value.trim(), "application/x-protobuf");
            }
            _ if first.is_empty() => first = line,
            _ => {}
        }
    }
    if first.is_empty() {
        return None;
    }
    assert_eq!(first, "POST /v1/traces HTTP/1.1");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some(body)
}

trait Head {
    fn lines_of_head(&mut self) -> Vec<String>;
}

impl<R: BufRead> Head for R {
    /// The lines of a head without the empty one; none at the end.
    fn lines_of_head(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.read_line(&mut line).unwrap_or(0) == 0 || line.trim_end().is_empty() {
                return lines;
            }
            lines.push(line.trim_end().to_owned());
        }
    }
}

fn attributes(of: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |of: &KeyValue| match of.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::BoolValue(is) => Some(is.to_string()),
        other => panic!("{other:?}"),
    };
    of.iter().map(|of| (of.key.clone(), text(of).unwrap())).collect()
}

//! Events as they come, over connections that may break.

use std::time::Duration;

use reqwest::{Method, Response};
use tokio::sync::mpsc;

use super::HttpSolver;
use super::failure::unanswered;
use super::request::{all, refused, retry_after};
use super::retry::again;
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::http::sse::{Event, Parser};
use crate::model::JobId;
use crate::rt::{spawn, within};
use crate::wire::{Body, Done, EventStream, JobEvent, ProviderEvent, ProviderInbox, ProviderMessage, routes};

/// Most events that wait for their reader.
const WAITING: usize = 256;
/// A connection on which nothing came for so long is dead: something comes every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// How often a provider says that it hears its messages.
const HEARD: Duration = Duration::from_secs(30);
/// The pauses before a broken stream is opened again: each twice as long as the one before, up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// An open stream.
struct Stream {
    response: Response,
    parser: Parser,
    ready: std::collections::VecDeque<Event>,
}

impl Stream {
    async fn open(solver: &HttpSolver, path: &str, last: Option<u64>) -> Result<Self> {
        let inner = &solver.0;
        let response = again(&inner.options, || async {
            let request = solver.signed(&Method::GET, path, b"").await?;
            let request = match last {
                Some(last) => request.header("last-event-id", last.to_string()),
                None => request,
            };
            let sent = within(inner.options.request_timeout, request.send()).await;
            let response = sent.ok_or_else(broken)?.map_err(|error| unanswered(&inner.base, error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let pause = retry_after(&response);
            let bytes = all(&inner.base, response, 1 << 20).await?;
            Err(refused(&inner.base, status, &bytes, pause))
        });
        Ok(Self {
            response: response.await?,
            parser: Parser::default(),
            ready: std::collections::VecDeque::new(),
        })
    }

    /// The next event; an error where the stream broke or ended.
    async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            match within(SILENCE, self.response.chunk()).await {
                Some(Ok(Some(piece))) => self.ready.extend(self.parser.feed(&piece)?),
                _ => return Err(broken()),
            }
        }
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Unavailable, "E_STREAM_BROKEN", "the stream of events broke off")
}

/// The events of a job, from the first to the final one, over as many connections as it takes.
pub(super) async fn of_job(solver: HttpSolver, job: JobId) -> Result<EventStream> {
    let path = routes::job_events(job);
    let mut stream = Stream::open(&solver, &path, None).await?;
    let (sender, events) = mpsc::channel(WAITING);
    spawn(async move {
        let mut last = None;
        loop {
            // Who listens no more lets go of the connection at once.
            let goes_on = tokio::select! {
                biased;
                () = sender.closed() => false,
                goes_on = pass_on(&mut stream, &sender, &mut last) => goes_on,
            };
            if !goes_on {
                return;
            }
            match reopen(&solver, &path, last, &sender, needs_a_person).await {
                Some(again) => stream = again,
                None => return,
            }
        }
    });
    Ok(EventStream::from_channel(events))
}

/// Passes events on until the stream breaks; false where nobody listens any more or the job is over.
async fn pass_on(stream: &mut Stream, sender: &mpsc::Sender<JobEvent>, last: &mut Option<u64>) -> bool {
    while let Ok(event) = stream.next().await {
        let id = event.id.as_deref().and_then(|id| id.parse().ok());
        let Ok(event) = JobEvent::from_body(event.data.as_bytes()) else {
            tracing::warn!("the solver sent an event that is none");
            continue;
        };
        *last = id.or(*last);
        let over = event.kind.is_final();
        if sender.send(event).await.is_err() || over {
            return false;
        }
    }
    true
}

/// True where the solver says again and again that it will not work until somebody has mended it. Who waits for a job is told so, and
/// how to come back to it.
fn needs_a_person(error: &Error) -> bool {
    error.code() == "E_STORE" && matches!(error.retry(), Retry::Exhausted(_))
}

/// Opens a broken stream again; `None` where that has no sense any more, or where `enough` says so.
async fn reopen<T>(
    solver: &HttpSolver,
    path: &str,
    last: Option<u64>,
    listener: &mpsc::Sender<T>,
    enough: fn(&Error) -> bool,
) -> Option<Stream> {
    let ((mut pause, longest), mut why) = (PAUSES, broken());
    loop {
        if let Some(listener) = &solver.0.options.on_wait {
            listener.waits(&why, pause);
        }
        tokio::select! {
            biased;
            () = listener.closed() => return None,
            () = solver.0.options.clock.sleep(pause) => {}
        }
        match Stream::open(solver, path, last).await {
            Ok(stream) => return Some(stream),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unauthorized) => {
                tracing::warn!(%error, "a stream of events cannot be opened again");
                return None;
            }
            Err(error) if enough(&error) => return None,
            Err(error) => (pause, why) = (pause.saturating_mul(2).min(longest), error),
        }
    }
}

/// What a provider has to do, over as many connections as it takes; its offers are made again after each break.
pub(super) async fn of_provider(solver: HttpSolver) -> Result<ProviderInbox> {
    let mut stream = Stream::open(&solver, routes::MESSAGES, None).await?;
    let (sender, inbox) = mpsc::channel(WAITING);
    spawn(async move {
        loop {
            tokio::select! {
                biased;
                () = sender.closed() => return,
                () = tell(&mut stream, &sender) => {}
                () = answer(&solver) => {}
            }
            loop {
                let Some(opened) = reopen(&solver, routes::MESSAGES, None, &sender, |_| false).await else {
                    return;
                };
                stream = opened;
                // Without its offers it would hear of nothing.
                if offer_again(&solver).await {
                    break;
                }
            }
        }
    });
    Ok(inbox)
}

/// Passes messages on until the stream breaks.
async fn tell(stream: &mut Stream, sender: &mpsc::Sender<ProviderMessage>) {
    while let Ok(event) = stream.next().await {
        let message = match ProviderEvent::from_body(event.data.as_bytes()) {
            Ok(ProviderEvent::Deal { deal_id }) => ProviderMessage::Deal { deal_id },
            Ok(ProviderEvent::Stop { deal_id, reason }) => ProviderMessage::Stop { deal_id, reason },
            Err(error) => {
                tracing::warn!(%error, "the solver sent a message that is none");
                continue;
            }
        };
        if sender.send(message).await.is_err() {
            return;
        }
    }
}

/// Says again and again that the messages are heard: the solver sends no jobs to who does not. Never ends.
async fn answer(solver: &HttpSolver) {
    loop {
        solver.0.options.clock.sleep(HEARD).await;
        let nothing = Done {}.to_body().unwrap_or_default().into();
        // Where it does not get there, the solver ends the stream, and that is heard or noticed by the silence.
        if let Err(error) = solver.post::<Done>(routes::MESSAGES, nothing, "application/json").await {
            tracing::debug!(%error, "the solver does not know that its messages are heard");
        }
    }
}

/// Makes all offers again; false where they did not get through.
async fn offer_again(solver: &HttpSolver) -> bool {
    let offers: Vec<_> = solver.offers().values().cloned().collect();
    for offer in offers {
        if let Err(error) = solver.post_offer(&offer).await {
            tracing::warn!(%error, "an offer could not be made again");
            if error.retry() != Retry::Never {
                return false;
            }
        }
    }
    true
}

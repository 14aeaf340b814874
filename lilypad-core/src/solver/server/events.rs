//! Streams of events: server-sent events with ids, resumed from where a client stopped.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;

use super::answer::{done, failed};
use super::heard::Listener;
use super::jobs::SMALL;
use super::metrics::{Entered, Gauge};
use super::{State, places};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::model::{Address, JobId};
use crate::rt::{CancelToken, within};
use crate::solver::Solver;
use crate::wire::auth::GrantAction;
use crate::wire::{Body, EventStream, JobEvent, JobEventKind, ProviderApi, ProviderEvent, ProviderInbox};

/// How often something is sent, so that both ends know that the other is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What is sent then: a comment.
const ALIVE: &[u8] = b":\n\n";

pub(super) async fn of_job(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match job_events(&state, &id, request).await {
        Ok((events, place)) => {
            let (shutdown, solver) = (state.0.shutdown.clone(), state.solver().clone());
            stream_of(JobEvents { events, shutdown, solver, ended: false, _place: place })
        }
        Err(error) => failed(&error),
    }
}

async fn job_events(state: &State, id: &str, request: Request) -> Result<(EventStream, Place)> {
    let asked = state.asked(request, GrantAction::Read, SMALL).await?;
    let job: JobId = id.parse()?;
    state.solver().is_creator(job, asked.caller.account)?;
    let place = state.stream_place(asked.caller.account, &state.0.metrics.job_streams)?;
    Ok((state.solver().events_from(job, next_event(&asked.headers))?, place))
}

/// A stream's place among those of its account, and among all.
type Place = (places::Place<Address>, Entered);

impl State {
    fn stream_place(&self, account: Address, all: &Gauge) -> Result<Place> {
        let Some(place) = self.0.streams.take(account) else {
            let most = self.config().account_streams;
            return Err(Error::new(
                ErrorKind::RateLimited,
                "E_STREAMS",
                format!("more than {most} streams of one account"),
            )
            .with_retry(Retry::After(KEEP_ALIVE))
            .with_hint("close some, or wait until those that broke off are noticed")
            .with("limit", most));
        };
        Ok((place, all.enter()))
    }
}

/// The event after the last one that the client has seen.
fn next_event(headers: &HeaderMap) -> u64 {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    last.and_then(|id| id.parse::<u64>().ok()).map_or(0, |last| last.saturating_add(1))
}

pub(super) async fn of_provider(Shared(state): Shared<State>, request: Request) -> Response {
    let inbox = async {
        let asked = state.asked(request, GrantAction::Offer, SMALL).await?;
        let provider = asked.caller.account;
        let place = state.stream_place(provider, &state.0.metrics.provider_streams)?;
        Ok((provider, state.solver().connect(provider).await?, place))
    };
    match inbox.await {
        Ok((provider, inbox, place)) => {
            let (shutdown, solver) = (state.0.shutdown.clone(), state.solver().clone());
            let listener = state.0.heard.listen(provider, state.solver().clock());
            stream_of(Messages {
                inbox,
                shutdown,
                solver,
                listener,
                _link: Link { state, provider },
                _place: place,
            })
        }
        Err(error) => failed(&error),
    }
}

/// A provider says that it hears its messages: that it asked is all there is to it.
pub(super) async fn heard(Shared(state): Shared<State>, request: Request) -> Response {
    done(state.asked(request, GrantAction::Offer, SMALL).await.map(drop))
}

/// Something that gives pieces of a stream until it has ended.
trait Pieces: Send + Sized + 'static {
    /// The next piece; `None` at the end. Dropping the future loses nothing.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>> + Send;

    /// True where the other end is known not to hear them.
    fn is_unheard(&self) -> bool {
        false
    }
}

struct JobEvents {
    events: EventStream,
    shutdown: CancelToken,
    solver: Solver,
    ended: bool,
    _place: Place,
}

impl Pieces for JobEvents {
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let event = tokio::select! {
            biased;
            _ = self.shutdown.cancelled() => None,
            // Nothing more will happen here: who asks again is told why.
            () = self.solver.stopped() => None,
            event = self.events.next() => event,
        }?;
        self.ended = event.kind.is_final();
        Some(job_event(&event))
    }
}

fn job_event(event: &JobEvent) -> Bytes {
    let data = event.to_body().unwrap_or_default();
    let mut text = Vec::with_capacity(data.len().saturating_add(32));
    // A report of progress is not kept, so a client cannot go on from it.
    if !matches!(event.kind, JobEventKind::Progress { .. }) {
        text.extend_from_slice(format!("id: {}\n", event.seq).as_bytes());
    }
    text.extend_from_slice(b"data: ");
    text.extend_from_slice(data.as_bytes());
    text.extend_from_slice(b"\n\n");
    text.into()
}

struct Messages {
    inbox: ProviderInbox,
    shutdown: CancelToken,
    solver: Solver,
    listener: Listener,
    _link: Link,
    _place: Place,
}

/// Tells the solver when a provider's stream has ended, however that came.
struct Link {
    state: State,
    provider: Address,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.state.solver().provider_left(self.provider);
    }
}

impl Pieces for Messages {
    async fn next(&mut self) -> Option<Bytes> {
        let message = tokio::select! {
            biased;
            _ = self.shutdown.cancelled() => None,
            () = self.solver.stopped() => None,
            message = self.inbox.recv() => message,
        }?;
        let data = ProviderEvent::from(&message).to_body().ok()?;
        Some(format!("data: {data}\n\n").into())
    }

    fn is_unheard(&self) -> bool {
        self.listener.is_silent()
    }
}

fn stream_of(pieces: impl Pieces) -> Response {
    let body = stream::unfold(pieces, |mut pieces| async move {
        if pieces.is_unheard() {
            return None;
        }
        let piece = match within(KEEP_ALIVE, pieces.next()).await {
            Some(piece) => piece?,
            None => Bytes::from_static(ALIVE),
        };
        Some((Ok::<_, Infallible>(piece), pieces))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    // Something comes at once, so that the client sees that it is connected.
    let begin = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(ALIVE)) });
    (headers, axum::body::Body::from_stream(futures_util::StreamExt::chain(begin, body))).into_response()
}

//! The life of a job as spans: one for all of it, and below it one for each phase.

use tracing::Span;

use crate::model::{Address, AgreementState, DealId, JobId};
use crate::trace::{TraceParent, current, span};
use crate::wire::JobEventKind;

/// The spans of a job that has not ended.
#[derive(Debug)]
pub(super) struct JobTrace {
    // Dropped in this order: a phase ends with its job at the latest.
    phase: Span,
    job: Span,
    /// What submitted the job.
    parent: Option<TraceParent>,
}

impl JobTrace {
    /// Nothing is known of the job yet.
    pub(super) fn none() -> Self {
        Self { phase: Span::none(), job: Span::none(), parent: None }
    }

    /// A job that comes in with the request that is answered now.
    pub(super) fn begin(&mut self, id: JobId, creator: &str) {
        self.go_on(id, creator, current(), AgreementState::DealNegotiating, false);
    }

    /// A job that goes on after a restart, under what submitted it.
    pub(super) fn resume(&mut self, id: JobId, creator: &str, parent: Option<&str>, state: AgreementState) {
        let parent = parent.and_then(|parent| parent.parse().ok());
        self.go_on(id, creator, parent, state, true);
    }

    fn go_on(
        &mut self,
        id: JobId,
        creator: &str,
        parent: Option<TraceParent>,
        state: AgreementState,
        resumed: bool,
    ) {
        self.parent = parent;
        if state.is_terminal() {
            return;
        }
        self.job = span::job(id, creator, parent, resumed);
        self.enter(state);
    }

    /// What submitted the job, as it is saved with it.
    pub(super) fn parent(&self) -> Option<String> {
        self.parent.map(|parent| parent.to_string())
    }

    /// Notes what happened; not what a program writes, and how far it is.
    pub(super) fn note(&self, kind: &JobEventKind, state: AgreementState) {
        if !self.job.is_disabled()
            && let Some(name) = name(kind)
        {
            span::event(&self.job, name, state);
        }
    }

    /// Adds who runs the job.
    pub(super) fn agreed(&self, deal: DealId, provider: Address) {
        span::deal(&self.job, deal, provider);
    }

    /// Begins the phase of a state.
    pub(super) fn enter(&mut self, state: AgreementState) {
        if self.job.is_disabled() {
            return;
        }
        self.phase = match state {
            AgreementState::DealNegotiating => span::phase(&self.job, "match"),
            AgreementState::DealAgreed => span::phase(&self.job, "execute"),
            AgreementState::ResultsSubmitted => span::phase(&self.job, "judge"),
            _ => Span::none(),
        };
    }

    /// Ends the spans.
    pub(super) fn end(&mut self, state: AgreementState) {
        span::state(&self.job, state);
        (self.phase, self.job) = (Span::none(), Span::none());
    }
}

fn name(kind: &JobEventKind) -> Option<&'static str> {
    Some(match kind {
        JobEventKind::Submitted => "submitted",
        JobEventKind::Waiting { .. } => "waiting",
        JobEventKind::Agreed { .. } => "agreed",
        JobEventKind::Started { .. } => "started",
        JobEventKind::Stdout { .. } | JobEventKind::Stderr { .. } | JobEventKind::Progress { .. } => {
            return None;
        }
        JobEventKind::Preparing { .. } => "preparing",
        JobEventKind::Warning { .. } => "warning",
        JobEventKind::Cancelling => "cancelling",
        JobEventKind::ResultsSubmitted { .. } => "results_submitted",
        JobEventKind::ResultsAccepted { .. } => "results_accepted",
        JobEventKind::Cancelled { .. } => "cancelled",
        JobEventKind::TimedOut { .. } => "timed_out",
        JobEventKind::Failed { .. } => "failed",
    })
}

//! What a provider tells by the way: that a job has started, its lines, its progress. Sent in order, behind the job's back.

use std::sync::PoisonError;

use tokio::sync::{mpsc, oneshot};

use super::HttpSolver;
use crate::error::Result;
use crate::model::{DealId, ExecutorEvent};
use crate::rt::{Random, spawn};
use crate::wire::{Body, Done, ExecutorEvents, Started, routes};

/// Most that waits to be sent; more is left out: the lines are in the results anyway.
const WAITING: usize = 4_096;
/// Most that is sent at once.
const AT_ONCE: usize = 256;

/// One thing to tell.
#[derive(Debug)]
pub(super) enum Report {
    Started(String),
    Event(ExecutorEvent),
    /// Answered once everything before it was sent.
    Flush(oneshot::Sender<()>),
}

pub(super) type Sender = mpsc::Sender<Report>;

impl HttpSolver {
    /// Puts something behind what is told already.
    pub(super) fn tell(&self, deal_id: DealId, report: Report) {
        let sender = {
            let mut reports = self.0.reports.lock().unwrap_or_else(PoisonError::into_inner);
            reports.entry(deal_id).or_insert_with(|| self.teller(deal_id)).clone()
        };
        if sender.try_send(report).is_err() {
            tracing::debug!(%deal_id, "a line is left out of the report: too many wait");
        }
    }

    /// Waits until everything was told, and forgets the deal.
    pub(super) async fn flush(&self, deal_id: DealId) {
        let sender = self.0.reports.lock().unwrap_or_else(PoisonError::into_inner).remove(&deal_id);
        let Some(sender) = sender else { return };
        let (done, flushed) = oneshot::channel();
        if sender.send(Report::Flush(done)).await.is_ok() {
            // Nobody answers any more only where nothing can be told.
            let _ = flushed.await;
        }
    }

    fn teller(&self, deal_id: DealId) -> Sender {
        let (sender, mut waiting) = mpsc::channel(WAITING);
        let solver = self.clone();
        spawn(async move {
            let mut reports = Vec::new();
            while waiting.recv_many(&mut reports, AT_ONCE).await > 0 {
                solver.send_reports(deal_id, reports.drain(..)).await;
            }
        });
        sender
    }

    async fn send_reports(&self, deal_id: DealId, reports: impl Iterator<Item = Report> + Send) {
        let mut events = Vec::new();
        let mut flushed = Vec::new();
        for report in reports {
            match report {
                Report::Event(event) => events.push(event),
                Report::Flush(done) => flushed.push(done),
                Report::Started(executor) => {
                    self.send_events(deal_id, &mut events).await;
                    self.send(&routes::deal_started(deal_id), Started { executor }.to_body()).await;
                }
            }
        }
        self.send_events(deal_id, &mut events).await;
        for done in flushed {
            let _ = done.send(());
        }
    }

    async fn send_events(&self, deal_id: DealId, events: &mut Vec<ExecutorEvent>) {
        if !events.is_empty() {
            // Without random numbers it has no name, and a lost answer may double it.
            let batch = Random::system().bytes().map(|bytes| hex::encode(&bytes[..8])).unwrap_or_default();
            let events = ExecutorEvents { batch, events: std::mem::take(events) };
            self.send(&routes::deal_events(deal_id), events.to_body()).await;
        }
    }

    async fn send(&self, path: &str, json: Result<String>) {
        let sent = match json {
            Ok(json) => self.post::<Done>(path, json.into(), "application/json").await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a report did not reach the solver");
        }
    }
}

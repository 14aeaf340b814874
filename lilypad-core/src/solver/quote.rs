//! What a job would cost, before it is submitted.

use crate::error::Result;
use crate::market::{Quote, QuoteOptions, Request};
use crate::wire::QuoteRequest;

use super::Solver;

/// Most offers that a quote lists.
const LISTED: usize = 20;

impl Solver {
    pub(super) fn quote_now(&self, job: &QuoteRequest) -> Result<Quote> {
        job.offer.check_limits()?;
        job.terms.check_limits()?;
        let request = Request::new(job.offer.id()?, &job.offer, &job.terms, &job.module)?;
        let book = self.book();
        let options = QuoteOptions {
            now: self.0.clock.now(),
            work: book.history.expect(job.module.content(), job.instruction_limit),
            checks: self.config().checks,
            most: LISTED,
        };
        Ok(book.index.quote(&request, &options))
    }
}

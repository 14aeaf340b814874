//! `lilypad quote`.

use crate::exit::ExitCode;
use lilypad_core::model::Amount;
use lilypad_core::{ErrorKind, Result, view};

use crate::args::QuoteArgs;
use crate::ground::Plan;
use crate::job::{self, Asked};
use crate::report::Report;

pub(crate) fn quote(args: QuoteArgs, report: &Report) -> Result<ExitCode> {
    let plan = Plan::of(args.job.network.as_deref(), &args.job.key, report)?;
    if !plan.is_local() {
        job::check_remote(&args.job)?;
    }
    let asked = Asked::of(&args.job)?;
    asked.tell(report)?;
    let builder = job::network(args.job.seed);
    let quote = job::runtime()?.block_on(async {
        let ground = plan.reach(builder, Amount::ZERO, report).await?;
        let quote = ground.client().quote(&asked.module, &asked.inputs, asked.options).await;
        ground.leave().await;
        quote
    })?;
    if report.is_json() {
        report.document(&view::quote(&quote)?);
    } else {
        report.output(view::quote_text(&quote).as_bytes());
    }
    let fits = quote.fitting + quote.busy > 0;
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::from(ErrorKind::NoMatch.exit_code()) })
}

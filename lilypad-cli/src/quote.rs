//! `lilypad quote`.

use std::process::ExitCode;
use std::time::Duration;

use lilypad_core::market::{Quote, QuotedOffer, WorkEstimate};
use lilypad_core::model::Amount;
use lilypad_core::model::grouped;
use lilypad_core::{ErrorKind, Result, view};

use crate::args::QuoteArgs;
use crate::ground::Plan;
use crate::job::{self, Asked};
use crate::report::{Report, printable};
use crate::table::Table;

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
        report.output(text(&quote).as_bytes());
    }
    let fits = quote.fitting + quote.busy > 0;
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::from(ErrorKind::NoMatch.exit_code()) })
}

fn text(quote: &Quote) -> String {
    let mut lines = vec![summary(quote)];
    if !quote.offers.is_empty() {
        lines.push(String::new());
        lines.extend(offers(quote).lines());
        let more = (quote.fitting + quote.busy).saturating_sub(quote.offers.len());
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.push(String::new());
        lines.push(format!("work     {}", work(&quote.work)));
        lines.push(format!("checks   {}", quote.checks));
    }
    for refusal in &quote.refusals {
        lines.push(String::new());
        let offers = if refusal.count == 1 { "offer" } else { "offers" };
        lines.push(format!("refused  {} {offers} {}", refusal.count, printable(&refusal.text)));
        lines.push(format!("         {}", refusal.hint));
    }
    // Without any offer the first line says what to do.
    if quote.fitting == 0 && !quote.refusals.is_empty() {
        lines.push(String::new());
        lines.push(match &quote.change {
            Some(change) => format!("fix      {}", printable(&change.to_string())),
            None if quote.busy > 0 => "fix      wait until a machine is free again".to_owned(),
            None => "fix      no change of one or two fields lets an offer fit".to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

fn summary(quote: &Quote) -> String {
    let looked_at = match quote.looked_at() {
        0 => {
            let whose = quote.target.as_ref().map(|target| format!(" of provider {}", printable(target)));
            return format!("no offers{}: start a provider, or wait for one", whose.unwrap_or_default());
        }
        1 => "1 offer".to_owned(),
        count => format!("{} offers", grouped(count as u64)),
    };
    let fits = if quote.fitting == 1 { "fits" } else { "fit" };
    let busy = if quote.busy == 1 { "is" } else { "are" };
    let refused = if quote.refused == 1 { "does" } else { "do" };
    format!(
        "{looked_at}: {} {fits} now, {} {busy} busy, {} {refused} not fit",
        quote.fitting, quote.busy, quote.refused
    )
}

fn offers(quote: &Quote) -> Table {
    let mut table = Table::new(["", "provider", "price of work", "cost", "wait", "stake", "reputation"]);
    for (at, offer) in quote.offers.iter().enumerate() {
        table.row([
            (at + 1).to_string(),
            printable(&offer.provider),
            offer.rate.in_words(),
            cost(offer, &quote.work),
            wait(offer.wait),
            format!("{} x cap", offer.collateral_multiple),
            format!("{} of 1000", offer.reputation),
        ]);
    }
    table
}

fn cost(offer: &QuotedOffer, work: &WorkEstimate) -> String {
    let range = offer.cost;
    if range.least == range.most {
        return range.most.to_string();
    }
    if work.runs == 0 {
        format!("at most {}", range.most)
    } else {
        format!("{} to {}", range.least, range.most)
    }
}

fn wait(wait: Option<Duration>) -> String {
    match wait {
        Some(Duration::ZERO) => "none".to_owned(),
        Some(wait) => format!("at most {} s", wait.as_secs_f64().ceil()),
        None => "not known".to_owned(),
    }
}

fn work(work: &WorkEstimate) -> String {
    let most = work.most.map(grouped);
    match (work.runs, most) {
        (0, None) => "no run of this module is known here; the price cap is the limit".to_owned(),
        (0, Some(most)) => format!("no run of this module is known here; at most {most} work units"),
        (1, most) => format!("{} work units, seen in one run", most.unwrap_or_default()),
        (runs, most) => {
            let (least, most) = (grouped(work.least), most.unwrap_or_default());
            format!("{least} to {most} work units, seen in {} runs", grouped(runs))
        }
    }
}

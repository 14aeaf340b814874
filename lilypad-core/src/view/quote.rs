//! A quote in words.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Table, one_line};
use crate::error::Result;
use crate::market::{Quote, QuotedOffer, WorkEstimate};
use crate::model::grouped;

/// A quote as JSON, with its lines for people as `text`, and the price, the cost and the wait of each offer in words.
///
/// # Errors
/// As [`quote`](super::quote).
pub fn quote_with_text(quote: &Quote) -> Result<Value> {
    let mut document = super::quote(quote)?;
    document["text"] = Value::from(quote_text(quote));
    document["summary"] = Value::from(summary(quote));
    document["work"]["text"] = Value::from(work(&quote.work));
    for (at, offer) in quote.offers.iter().enumerate() {
        document["offers"][at]["words"] = json!({
            "price": offer.rate.in_words(),
            "cost": cost(offer, &quote.work),
            "wait": wait(offer.wait),
        });
    }
    Ok(document)
}

/// A quote in lines for people: the offers, why the others do not fit, and the change that would help.
#[must_use]
pub fn quote_text(quote: &Quote) -> String {
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
        lines.push(format!("refused  {} {offers} {}", refusal.count, one_line(&refusal.text)));
        lines.push(format!("         {}", refusal.hint));
    }
    // Without any offer the first line says what to do.
    if quote.fitting == 0 && !quote.refusals.is_empty() {
        lines.push(String::new());
        lines.push(match &quote.change {
            Some(change) => format!("fix      {}", one_line(&change.to_string())),
            None if quote.busy > 0 => "fix      wait until a machine is free again".to_owned(),
            None => "fix      no change of one or two fields lets an offer fit".to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

fn summary(quote: &Quote) -> String {
    let looked_at = match quote.looked_at() {
        0 => {
            let whose = quote.target.as_ref().map(|target| format!(" of provider {}", one_line(target)));
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
            one_line(&offer.provider),
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

//! `lilypad provider` at a solver of Lilypad v2: no money moves, and nobody checks a result.

use crate::exit::ExitCode;
use std::sync::Arc;

use lilypad_core::module::{self, LoadOptions};
use lilypad_core::provider::{ModuleLoader, V2Provider, V2Terms};
use lilypad_core::rt::{CancelToken, Clock};
use lilypad_core::{Error, Result};
use serde_json::json;

use crate::job;
use crate::report::Report;
use crate::serve::{self, ProviderArgs};
use crate::v2::V2Place;

/// Offers this machine until Ctrl-C.
pub(crate) fn provider(args: &ProviderArgs, place: &V2Place, report: &Report) -> Result<ExitCode> {
    check(args)?;
    let (solver, address) = place.provider(&args.key, report)?;
    job::runtime()?.block_on(async {
        let chosen = args.executors.of_provider(report).await?;
        let gpus = args.gpus.offered(&chosen, report)?;
        let config = serve::config(args, gpus, Vec::new())?;
        let options = LoadOptions {
            cache_dir: job::data_dir(None).map(|dir| dir.join("cache")).ok(),
            allow_private_hosts: args.allow_private_host.clone(),
        };
        let loader: ModuleLoader = Arc::new(move |named| module::load_wire(named, &options));
        let terms = V2Terms { services: place.services(), ..V2Terms::default() };
        let machine = config.machine.clone();
        let provider =
            V2Provider::new(address, solver, chosen.executors, loader, Clock::system(), config, terms)?;
        report.field("offer", format!("{}, {} jobs at once, for nothing", serve::text(&machine), args.slots));
        // What the solver does not take is known before anything is said to be ready.
        provider.offer().await?;
        report.field("state", "ready: runs jobs until Ctrl-C");
        report.document(&json!({ "provider": address, "machine": machine, "v2": true }));
        let stop = CancelToken::new();
        serve::until_stopped(provider.serve(stop.clone()), &stop, report).await
    })
}

/// Refuses what a solver of v2 knows nothing of.
fn check(args: &ProviderArgs) -> Result<()> {
    let given = [("--stake", args.stake.is_some()), ("--label", !args.labels.is_empty())];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => {
            Err(Error::invalid("E_V2_FLAG", format!("{flag} has no meaning at a solver of Lilypad v2"))
                .with_hint(format!("leave {flag} out")))
        }
    }
}

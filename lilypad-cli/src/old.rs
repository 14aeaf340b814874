//! What the older command, in Go, called otherwise or had and this one has not: each name leads to an error that says what to do.
//!
//! `docs/cli.md` has the same as a table; a test compares the two.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use lilypad_core::Error;

/// What has become of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Now {
    /// It is called so.
    Called(&'static str),
    /// It is gone, for this reason.
    Gone(&'static str),
}
use Now::{Called, Gone};

const KEY: &str = "WEB3_PRIVATE_KEY in the environment, or `lilypad wallet import`: a key on the command line is seen by everybody on the machine";
const CHAIN: &str = "no chain is spoken to yet";
const CONTRACT: &str = "no contract is called yet";
const TELEMETRY: &str = "nothing is reported to anybody";
const BACALHAU: &str = "jobs run in this program, not in Bacalhau";
const POW: &str = "there is no proof of work";
const FLOW: &str = "spans go to a collector of OpenTelemetry: see --help";
const TOKENS: &str = "providers need no token: each request is signed";

/// Flags of the older command, and what has become of them.
pub(crate) const FLAGS: &[(&str, Now)] = &[
    ("--web3-private-key", Called(KEY)),
    ("--web3-rpc-url", Gone(CHAIN)),
    ("--web3-chain-id", Gone(CHAIN)),
    ("--web3-controller-address", Gone(CONTRACT)),
    ("--web3-payments-address", Gone(CONTRACT)),
    ("--web3-storage-address", Gone(CONTRACT)),
    ("--web3-users-address", Gone(CONTRACT)),
    ("--web3-token-address", Gone(CONTRACT)),
    ("--web3-pow-address", Gone(CONTRACT)),
    ("--api-host", Called("--network URL")),
    ("--service-solver", Called("lilypad network add NAME URL --solver ADDRESS")),
    ("--service-mediators", Gone("the solver says which mediators it knows")),
    (
        "--pricing-mode",
        Gone("a job pays the cheapest price within --max-rate; a provider asks for its --rate"),
    ),
    ("--pricing-instruction-price", Called("--max-rate for a job, --rate for a provider")),
    ("--pricing-payment-collateral", Called("--price-cap")),
    (
        "--pricing-results-collateral-multiple",
        Called("--min-collateral for a job, --collateral for a provider"),
    ),
    ("--pricing-mediation-fee", Gone("no mediator runs jobs again yet")),
    ("--mediation-chance", Gone("no mediator runs jobs again yet")),
    ("--telemetry-url", Gone(TELEMETRY)),
    ("--telemetry-token", Gone(TELEMETRY)),
    ("--lilynext", Gone("it did nothing")),
    ("--offer-gpu", Called("--gpu ID for containers, --executor cuda for kernels")),
    ("--offer-count", Called("--slots")),
    ("--offer-modules", Called("--only")),
    ("--disable-pow", Gone(POW)),
    ("--num-worker", Gone(POW)),
    ("--cuda-grid-size", Gone(POW)),
    ("--cuda-block-size", Gone(POW)),
    ("--cuda-hash-per-thread", Gone(POW)),
    ("--bacalhau-api-host", Gone(BACALHAU)),
    ("--bacalhau-api-port", Gone(BACALHAU)),
    ("--ipfs-connect", Gone("content ids are computed here")),
    ("--server-url", Called("--name")),
    ("--server-host", Called("--listen ADDRESS:PORT")),
    ("--server-port", Called("--listen ADDRESS:PORT")),
    ("--server-rate-request-limit", Called("--address-requests")),
    ("--server-rate-window-length", Gone("the window is 10 s")),
    ("--server-max-job-offer-capacity", Called("--max-jobs")),
    ("--server-max-file-inputs-size-mb", Called("--max-inputs")),
    ("--server-max-file-inputs-memory-mb", Gone("files are not kept in memory where there is a --store")),
    ("--server-offer-timestamp-diff-seconds", Gone("an offer counts for 10 minutes")),
    ("--server-enable-version-check", Gone("client and solver compare the versions of their interface")),
    ("--server-minimum-version", Gone("client and solver compare the versions of their interface")),
    (
        "--server-enable-resource-provider-allowlist",
        Gone("any provider may offer: it puts its stake at risk"),
    ),
    ("--server-validation-token-secret", Gone(TOKENS)),
    ("--server-validation-token-expiration", Gone(TOKENS)),
    ("--server-validation-token-kid", Gone(TOKENS)),
    ("--server-anura-addresses", Gone("job creators choose their provider with --provider")),
    ("--store-type", Called("--store FILE|URL")),
    ("--store-conn-str", Called("--store FILE|URL, or LILYPAD_STORE in the environment")),
    ("--store-gorm-log-level", Gone("there is no such library here")),
    ("--timeout-match-seconds", Called("--match-timeout")),
    (
        "--timeout-execution-seconds",
        Called("--v2-execution-timeout for peers of v2; other jobs have their own time"),
    ),
    ("--timeout-download-seconds", Called("--download-timeout")),
    ("--timeout-total-seconds", Called("--total-timeout")),
    ("--enable-stats", Gone(TELEMETRY)),
    ("--stats-url", Gone(TELEMETRY)),
    ("--enable-metrics", Called("--metrics ADDRESS:PORT, where figures are fetched")),
    ("--metrics-url", Called("--metrics ADDRESS:PORT, where figures are fetched")),
    ("--metrics-token", Called("--metrics ADDRESS:PORT, where figures are fetched")),
    ("--enable-otel-logs", Gone(FLOW)),
    ("--logs-url", Gone(FLOW)),
    ("--logs-token", Gone(FLOW)),
];

/// Commands of the older command, and what has become of them.
pub(crate) const COMMANDS: &[(&str, Now)] = &[
    ("version", Called("lilypad --version")),
    ("jobcreator", Gone(CONTRACT)),
    ("mediator", Gone("no mediator runs jobs again yet")),
    ("pow-signal", Gone(POW)),
    ("completion", Gone("it is not written yet")),
];

/// What to say of a command line that clap refuses because of an older name.
pub(crate) fn explain(error: &clap::Error) -> Option<Error> {
    let (kind, names, what) = match error.kind() {
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, FLAGS, "flag"),
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, COMMANDS, "command"),
        _ => return None,
    };
    let Some(ContextValue::String(given)) = error.get(kind) else { return None };
    let given = given.split('=').next()?;
    let (name, now) = names.iter().find(|(name, _)| *name == given)?;
    Some(match now {
        Called(new) => {
            let message = format!("the older command's {what} {name} has another name here");
            Error::invalid("E_OLD_NAME", message).with_hint(format!("use {new}"))
        }
        Gone(why) => {
            let message = format!("the older command's {what} {name} is not there any more: {why}");
            Error::unsupported("E_OLD_NAME", message).with_hint("leave it out")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of `docs/cli.md`: each name in its table, with what is said of it.
    #[test]
    fn the_documentation_has_every_name_with_what_became_of_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        let missing: Vec<String> = FLAGS
            .iter()
            .chain(COMMANDS)
            .map(|(name, now)| match now {
                Called(new) => format!("| `{name}` | now | {new} |"),
                Gone(why) => format!("| `{name}` | gone | {why} |"),
            })
            .filter(|row| !rows.contains(&row.as_str()))
            .collect();
        assert!(missing.is_empty(), "docs/cli.md lacks these rows:\n{}", missing.join("\n"));
    }
}

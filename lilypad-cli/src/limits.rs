//! What each role can be told about its limits: how long to wait, how much to take.

use std::time::{Duration, Instant};

use clap::Args;
use clap::value_parser as within;
use lilypad_core::client::WaitLimits;
use lilypad_core::executor::Limits;
use lilypad_core::http::HttpOptions;
use lilypad_core::model::{Amount, FileLimits};
use lilypad_core::solver::server::{ServerConfig, V2Config};
use lilypad_core::solver::{OfferQuota, SolverConfig};
use lilypad_core::{Error, ErrorKind, Fault, Result};

use crate::args::parse_duration;

/// How long a command waits for a job. A time is a number and a unit: 500ms, 2s, 5m, 1h.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "How long to wait (500ms, 2s, 5m, 1h); the job goes on where this command gives up"
)]
pub(crate) struct WaitArgs {
    /// How long to wait for a machine that takes the job. Default: 10m; on the network in this process 2s, after which the job ends.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) match_timeout: Option<Duration>,
    /// How long to wait for results once a machine has the job. How long the program itself may run is its --timeout.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "3h")]
    pub(crate) execution_timeout: Duration,
    /// How long fetching results, checking them and having them accepted may take.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2h")]
    pub(crate) download_timeout: Duration,
    /// How long all of it may take, from the start of this command.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "6h")]
    pub(crate) client_timeout: Duration,
}

/// What is left of the time that a command may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    started: Instant,
    limits: WaitLimits,
}

impl WaitArgs {
    /// Counts from `started`. Where the network itself ends a job that finds no machine after `matched`, it has time to say so.
    pub(crate) fn patience(&self, started: Instant, matched: Option<Duration>) -> Patience {
        let usual = WaitLimits::default().matching;
        let matching = match matched {
            Some(matched) => matched.saturating_add(usual),
            None => self.match_timeout.unwrap_or(usual),
        };
        let (execution, download) = (self.execution_timeout, self.download_timeout);
        let limits = WaitLimits { matching, execution, download, total: self.client_timeout };
        Patience { started, limits }
    }
}

impl Patience {
    /// What is left for a job that is waited for from now on.
    pub(crate) fn limits(&self) -> WaitLimits {
        let total = self.limits.total.saturating_sub(self.started.elapsed());
        WaitLimits { total, ..self.limits }
    }

    /// Does something at a network that is no wait for a job, within the time for all; `then` says what to do where it is over.
    pub(crate) async fn bound<T>(
        &self,
        network: Option<&str>,
        work: impl Future<Output = Result<T>>,
        then: &str,
    ) -> Result<T> {
        let left = self.limits().total;
        tokio::time::timeout(left, work).await.unwrap_or_else(|_| {
            let (network, time) = (network.unwrap_or("in this process"), self.limits.total.as_secs_f64());
            let message = format!(
                "the network {network} did not answer within {time} s, the most that this command may take"
            );
            Err(Error::new(ErrorKind::Timeout, "E_WAIT_TOTAL", message)
                .with_fault(Fault::Network)
                .with_hint(then))
        })
    }
}

/// How large results may be that are fetched.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct MostResults {
    /// Most that the results may hold, in MiB. They go to the disk as they come.
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = within!(u64).range(1..=65_536))]
    max_results: u64,
}

impl MostResults {
    pub(crate) fn limits(self) -> FileLimits {
        FileLimits { bytes: self.max_results << 20, ..HttpOptions::default().limits }
    }
}

/// What a solver takes, and for how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits (times as 500ms, 2s, 5m, 1h)")]
pub(crate) struct SolverLimits {
    /// How long a job may wait for an offer.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "30s")]
    match_timeout: Duration,
    /// How long a provider may be silent after a job's own time is up.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10s")]
    provider_grace: Duration,
    /// How long a job creator may take to fetch and judge results; then they count as accepted.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1h")]
    download_timeout: Duration,
    /// How long a job may take from its offer to its results, whatever it does.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2h")]
    total_timeout: Duration,
    /// How long a job of a v2 peer may run that names no time of its own.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "15m", requires = "v2_compat")]
    v2_execution_timeout: Duration,
    /// Most jobs that have not ended.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = within!(u32).range(1..=1_000_000))]
    max_jobs: u32,
    /// Most offers of machines.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = within!(u32).range(1..=10_000_000))]
    max_offers: u32,
    /// Most offers of one provider.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = within!(u32).range(1..=10_000_000))]
    provider_offers: u32,
    /// Most offers of all providers that have less than --offer-stake staked for each of theirs.
    #[arg(long, value_name = "COUNT", default_value_t = 5_000, value_parser = within!(u32).range(0..=10_000_000))]
    newcomer_offers: u32,
    /// What a provider has staked for each of its offers so that it is no newcomer.
    #[arg(long, value_name = "AMOUNT", default_value = "1 LP")]
    offer_stake: Amount,
    /// Most that the module's files of one job may hold, and most that its input files may, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = within!(u64).range(1..=65_536))]
    max_inputs: u64,
    /// Most that the results of one job may hold, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 96, value_parser = within!(u64).range(1..=65_536))]
    max_results: u64,
    /// Most room that the files of all jobs may take, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 16_384, value_parser = within!(u64).range(1..=67_108_864))]
    max_files: u64,
    /// Requests that one network address may make in 10 s.
    #[arg(long, value_name = "COUNT", default_value_t = 600, value_parser = within!(u32).range(1..))]
    address_requests: u32,
    /// Requests that one account may make in 10 s.
    #[arg(long, value_name = "COUNT", default_value_t = 300, value_parser = within!(u32).range(1..))]
    account_requests: u32,
    /// Most connections at once.
    #[arg(long, value_name = "COUNT", default_value_t = 4_096, value_parser = within!(u32).range(1..))]
    max_connections: u32,
    /// Most connections at once of one network address; not counted behind --proxies.
    #[arg(long, value_name = "COUNT", default_value_t = 512, value_parser = within!(u32).range(1..))]
    address_connections: u32,
    /// Most streams of events at once of one account.
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = within!(u32).range(1..))]
    account_streams: u32,
}

impl SolverLimits {
    pub(crate) fn solver(&self) -> SolverConfig {
        let usual = SolverConfig::default();
        SolverConfig {
            match_timeout: self.match_timeout,
            provider_grace: self.provider_grace,
            download_timeout: self.download_timeout,
            total_timeout: self.total_timeout,
            max_open_jobs: count(self.max_jobs),
            offers: OfferQuota {
                all: count(self.max_offers),
                of_one: count(self.provider_offers),
                newcomers: count(self.newcomer_offers),
                stake: self.offer_stake,
            },
            job_limits: FileLimits { bytes: self.max_inputs << 20, ..usual.job_limits },
            result_limits: FileLimits { bytes: self.max_results << 20, ..usual.result_limits },
            max_file_bytes: self.max_files << 20,
            ..usual
        }
    }

    pub(crate) fn server(&self) -> ServerConfig {
        ServerConfig {
            address_requests: self.address_requests,
            account_requests: self.account_requests,
            max_connections: count(self.max_connections),
            address_connections: count(self.address_connections),
            account_streams: count(self.account_streams),
            ..ServerConfig::default()
        }
    }

    pub(crate) fn v2(&self) -> V2Config {
        V2Config {
            match_timeout: self.match_timeout,
            execution_timeout: self.v2_execution_timeout,
            download_timeout: self.download_timeout,
            total_timeout: self.total_timeout,
            ..V2Config::default()
        }
    }
}

/// What any job may use on a machine, whatever it asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Most that any job may use here")]
pub(crate) struct ProviderLimits {
    /// Metered instructions.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000_000_000, value_parser = within!(u64).range(1..))]
    max_instructions: u64,
    /// Memory, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1_024, value_parser = within!(u64).range(1..=4_096))]
    max_memory: u64,
    /// Output files together, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = within!(u64).range(1..=65_536))]
    max_output: u64,
    /// Number of output files.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = within!(u32).range(1..=1_000_000))]
    max_output_files: u32,
    /// Standard output and standard error, each, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 8, value_parser = within!(u64).range(1..=1_024))]
    max_log: u64,
    /// The program itself, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = within!(u64).range(1..=1_024))]
    max_module: u64,
}

impl ProviderLimits {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            instructions: self.max_instructions,
            memory_bytes: self.max_memory << 20,
            output_bytes: self.max_output << 20,
            output_files: self.max_output_files,
            log_bytes: self.max_log << 20,
            module_bytes: self.max_module << 20,
            ..Limits::default()
        }
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

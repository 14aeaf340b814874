//! What a machine offers where its owner says nothing else.

use std::collections::BTreeMap;

use super::ProviderConfig;
use crate::executor::Limits;
use crate::market::{ModulePolicy, NetworkAccess, VerificationClass};
use crate::model::{Address, Amount, MachineSpec, Rate};

impl ProviderConfig {
    /// All CPUs of this machine, half of its memory, 10 GB of disk, two jobs at once at 0.01 LP for 10^9 units of work, any
    /// module, no network, twice the price cap as collateral.
    #[must_use]
    pub fn of_this_machine(mediators: Vec<Address>) -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let cpu = i64::try_from(cpus).unwrap_or(1).saturating_mul(1_000);
        let rate = Rate::new(Amount::from_wei(10_000_000_000_000_000), 1_000_000_000).unwrap_or(Rate::FREE);
        Self {
            machine: MachineSpec {
                gpu: 0,
                gpus: None,
                cpu,
                ram: half_of_memory().unwrap_or(2_000),
                disk: 10_000,
            },
            gpu_ids: Vec::new(),
            slots: 2,
            rate,
            module_rates: BTreeMap::new(),
            driver: None,
            cuda: None,
            labels: BTreeMap::new(),
            network: NetworkAccess::None,
            verification: VerificationClass::Exact,
            collateral_multiple: 2,
            policy: ModulePolicy::allow_all(),
            limits: Limits::default(),
            mediators,
        }
    }
}

/// Half of the machine's memory in MB, where the system tells.
fn half_of_memory() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)?.checked_div(2_000_000)
}

//! `lilypad wallet balance | stake | unstake | claim`: what an account has on a network, and its stake.

use crate::exit::ExitCode;

use clap::Args;
use lilypad_core::Result;
use lilypad_core::http::HttpSolver;
use lilypad_core::model::Amount;
use lilypad_core::wire::Money;
use serde_json::json;

use crate::job;
use crate::jobs::{Account, AccountArgs};
use crate::report::Report;

/// Money that is moved.
#[derive(Debug, Args)]
pub(crate) struct SumArgs {
    /// How much, such as "5 LP".
    amount: Amount,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}

/// What is done with the account's money.
pub(crate) enum Act {
    Look,
    Stake(Amount),
    Unstake(Amount),
    Claim,
}

impl SumArgs {
    pub(crate) fn stake(self) -> (AccountArgs, Act) {
        (self.account, Act::Stake(self.amount))
    }

    pub(crate) fn unstake(self) -> (AccountArgs, Act) {
        (self.account, Act::Unstake(self.amount))
    }
}

pub(crate) fn money((args, act): (AccountArgs, Act), report: &Report) -> Result<ExitCode> {
    let account = Account::of(&args, report)?;
    let money = job::runtime()?.block_on(async {
        let solver = account.solver(report).await?;
        perform(&solver, act).await
    })?;
    report.document(&json!({
        "account": money.account,
        "balance": money.balance,
        "balance_lp": money.balance.to_string(),
        "stake": money.stake,
        "stake_lp": money.stake.to_string(),
        "locked": money.locked,
        "locked_lp": money.locked.to_string(),
    }));
    if !report.is_json() {
        let (balance, stake, locked) = (money.balance, money.stake, money.locked);
        let text = format!("balance  {balance}\nstake    {stake}, of which jobs have locked {locked}\n");
        report.output(text.as_bytes());
    }
    Ok(ExitCode::SUCCESS)
}

async fn perform(solver: &HttpSolver, act: Act) -> Result<Money> {
    match act {
        Act::Look => solver.money().await,
        Act::Stake(amount) => solver.stake(amount).await,
        Act::Unstake(amount) => solver.unstake(amount).await,
        Act::Claim => solver.claim_unbonded().await,
    }
}

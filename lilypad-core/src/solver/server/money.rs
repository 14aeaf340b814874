//! Who the solver is, and the caller's own money.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;

use super::State;
use super::answer::json;
use super::auth::lock;
use super::jobs::SMALL;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Address, Amount};
use crate::settlement::Settlement;
use crate::wire::auth::GrantAction;
use crate::wire::{API_VERSION, Body, JobCreatorApi, Money, OLDEST_API_VERSION, SolverInfo, Sum};

pub(super) async fn solver(Shared(state): Shared<State>, request: Request) -> Response {
    let answer = async {
        state.open(request, SMALL).await?;
        let (address, domain) = JobCreatorApi::identity(state.solver());
        Ok(SolverInfo {
            address,
            chain_id: domain.chain_id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: API_VERSION,
            oldest_api: OLDEST_API_VERSION,
            mediators: state.mediators(),
            play_money: state.config().play_money,
        })
    };
    json(answer.await)
}

pub(super) async fn account(Shared(state): Shared<State>, request: Request) -> Response {
    let answer = async {
        let asked = state.asked(request, GrantAction::Read, SMALL).await?;
        state.money_of(asked.caller.account).await
    };
    json(answer.await)
}

pub(super) async fn act(
    Shared(state): Shared<State>,
    Path(action): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        // Only an account's own key may move its money: no grant has a word for it.
        let asked = state.asked(request, GrantAction::Offer, SMALL).await?;
        if asked.caller.grant.is_some() {
            return Err(Error::new(
                ErrorKind::Unauthorized,
                "E_GRANT_SCOPE",
                "a session key may not move the account's money",
            )
            .with_hint("sign with the account's own key"));
        }
        let account = asked.caller.account;
        let own = state.0.ledger.as_account(account);
        match action.as_str() {
            "play-money" => state.give(account)?,
            "stake" | "unstake" => {
                let Sum { amount, stake } = Sum::from_body(&asked.body)?;
                // Nobody else moves it between the look and the move.
                let _alone = state.0.moving.lock().await;
                state.has_stake(account, stake).await?;
                if action == "stake" {
                    own.stake(amount).await?
                } else {
                    own.unstake(amount).await?
                };
            }
            "claim" => drop(own.claim_unbonded().await?),
            _ => {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    "E_ROUTE",
                    "no such thing can be done with money",
                )
                .with_hint("one of play-money, stake, unstake, claim"));
            }
        }
        state.money_of(account).await
    };
    json(answer.await)
}

impl State {
    async fn money_of(&self, account: Address) -> Result<Money> {
        let own = self.0.ledger.as_account(account);
        let pool = own.pool(account).await?;
        Ok(Money { account, balance: own.balance(account).await?, stake: pool.stake, locked: pool.locked })
    }

    /// Passes where an account's stake is what whoever asks has seen.
    async fn has_stake(&self, account: Address, seen: Option<Amount>) -> Result<()> {
        let Some(seen) = seen else { return Ok(()) };
        let now = self.money_of(account).await?.stake;
        if now == seen {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "E_STAKE_CHANGED",
            format!("the account's stake is {now} and not {seen}: nothing was moved"),
        )
        .with_hint("look at the account again: what was asked may be done already"))
    }

    /// Gives an account its play money, once.
    fn give(&self, account: Address) -> Result<()> {
        let Some(amount) = self.config().play_money else {
            return Err(Error::unsupported("E_NO_PLAY_MONEY", "this network has no play money")
                .with_hint("deposit money of your own"));
        };
        let mut given = lock(&self.0.given);
        if given.insert(account) {
            self.0.ledger.fund(account, amount)?;
        }
        Ok(())
    }
}

//! The rules once more, as plainly as they can be said: 128-bit numbers, no table, one function for each command.
//!
//! It shares no code with the ledger but the names of states, events and commands.

use std::collections::BTreeMap;

use super::*;

#[derive(Clone, Default, PartialEq)]
pub(super) struct Account {
    pub(super) balance: u128,
    pub(super) stake: u128,
    pub(super) locked: u128,
    /// When it matures, and how much.
    pub(super) unbonding: Vec<(u64, u128)>,
}

#[derive(Clone)]
pub(super) struct Deal {
    pub(super) creator: u8,
    pub(super) provider: u8,
    pub(super) terms: Terms,
    pub(super) state: EscrowState,
    pub(super) epoch: u64,
    pub(super) deadline: u64,
    pub(super) units: u64,
    pub(super) asked: Vec<u8>,
    pub(super) named: Option<u8>,
    pub(super) challenger: u8,
    /// Whose mismatch is on record.
    pub(super) mismatch: Option<u8>,
}

pub(super) struct Model {
    pub(super) accounts: BTreeMap<u8, Account>,
    pub(super) deals: BTreeMap<DealId, Deal>,
    pub(super) deposited: u128,
    pub(super) withdrawn: u128,
    pub(super) burned: u128,
    last: u64,
    unbonding_ms: u64,
    burned_share: Share,
}

/// Every amount that goes through is far below 128 bits; one that does not fit can only be refused.
fn number(amount: Amount) -> Option<u128> {
    amount.as_wei()
}

fn byte(address: Address) -> u8 {
    address.as_bytes()[0]
}

fn part(of: u128, share: Share) -> u128 {
    of * u128::from(share.numerator()) / u128::from(share.denominator().get())
}

impl Deal {
    pub(super) fn cap(&self) -> u128 {
        number(self.terms.price_cap).unwrap()
    }

    pub(super) fn collateral(&self) -> u128 {
        number(self.terms.provider_collateral).unwrap()
    }

    fn fee(&self) -> u128 {
        number(self.terms.mediation_fee).unwrap()
    }

    /// What was paid for work when the deal ended.
    pub(super) fn paid(&self) -> u128 {
        use EscrowState as S;
        let pays = matches!(
            self.state,
            S::Accepted | S::CancelledByCreator | S::Failed | S::CreatorTimedOut | S::Upheld
        );
        if pays { self.work() } else { 0 }
    }

    fn work(&self) -> u128 {
        let price = number(self.terms.rate.amount()).unwrap();
        (price * u128::from(self.units) / u128::from(self.terms.rate.per().get())).min(self.cap())
    }

    pub(super) fn is_open(&self) -> bool {
        use EscrowState as S;
        matches!(
            self.state,
            S::Agreed
                | S::Cancelling
                | S::Submitted
                | S::Challenged
                | S::Mediating
                | S::Mismatched
                | S::Remediating
        )
    }

    /// The bond that is held now.
    pub(super) fn bond(&self) -> u128 {
        use EscrowState as S;
        let doubted = matches!(self.state, S::Challenged | S::Mediating | S::Mismatched | S::Remediating);
        if doubted { 2 * self.fee() } else { 0 }
    }

    pub(super) fn timeout(&self) -> DealEvent {
        match self.state {
            EscrowState::Agreed | EscrowState::Cancelling => DealEvent::ProviderTimeout,
            EscrowState::Submitted => DealEvent::CreatorTimeout,
            EscrowState::Challenged | EscrowState::Mismatched => DealEvent::SolverTimeout,
            _ => DealEvent::MediatorTimeout,
        }
    }

    fn go(&mut self, state: EscrowState, now: u64, window: u64) {
        (self.state, self.deadline) = (state, now + window);
    }
}

impl Model {
    pub(super) fn new(unbonding_ms: u64, burned_share: Share) -> Self {
        let accounts = (1..=ACCOUNTS).map(|byte| (byte, Account::default())).collect();
        let (deposited, withdrawn, burned, last) = (0, 0, 0, 0);
        let deals = BTreeMap::new();
        Self { accounts, deals, deposited, withdrawn, burned, last, unbonding_ms, burned_share }
    }

    pub(super) fn of(&mut self, byte: u8) -> &mut Account {
        self.accounts.get_mut(&byte).unwrap()
    }

    pub(super) fn first_open(&self) -> Option<(DealId, &Deal)> {
        self.deals.iter().find(|(_, deal)| deal.is_open()).map(|(id, deal)| (*id, deal))
    }

    /// `None` where it has to be refused.
    pub(super) fn apply(&mut self, by: u8, now: u64, command: &Command) -> Option<()> {
        if now < self.last {
            return None;
        }
        match *command {
            Command::Deposit { account, amount } => {
                let amount = number(amount)?;
                self.deposited += amount;
                self.of(byte(account)).balance += amount;
            }
            Command::Withdraw { amount } => {
                let amount = number(amount)?;
                self.of(by).balance = self.of(by).balance.checked_sub(amount)?;
                self.withdrawn += amount;
            }
            Command::Stake { amount } => {
                let amount = number(amount)?;
                self.of(by).balance = self.of(by).balance.checked_sub(amount)?;
                self.of(by).stake += amount;
            }
            Command::Unstake { amount } => self.unstake(by, now, number(amount)?)?,
            Command::ClaimUnbonded => self.claim(by, now)?,
            Command::Agree { deal, parties, terms } => self.agree(by, now, deal, parties, terms)?,
            Command::Deal { deal, epoch, event } => {
                let mut known = self.deals.get(&deal)?.clone();
                (known.epoch == epoch).then_some(())?;
                self.event(by, now, &mut known, event)?;
                known.epoch += 1;
                self.deals.insert(deal, known);
            }
        }
        self.last = now;
        Some(())
    }

    fn unstake(&mut self, by: u8, now: u64, amount: u128) -> Option<()> {
        let matures = now + self.unbonding_ms;
        let account = self.of(by);
        let free = account.stake - account.locked;
        (amount <= free).then_some(())?;
        if amount > 0 {
            (account.unbonding.len() < 8).then_some(())?;
            account.stake -= amount;
            account.unbonding.push((matures, amount));
        }
        Some(())
    }

    fn claim(&mut self, by: u8, now: u64) -> Option<()> {
        let account = self.of(by);
        let due: u128 = account.unbonding.iter().filter(|(at, _)| *at <= now).map(|(_, sum)| sum).sum();
        (due > 0).then_some(())?;
        account.unbonding.retain(|(at, _)| *at > now);
        account.balance += due;
        Some(())
    }

    fn agree(&mut self, by: u8, now: u64, id: DealId, parties: Parties, terms: Terms) -> Option<()> {
        let (creator, provider) = (byte(parties.job_creator), byte(parties.provider));
        let windows = terms.windows;
        let lengths = [windows.submit_ms, windows.cancel_ms, windows.judge_ms, windows.mediate_ms];
        let author = terms.author.map_or(0, |author| part(3_000_000, author.share));
        let bad = by != SOLVER
            || self.deals.contains_key(&id)
            || lengths.iter().any(|length| !(1..=7_776_000_000).contains(length))
            // The shares of the crowd are exact parts of three million.
            || author + part(3_000_000, terms.solver_fee) > 3_000_000
            || [creator, provider, SOLVER].iter().any(|party| terms.mediators.contains(address(*party)))
            || terms.author.is_some_and(|author| terms.mediators.contains(author.address));
        let (cap, collateral) = (number(terms.price_cap)?, number(terms.provider_collateral)?);
        let kept = collateral - self.burn_of(collateral);
        let unpaid = !terms.mediators.is_empty() && number(terms.mediation_fee)? * 2 > kept;
        if bad || unpaid || cap > self.of(creator).balance {
            return None;
        }
        let pool = self.of(provider);
        (collateral <= pool.stake - pool.locked).then_some(())?;
        pool.locked += collateral;
        self.of(creator).balance -= cap;
        let (state, epoch, deadline, units) = (EscrowState::Agreed, 1, now + windows.submit_ms, 0);
        let (asked, named, challenger, mismatch) = (vec![], None, 0, None);
        let deal = Deal {
            creator,
            provider,
            terms,
            state,
            epoch,
            deadline,
            units,
            asked,
            named,
            challenger,
            mismatch,
        };
        self.deals.insert(id, deal);
        Some(())
    }

    fn event(&mut self, by: u8, now: u64, deal: &mut Deal, event: DealEvent) -> Option<()> {
        use DealEvent as E;
        use EscrowState as S;
        let windows = deal.terms.windows;
        let (late, running) = (now >= deal.deadline, matches!(deal.state, S::Agreed | S::Cancelling));
        let (of_provider, of_creator) =
            (by == deal.provider || by == SOLVER, by == deal.creator || by == SOLVER);
        let fixed = deal.terms.unit == WorkUnit::Fixed;
        match event {
            E::Submit { work_units } if running && of_provider && !(fixed && work_units > 1) => {
                deal.units = work_units;
                deal.go(S::Submitted, now, windows.judge_ms);
            }
            E::Fail { work_units } if running && by == SOLVER && !(fixed && work_units > 1) => {
                deal.units = work_units;
                self.pay(deal, S::Failed);
            }
            E::RequestCancel if deal.state == S::Agreed && of_creator => {
                let before = deal.deadline;
                deal.go(S::Cancelling, now, windows.cancel_ms);
                deal.deadline = deal.deadline.min(before);
            }
            E::CancelByCreator { work_units }
                if deal.state == S::Cancelling && by == SOLVER && !(fixed && work_units > 1) =>
            {
                deal.units = work_units;
                self.pay(deal, S::CancelledByCreator);
            }
            E::CancelByProvider if running && of_provider => self.refund(deal, S::CancelledByProvider),
            E::ProviderTimeout if running && late => {
                self.slash(deal, &[]);
                self.refund(deal, S::ProviderTimedOut);
            }
            E::Accept if deal.state == S::Submitted && of_creator => self.pay(deal, S::Accepted),
            E::CreatorTimeout if deal.state == S::Submitted && late => self.pay(deal, S::CreatorTimedOut),
            E::Challenge if deal.state == S::Submitted && of_creator && !late => {
                (!deal.terms.mediators.is_empty()).then_some(())?;
                let bond = 2 * deal.fee();
                self.of(by).balance = self.of(by).balance.checked_sub(bond)?;
                deal.challenger = by;
                deal.go(S::Challenged, now, windows.mediate_ms);
            }
            _ => self.mediate(by, now, deal, event)?,
        }
        Some(())
    }

    fn mediate(&mut self, by: u8, now: u64, deal: &mut Deal, event: DealEvent) -> Option<()> {
        use DealEvent as E;
        use EscrowState as S;
        let window = deal.terms.windows.mediate_ms;
        let late = now >= deal.deadline;
        let naming = matches!(deal.state, S::Challenged | S::Mismatched);
        let mediating = matches!(deal.state, S::Mediating | S::Remediating);
        let named = mediating && deal.named == Some(by);
        let nobody_left = deal.asked.len() == deal.terms.mediators.len();
        match event {
            E::Appoint { mediator } if naming && by == SOLVER => {
                let mediator = byte(mediator);
                (deal.terms.mediators.contains(address(mediator)) && !deal.asked.contains(&mediator))
                    .then_some(())?;
                deal.asked.push(mediator);
                deal.named = Some(mediator);
                let second = deal.mismatch.is_some();
                deal.go(if second { S::Remediating } else { S::Mediating }, now, window);
            }
            E::SolverTimeout if naming && late => self.give_back(deal),
            E::Match if named => {
                let mut bond = 2 * deal.fee();
                for mediator in deal.mismatch.into_iter().chain([by]) {
                    self.of(mediator).balance += deal.fee();
                    bond -= deal.fee();
                }
                self.of(deal.challenger).balance += bond;
                self.pay(deal, S::Upheld);
            }
            E::Mismatch { .. } if named => self.mismatch(by, now, deal),
            E::CouldNotCheck | E::MediatorTimeout
                if (event == E::CouldNotCheck && named)
                    || (event == E::MediatorTimeout && mediating && late) =>
            {
                if nobody_left {
                    self.give_back(deal);
                } else {
                    let second = deal.mismatch.is_some();
                    deal.go(if second { S::Mismatched } else { S::Challenged }, now, window);
                }
            }
            _ => return None,
        }
        if !matches!(event, E::Appoint { .. }) {
            deal.named = None;
        }
        Some(())
    }

    fn mismatch(&mut self, by: u8, now: u64, deal: &mut Deal) {
        match deal.mismatch {
            Some(first) => {
                self.slash(deal, &[first, by]);
                self.of(deal.challenger).balance += 2 * deal.fee();
                self.refund(deal, EscrowState::Rejected);
            }
            None if deal.asked.len() == deal.terms.mediators.len() => self.give_back(deal),
            None => {
                deal.mismatch = Some(by);
                deal.go(EscrowState::Mismatched, now, deal.terms.windows.mediate_ms);
            }
        }
    }

    fn pay(&mut self, deal: &mut Deal, end: EscrowState) {
        let work = deal.work();
        let author = deal.terms.author.map_or(0, |author| part(work, author.share));
        let fee = part(work, deal.terms.solver_fee);
        if let Some(known) = deal.terms.author {
            self.of(byte(known.address)).balance += author;
        }
        self.of(SOLVER).balance += fee;
        self.of(deal.provider).balance += work - author - fee;
        self.of(deal.creator).balance += deal.cap() - work;
        self.of(deal.provider).locked -= deal.collateral();
        deal.state = end;
    }

    fn refund(&mut self, deal: &mut Deal, end: EscrowState) {
        self.of(deal.creator).balance += deal.cap();
        self.of(deal.provider).locked -= deal.collateral();
        deal.state = end;
    }

    fn give_back(&mut self, deal: &mut Deal) {
        self.of(deal.challenger).balance += 2 * deal.fee();
        self.refund(deal, EscrowState::Undecided);
    }

    fn slash(&mut self, deal: &Deal, mediators: &[u8]) {
        let burned = self.burn_of(deal.collateral());
        self.of(deal.provider).stake -= deal.collateral();
        self.burned += burned;
        for mediator in mediators {
            self.of(*mediator).balance += deal.fee();
        }
        self.of(deal.creator).balance += deal.collateral() - burned - deal.fee() * mediators.len() as u128;
    }

    /// At least the share: rounded up.
    fn burn_of(&self, collateral: u128) -> u128 {
        let (numerator, denominator) = (self.burned_share.numerator(), self.burned_share.denominator().get());
        (collateral * u128::from(numerator)).div_ceil(u128::from(denominator))
    }
}

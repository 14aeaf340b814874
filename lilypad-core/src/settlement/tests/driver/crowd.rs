//! Who asks for what: mostly what could be meant, and one time in ten something that could not.

use super::model::Deal;
use super::*;

const CREATORS: [u8; 4] = [2, 8, 9, 10];
const PROVIDERS: [u8; 4] = [3, 11, 12, 13];
const MEDIATING: [u8; 5] = [5, 6, 7, 9, 14];
const AUTHORS: [u8; 5] = [4, 4, 4, 2, 5];

pub(super) struct Crowd {
    pub(super) random: Random,
    pub(super) now: u64,
    agreed: u64,
    /// The deals that went through, and one that perhaps did.
    ids: Vec<DealId>,
    asked: Option<DealId>,
}

/// Everybody brings money, so that none of the largest amounts ever fits.
pub(super) fn purses(random: &mut Random) -> Vec<(u8, Command)> {
    let mut purses = Vec::new();
    for byte in 1..=ACCOUNTS {
        let amount = wei(u128::from(1 + random.below(1 << 40)));
        purses.push((byte, Command::Deposit { account: address(byte), amount }));
    }
    for byte in PROVIDERS {
        purses.push((byte, Command::Stake { amount: wei(u128::from(random.below(1 << 38))) }));
    }
    purses
}

impl Crowd {
    pub(super) fn new(random: Random) -> Self {
        Self { random, now: START, agreed: 0, ids: Vec::new(), asked: None }
    }

    /// The next command, who asks and when.
    pub(super) fn next(&mut self, model: &Model) -> (u8, u64, Command) {
        self.now += self.random.below(6);
        self.ids.extend(self.asked.take().filter(|id| model.deals.contains_key(id)));
        let anybody = self.random.account();
        let (by, command) = match self.random.below(100) {
            0..4 => {
                let account = address(self.random.account());
                (anybody, Command::Deposit { account, amount: self.amount(1 << 30) })
            }
            4..7 => {
                (anybody, Command::Withdraw { amount: self.amount(model.accounts[&anybody].balance / 8) })
            }
            7..12 => (anybody, Command::Stake { amount: self.amount(model.accounts[&anybody].balance / 4) }),
            12..15 => {
                let account = &model.accounts[&anybody];
                (anybody, Command::Unstake { amount: self.amount((account.stake - account.locked) / 4) })
            }
            15..18 => (anybody, Command::ClaimUnbonded),
            18..32 => self.agreement(),
            _ => self.event(model),
        };
        // Now and then somebody's clock is behind.
        let now = if self.random.one_in(100) { self.now - self.random.below(50) } else { self.now };
        (by, now, command)
    }

    /// Up to about `usual`; sometimes nothing, one, or far too much.
    fn amount(&mut self, usual: u128) -> Amount {
        match self.random.below(40) {
            0 => Amount::ZERO,
            1 => wei(1),
            2 => Amount::MAX,
            3 => wei(1 << 100),
            _ => wei(u128::from(self.random.next()) % usual.max(1)),
        }
    }

    fn share(&mut self) -> Share {
        let below = self.random.pick(&[1, 2, 3, 1_000, 3_000_000]);
        let above = if self.random.one_in(30) {
            below
        } else {
            self.random.below(u64::from(below).div_ceil(4)) as u32
        };
        share(above, below)
    }

    fn agreement(&mut self) -> (u8, Command) {
        let by = if self.random.one_in(20) { self.random.account() } else { SOLVER };
        let mut id = deal_id(&self.agreed.to_string());
        if self.random.one_in(20) && !self.ids.is_empty() {
            id = self.random.pick(&self.ids.clone());
        } else {
            self.agreed += 1;
            self.asked = Some(id);
        }
        let mut parties = Parties {
            job_creator: address(self.random.pick(&CREATORS)),
            provider: address(self.random.pick(&PROVIDERS)),
        };
        if self.random.one_in(20) {
            parties.provider = parties.job_creator;
        }
        (by, Command::Agree { deal: id, parties, terms: self.terms() })
    }

    fn terms(&mut self) -> Terms {
        let provider_collateral = if self.random.one_in(8) { Amount::ZERO } else { self.amount(1 << 24) };
        let kept = provider_collateral.as_wei().unwrap_or(0) / 8;
        let mediation_fee = if self.random.one_in(20) { wei(kept + 2) } else { wei(kept.min(1 << 20)) };
        let mut members = MEDIATING[self.random.below(3) as usize..].to_vec();
        members.truncate(self.random.pick(&[0, 1, 2, 2, 3, 3, 4, 5]));
        let members: Vec<Address> = members.into_iter().map(address).collect();
        let window = |random: &mut Random| if random.one_in(400) { 0 } else { 1 + random.below(300) };
        let author = self.random.one_in(2).then(|| self.random.pick(&AUTHORS));
        Terms {
            rate: rate(wei(u128::from(self.random.below(1 << 20))), 1 + self.random.below(1 << 10)),
            unit: self.random.pick(&WorkUnit::ALL),
            price_cap: if self.random.one_in(8) { Amount::ZERO } else { self.amount(1 << 26) },
            provider_collateral,
            author: author.map(|byte| Author { address: address(byte), share: self.share() }),
            solver_fee: self.share(),
            mediation_fee,
            mediators: Panel::new(&members).unwrap(),
            windows: Windows {
                submit_ms: window(&mut self.random),
                cancel_ms: window(&mut self.random),
                judge_ms: window(&mut self.random),
                mediate_ms: window(&mut self.random),
            },
        }
    }

    fn event(&mut self, model: &Model) -> (u8, Command) {
        // The latest deals are open the most.
        let recent = self.ids.len().min(10) as u64;
        let back = if self.random.one_in(30) { self.ids.len() as u64 } else { recent };
        let at = self.ids.len() as u64 - back + self.random.below(back);
        let known = self.ids.get(at as usize).filter(|_| !self.random.one_in(60));
        let Some((deal, known)) = known.and_then(|id| model.deals.get_key_value(id)) else {
            let command = Command::Deal { deal: deal_id("none"), epoch: 1, event: DealEvent::Accept };
            return (self.random.account(), command);
        };
        let deal = *deal;
        let event = if self.random.one_in(12) { self.any_event() } else { self.usual_event(known) };
        if event == known.timeout() && known.is_open() {
            let wanted = known.deadline + self.random.below(3) - 1;
            self.now = self.now.max(wanted);
        }
        let by = if self.random.one_in(12) { self.random.account() } else { self.rightful(known, &event) };
        let epoch = if self.random.one_in(25) { known.epoch ^ 1 } else { known.epoch };
        (by, Command::Deal { deal, epoch, event })
    }

    fn units(&mut self) -> u64 {
        match self.random.below(8) {
            0 => 0,
            1 => u64::MAX,
            2..6 => 1,
            _ => self.random.below(1 << 20),
        }
    }

    fn any_event(&mut self) -> DealEvent {
        use DealEvent as E;
        let work_units = self.units();
        let mediator = address(self.random.account());
        self.random.pick(&[
            E::Submit { work_units },
            E::Accept,
            E::RequestCancel,
            E::CancelByCreator { work_units },
            E::CancelByProvider,
            E::Fail { work_units },
            E::Challenge,
            E::Appoint { mediator },
            E::Match,
            E::Mismatch { evidence: Cid::of_block(b"other") },
            E::CouldNotCheck,
            E::ProviderTimeout,
            E::CreatorTimeout,
            E::SolverTimeout,
            E::MediatorTimeout,
        ])
    }

    fn usual_event(&mut self, deal: &Deal) -> DealEvent {
        use DealEvent as E;
        if deal.is_open() && self.random.one_in(12) {
            return deal.timeout();
        }
        let work_units = self.units();
        let submit = E::Submit { work_units };
        let mismatch = E::Mismatch { evidence: Cid::of_block(b"other") };
        match deal.state {
            EscrowState::Agreed => {
                let (cancel, fail) = (E::CancelByProvider, E::Fail { work_units });
                self.random.pick(&[submit, submit, submit, submit, submit, E::RequestCancel, cancel, fail])
            }
            EscrowState::Cancelling => {
                let stopped = E::CancelByCreator { work_units };
                self.random.pick(&[submit, stopped, stopped, E::CancelByProvider, E::Fail { work_units }])
            }
            EscrowState::Submitted => {
                self.random.pick(&[E::Accept, E::Challenge, E::Challenge, E::Challenge, E::Challenge])
            }
            EscrowState::Challenged | EscrowState::Mismatched => {
                let panel = deal.terms.mediators.members();
                let mediator = if self.random.one_in(8) { address(9) } else { self.random.pick(panel) };
                E::Appoint { mediator }
            }
            EscrowState::Mediating | EscrowState::Remediating => {
                self.random.pick(&[E::Match, mismatch, mismatch, mismatch, mismatch, E::CouldNotCheck])
            }
            _ => self.any_event(),
        }
    }

    fn rightful(&mut self, deal: &Deal, event: &DealEvent) -> u8 {
        match event.kind() {
            EventKind::Submit | EventKind::CancelByProvider => self.random.pick(&[deal.provider, SOLVER]),
            EventKind::Accept | EventKind::RequestCancel | EventKind::Challenge => {
                self.random.pick(&[deal.creator, deal.creator, SOLVER])
            }
            EventKind::Fail | EventKind::CancelByCreator | EventKind::Appoint => SOLVER,
            EventKind::Match | EventKind::Mismatch | EventKind::CouldNotCheck => {
                deal.named.unwrap_or_else(|| self.random.account())
            }
            _ => self.random.account(),
        }
    }
}

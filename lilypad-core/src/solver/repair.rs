//! What a job that was cut off needs, as the ledger says: one table.

use crate::model::AgreementState;
use crate::settlement::EscrowState;

/// How far a job that has not ended was when it was saved last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It looks for an offer.
    Waiting,
    /// An offer is reserved; the ledger may know of the deal.
    Reserved,
    /// Its provider runs it.
    Running,
    /// A result was checked and kept; the ledger may know of it.
    Delivered,
    /// The job creator has the result to judge.
    Submitted,
    /// Final, though not among those that have ended yet.
    Final,
}

impl Phase {
    pub(super) fn of(state: AgreementState, reserved: bool, delivery: bool) -> Self {
        match state {
            AgreementState::DealNegotiating if reserved => Self::Reserved,
            AgreementState::DealNegotiating => Self::Waiting,
            AgreementState::DealAgreed if delivery => Self::Delivered,
            AgreementState::DealAgreed => Self::Running,
            _ if state.is_terminal() => Self::Final,
            _ => Self::Submitted,
        }
    }
}

/// What is done with it. The ledger is right about money: a job goes where its deal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It looks for an offer, again or still.
    Wait,
    /// The deal was made: the job runs. Then the next step is looked for.
    Agree,
    /// It runs on; its timers are set again.
    Run,
    /// The ledger is told of the kept result.
    Deliver,
    /// The kept result is written down. Then the next step is looked for.
    Record,
    /// It waits for its job creator; the timer is set again.
    Judge,
    /// It was paid as accepted.
    Accepted,
    /// It was paid because nobody judged it.
    CreatorSilent,
    /// It was given back because its provider was silent.
    ProviderSilent,
    /// Its provider gave it back.
    Refused,
    /// It is over already.
    End,
    /// The ledger says what no order of writes of this solver leaves behind: it ends without a result, and the money stays
    /// where the ledger has it.
    Lost,
}

/// The table: what to do with a job in this phase whose deal is in this state; none where the ledger knows no such deal.
pub(super) fn step(phase: Phase, deal: Option<EscrowState>) -> Step {
    use EscrowState as Deal;
    match (phase, deal) {
        (Phase::Final, _) => Step::End,
        (Phase::Waiting, _) | (Phase::Reserved, None) => Step::Wait,
        (Phase::Reserved, Some(_)) => Step::Agree,
        (Phase::Running, Some(Deal::Agreed | Deal::Cancelling)) => Step::Run,
        (Phase::Running | Phase::Delivered, Some(Deal::CancelledByProvider)) => Step::Refused,
        (Phase::Running | Phase::Delivered, Some(Deal::ProviderTimedOut)) => Step::ProviderSilent,
        (Phase::Delivered, Some(Deal::Agreed | Deal::Cancelling)) => Step::Deliver,
        // Everything else that a deal can become comes after its result.
        (Phase::Delivered, Some(_)) => Step::Record,
        (Phase::Submitted, Some(Deal::Accepted)) => Step::Accepted,
        (Phase::Submitted, Some(Deal::CreatorTimedOut)) => Step::CreatorSilent,
        (
            Phase::Submitted,
            Some(Deal::Submitted | Deal::Challenged | Deal::Mediating | Deal::Mismatched | Deal::Remediating),
        ) => Step::Judge,
        (Phase::Running | Phase::Delivered | Phase::Submitted, _) => Step::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASES: [Phase; 6] =
        [Phase::Waiting, Phase::Reserved, Phase::Running, Phase::Delivered, Phase::Submitted, Phase::Final];

    /// For each phase: the step without a deal, then for each state of a deal in the order of `EscrowState::ALL`.
    /// W wait, A agree, R run, D deliver, N record, J judge, P accepted, C creator silent, S provider silent, B refused,
    /// E end, L lost.
    const TABLE: [(&str, &str); 6] = [
        ("W", "WWWWWWWWWWWWWWWW"),
        ("W", "AAAAAAAAAAAAAAAA"),
        ("L", "RRLLLLLLLBLSLLLL"),
        ("L", "DDNNNNNNNBNSNNNN"),
        ("L", "LLJJJJJPLLLLCLLL"),
        ("E", "EEEEEEEEEEEEEEEE"),
    ];

    fn letter(step: Step) -> char {
        match step {
            Step::Wait => 'W',
            Step::Agree => 'A',
            Step::Run => 'R',
            Step::Deliver => 'D',
            Step::Record => 'N',
            Step::Judge => 'J',
            Step::Accepted => 'P',
            Step::CreatorSilent => 'C',
            Step::ProviderSilent => 'S',
            Step::Refused => 'B',
            Step::End => 'E',
            Step::Lost => 'L',
        }
    }

    #[test]
    fn each_pair_has_its_step() {
        for (phase, (alone, with)) in PHASES.into_iter().zip(TABLE) {
            assert_eq!(letter(step(phase, None)).to_string(), alone, "{phase:?}");
            let found: String =
                EscrowState::ALL.into_iter().map(|state| letter(step(phase, Some(state)))).collect();
            assert_eq!(found, with, "{phase:?}");
        }
    }

    #[test]
    fn the_phase_is_read_off_the_job() {
        use AgreementState as State;
        assert_eq!(Phase::of(State::DealNegotiating, false, false), Phase::Waiting);
        assert_eq!(Phase::of(State::DealNegotiating, true, false), Phase::Reserved);
        assert_eq!(Phase::of(State::DealAgreed, false, false), Phase::Running);
        assert_eq!(Phase::of(State::DealAgreed, false, true), Phase::Delivered);
        assert_eq!(Phase::of(State::ResultsSubmitted, false, false), Phase::Submitted);
        assert_eq!(Phase::of(State::JobTimedOut, false, true), Phase::Final);
    }
}

//! The rules of money as a pure state machine, and the ledger that keeps it.

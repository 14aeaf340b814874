//! Pure matching and pricing: one function per rule, verdicts, selection, explanations.

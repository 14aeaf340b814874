//! The market against the rules' edges, cases from outside, and brute force.

mod policy;

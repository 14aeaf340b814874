//! Keys, EIP-712 digests, signatures and receipts.

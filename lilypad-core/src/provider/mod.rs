//! The embeddable resource provider.

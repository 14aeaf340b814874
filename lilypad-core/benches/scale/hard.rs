//! Books that are made to be hard: which of them make a search look at more than a logarithm of the book.

pub(crate) fn all() {}

//! Reading and writing sets of files on disk, within limits and without following links.

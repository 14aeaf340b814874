//! The job creator: submit, watch, wait, cancel, download, verify.

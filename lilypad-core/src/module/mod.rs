//! From a name to a validated job: reference, source, bundle, template, manifest, lint.

//! Fetching one commit of a module from git, over https only, without a clone.
//!
//! A fetch speaks protocol version 2: it asks for the one ref, then for the one commit without its history, and
//! recomputes the hash of every object that comes. There is no work tree, so hooks, filters, attributes, submodules,
//! LFS and git's configuration have nothing to act on; files are read out of the objects in memory.
//!
//! Layout: `fetcher` the one entry; `policy` what it may reach and use; `egress` which addresses are allowed; `budget`
//! time, bytes and patience; `transport`, `http`, `packet`, `remote` the way to the server; `pack`, `delta`, `object`
//! from bytes to verified objects; `commit` the tree that modules are read from; `cache` what stays on disk.

mod budget;
mod cache;
mod commit;
mod delta;
mod egress;
mod fetcher;
mod http;
mod object;
mod pack;
mod packet;
mod policy;
mod remote;
mod site;
mod transport;

pub use commit::GitCommit;
pub use fetcher::GitFetcher;
pub use policy::GitPolicy;

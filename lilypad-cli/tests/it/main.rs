//! The `lilypad` command as its users meet it: the real binary, real modules, real folders.

#[cfg(test)]
mod big;
#[cfg(test)]
mod bucket;
#[cfg(test)]
mod check;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod commands;
#[cfg(all(unix, feature = "crash-points"))]
#[cfg(test)]
mod crash;
#[cfg(all(target_os = "linux", feature = "executor-cuda"))]
#[cfg(test)]
mod cuda;
#[cfg(test)]
mod database;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod disk;
#[cfg(test)]
#[cfg(unix)]
mod docker;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http;
#[cfg(test)]
mod lies;
#[cfg(test)]
mod modules;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod net;
#[cfg(test)]
mod networks;
#[cfg(test)]
mod old;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod quote;
#[cfg(all(unix, feature = "crash-points"))]
#[cfg(test)]
mod replay;
#[cfg(test)]
mod run;
#[cfg(test)]
mod says;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod stop;
#[cfg(unix)]
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod tool;
#[cfg(all(unix, feature = "otel"))]
#[cfg(test)]
mod traces;
#[cfg(test)]
mod v2;
#[cfg(test)]
mod waits;
#[cfg(test)]
mod wallet;

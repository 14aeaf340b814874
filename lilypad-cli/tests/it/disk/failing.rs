//! A disk that fails (T54): the first call that it does not keep stops the solver, whose answers say so.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Kept, accepted};
use crate::http::{PROVIDER_KEY, Role};
use crate::tool::{User, skipped};

/// Fails one call of the system under the store.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int seen;
static int fails(int fd, const char *kind) {
    const char *order = getenv("FAIL");
    size_t length = strlen(kind);
    if (!order || strncmp(order, kind, length) || order[length] != ':') return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t read = readlink(link, path, sizeof path - 1);
    if (read < 0) return 0;
    path[read] = 0;
    if (!strstr(path, "solver.sqlite")) return 0;
    return __sync_add_and_fetch(&seen, 1) == atoi(order + length + 1);
}
#define NEXT(type, name) type real = (type)dlsym(RTLD_NEXT, name)
typedef int (*sync_call)(int);
typedef ssize_t (*write_call)(int, const void *, size_t);
typedef ssize_t (*place_call)(int, const void *, size_t, off64_t);
#define SYNC(name) int name(int fd) { NEXT(sync_call, #name); if (fails(fd, "sync")) { errno = EIO; return -1; } return real(fd); }
SYNC(fsync)
SYNC(fdatasync)
ssize_t write(int fd, const void *bytes, size_t count) {
    NEXT(write_call, "write");
    if (fails(fd, "write")) { errno = ENOSPC; return -1; }
    return real(fd, bytes, count);
}
#define PLACE(name) ssize_t name(int fd, const void *bytes, size_t count, off64_t at) { NEXT(place_call, #name); if (fails(fd, "write")) { errno = ENOSPC; return -1; } return real(fd, bytes, count, at); }
PLACE(pwrite64)
"#;

fn shim(test: &str, user: &User) -> Option<PathBuf> {
    let (source, built) = (user.path("shim.c"), user.path("shim.so"));
    fs::write(&source, SHIM).unwrap();
    let mut build = Command::new("cc");
    build.args(["-shared", "-fPIC", "-o"]).arg(&built).arg(&source).arg("-ldl");
    match build.output() {
        Ok(output) if output.status.success() => Some(built),
        Ok(output) => {
            skipped(test, &format!("cc does not build here: {}", String::from_utf8_lossy(&output.stderr)));
            None
        }
        Err(error) => {
            skipped(test, &format!("there is no C compiler: {error}"));
            None
        }
    }
}

#[test]
fn a_disk_that_fails_once_stops_the_solver_and_loses_nothing() {
    let test = "a_disk_that_fails_once_stops_the_solver_and_loses_nothing";
    let user = User::new();
    let Some(shim) = shim(test, &user) else { return };
    let store = user.path("solver.sqlite");
    let mut kept = Kept::new(user, &store);
    assert!(kept.start(&[]));
    let first = kept.provider();
    let mut told = vec![accepted(&kept.run()).unwrap()];
    drop(first);
    let mut met = 0;
    for (kind, moments) in [("sync", [1, 5, 13, 21]), ("write", [2, 8, 21, 34])] {
        for at in moments {
            let env = [("LD_PRELOAD", shim.to_string_lossy().into_owned()), ("FAIL", format!("{kind}:{at}"))];
            let started = kept.start(&env);
            if started {
                // It may fail while the provider comes, or while a job runs.
                let url = kept.url();
                let mut call = kept.user.command(&["provider", "--network", &url, "--ram", "2000"]);
                let provider = Role::begin_or_end(&mut call, Some(PROVIDER_KEY));
                for _ in 0..3 {
                    let outcome = if provider.ready.is_null() { kept.ask(&["jobs"]) } else { kept.run() };
                    match accepted(&outcome).filter(|_| !provider.ready.is_null()) {
                        Some(job) => told.push(job),
                        None => {
                            assert!(outcome.stderr.contains("store does not work"), "{}", outcome.stderr);
                            met += 1;
                            break;
                        }
                    }
                }
            } else {
                met += 1;
            }
            assert!(kept.start(&[]), "{kind} {at}: it starts again");
            let provider = kept.provider();
            told.push(accepted(&kept.run()).unwrap_or_else(|| panic!("{kind} {at}: it goes on")));
            drop(provider);
        }
    }
    // Jobs on which their creator gave up go on, and are paid like all others.
    let _provider = kept.provider();
    let jobs = kept.ask(&["jobs"]).ends_with(0).json()["jobs"].as_array().unwrap().clone();
    let goes_on = |job: &&serde_json::Value| {
        let state = job["state"].as_str().unwrap();
        ["JobOfferNegotiating", "DealNegotiating", "DealAgreed", "ResultsSubmitted", "Downloading"]
            .contains(&state)
    };
    for job in jobs.iter().filter(goes_on) {
        let id = job["job_id"].as_str().unwrap().to_owned();
        assert_eq!(kept.ask(&["resume", &id]).ends_with(0).json()["state"], "ResultsAccepted");
        told.push(id);
    }
    assert!(met >= 6, "{met} of 8 failures were met: too few to be true");
    kept.is_whole(&told);
    println!("{test}: {met} of 8 failures, {} jobs", told.len());
}

//! What a job can reach from inside: nothing (catalogue T28, T29).

use super::support::{Bench, sh};
use crate::executor::StopReason;
use crate::model::NetworkPolicy;

async fn says(bench: &Bench, script: &str) -> String {
    let (outcome, told) = bench.run(sh(script)).await.unwrap();
    assert_eq!(outcome.stop, StopReason::Exited(0), "{told:?}");
    String::from_utf8(outcome.results.get("stdout").unwrap().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn t29_privileges_are_dropped() {
    let Some(bench) = Bench::start("t29_privileges_are_dropped").await else { return };
    let status = says(&bench, "cat /proc/self/status; id -u; id -g").await;
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(line), "{line}\n{status}");
    }
    assert!(!status.ends_with("\n0\n0\n"), "it does not run as root: {status}");
    // Each with its own way of failing: the program is there, and may not do it.
    let probes = [
        ("mount", "mount -t tmpfs none /tmp"),
        ("mknod", "mknod /tmp/mem c 1 1"),
        ("chroot", "chroot / /bin/true"),
        ("unshare", "unshare -r true"),
        ("host name", "hostname other"),
        ("sysrq", "echo b > /proc/sysrq-trigger"),
        ("core pattern", "echo x > /proc/sys/kernel/core_pattern"),
        ("socket of the engine", "ls /var/run/docker.sock /run/docker.sock"),
        ("memory of the machine", "dd if=/dev/mem of=/dev/null bs=1 count=1"),
        ("control groups", "mkdir /sys/fs/cgroup/x || mkdir /sys/fs/cgroup/memory/x"),
        ("clock", "date -s 2020-01-01; [ $(date +%Y) = 2020 ]"),
        ("other processes", "kill -0 2 || [ $(ls -d /proc/[0-9]* | wc -l) -gt 8 ]"),
    ];
    let script: String = probes.iter().fold(String::new(), |script, (name, probe)| {
        format!("{script}( {probe} ) >/dev/null 2>&1 && echo 'not denied: {name}'\n")
    });
    assert_eq!(says(&bench, &format!("{script}\nexit 0")).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_there_is_no_network() {
    let Some(bench) = Bench::start("t28_there_is_no_network").await else { return };
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "ls /sys/class/net; for host in 127.0.0.1 172.17.0.1 169.254.169.254; do \
         nc -w 1 $host {port} </dev/null >/dev/null 2>&1 && echo reached $host; done; \
         nslookup example.com >/dev/null 2>&1 && echo resolved; exit 0"
    );
    assert_eq!(says(&bench, &script).await, "lo\n");

    let mut request = sh("true");
    request.network = NetworkPolicy::Full;
    assert_eq!(bench.run(request).await.unwrap_err().code(), "E_CONTAINER_NETWORK");
    let mut request = sh("true");
    request.network = NetworkPolicy::Domains(vec!["example.com".to_owned()]);
    assert_eq!(bench.run(request).await.unwrap_err().code(), "E_CONTAINER_NETWORK");
}

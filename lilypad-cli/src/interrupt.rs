//! Ctrl-C and SIGTERM: the first asks the job to stop, the second stops at once.

use std::process::exit;

use crate::report::Report;

/// Waits for the first request to stop.
pub(crate) async fn requested() {
    let terminated = async {
        #[cfg(unix)]
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => if result.is_err() {
            // Without a handler the system's default stops the process: nothing to wait for.
            std::future::pending::<()>().await;
        },
        () = terminated => {}
    }
}

/// From now on another request stops at once.
pub(crate) fn insist(report: &Report) {
    report.say("  cancelling; press Ctrl-C again to stop at once");
    tokio::spawn(async {
        requested().await;
        exit(130);
    });
}

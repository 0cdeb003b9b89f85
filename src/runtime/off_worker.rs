//! Runs work on a large mail off the worker: base64, JSON, MIME and signatures of megabytes would hold up other mails.
//!
//! The worker's other tasks move to another thread meanwhile (`block_in_place`). A small mail is not worth that.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use crate::runtime::telemetry;

/// Work on more bytes than this is done off the worker.
const LARGE: usize = 256 * 1024;

/// Runs `work`, which takes time in proportion to `bytes`.
pub fn off_worker<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_other_threads =
        || Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if bytes <= LARGE || !has_other_threads() {
        return work();
    }
    let result = block_in_place(work);
    // This thread ends its task as no worker, so it will not flush its lines by parking.
    telemetry::stop_deferring();
    result
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    /// With one worker: the work waits for another task of that worker, which so can only run elsewhere.
    fn others_run_during(bytes: usize) -> bool {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let working = tokio::spawn(async move {
                let (tell, told) = channel();
                tokio::spawn(async move { tell.send(()) });
                off_worker(bytes, || told.recv_timeout(Duration::from_millis(200)).is_ok())
            });
            working.await.unwrap()
        })
    }

    #[test]
    fn while_a_large_mail_is_worked_on_the_workers_other_tasks_run() {
        assert!(others_run_during(LARGE + 1));
        assert!(!others_run_during(LARGE), "a control: a small one is worked on in place");
    }

    #[tokio::test]
    async fn without_other_threads_the_work_is_done_in_place() {
        assert_eq!(off_worker(LARGE + 1, || 7), 7);
    }
}

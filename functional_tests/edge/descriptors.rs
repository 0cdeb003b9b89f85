//! L-fd: out of file descriptors, a node neither ends nor spins, and serves again as soon as there are some; so it does
//! with whatever else may come in the way of a connection.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::harness::lag::Lag;
use crate::harness::settings::API_KEY;
use crate::harness::tool::is_here;
use crate::harness::wait::when;
use crate::harness::{Client, Process, Proxy, Settings, eventually, mails, report};

const FILES: usize = 64;
const CLIENTS: usize = 500;
const FAILURES: usize = 10;
/// Long enough to see a loop that asks again and again: that takes a whole core.
const LOOK: Duration = Duration::from_secs(2);

#[tokio::test]
async fn out_of_descriptors_a_node_lives_on_without_spinning_and_serves_again_at_once() {
    let settings = Settings::mock().with("SMSP_HEADER_TIMEOUT", "60s");
    let limit = format!("--nofile={FILES}");
    let mut proxy = Proxy::of(Process::smsp_behind(&["prlimit", &limit], &["serve"], &settings), &settings).await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(TcpStream::connect(proxy.api).await.expect("the kernel takes connections"));
    }
    eventually("it has no descriptor left", async || {
        let files = proxy.process.open_files();
        when(files >= FILES, || format!("{files} files"))
    })
    .await;
    let before = proxy.process.processor_time();
    sleep(LOOK).await;
    let took = proxy.process.processor_time() - before;
    assert!(took <= LOOK / 2, "{took:?} of processor time in {LOOK:?}");
    assert!(proxy.process.ended().is_none(), "it has ended");
    drop(clients);
    let (lag, start) = (Lag::measure(), Instant::now());
    let client = Client::new(&format!("http://{}", proxy.api), API_KEY);
    client.send(&mails::plain()).await.expect(200);
    let (took, bar) = (start.elapsed(), Duration::from_secs(1) + lag.allowance());
    assert!(took <= bar, "{took:?}, at most {bar:?}");
}

/// What accept(2) may say on Linux, beside that there is nobody. strace lets it say so, to each thread so many times.
#[tokio::test]
#[ignore = "scripts/check --long runs it"]
async fn connection_is_accepted_after_any_accept_error() {
    if !is_here("strace", "strace") {
        return;
    }
    for error in ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EINTR", "EPERM", "EPROTO", "ENETDOWN"] {
        let inject = format!("inject=accept4:error={error}:when=1..{FAILURES}");
        // The tracer is the grandchild, and the child our binary.
        let strace = ["strace", "-D", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=accept4", "-e", &inject];
        let settings = Settings::mock();
        let proxy = Proxy::of(Process::smsp_behind(&strace, &["serve"], &settings), &settings).await;
        proxy.client.send(&mails::plain()).await.expect(200);
        let log = proxy.logs();
        let warnings = log.iter().filter(|line| line["message"] == "cannot accept connections").count();
        // That one connection is gone says nothing about the next, and nobody is told.
        let expected = usize::from(error != "ECONNABORTED");
        assert_eq!(warnings, expected, "{error}: one line for as long as it lasts: {log:#?}");
    }
    report("L-fd", "nine ways in which accept(2) fails are survived");
}

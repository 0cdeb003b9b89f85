//! L-fd: out of file descriptors, a node neither ends nor spins, and serves again as soon as there are some.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::harness::lag::Lag;
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Client, Process, Proxy, Settings, eventually, mails};

const FILES: usize = 64;
const CLIENTS: usize = 500;
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
    let stranger = Client::new(&format!("http://{}", proxy.api), API_KEY);
    stranger.send(&mails::plain()).await.expect(200);
    let (took, bar) = (start.elapsed(), Duration::from_secs(1) + lag.forgives());
    assert!(took <= bar, "{took:?}, at most {bar:?}");
}

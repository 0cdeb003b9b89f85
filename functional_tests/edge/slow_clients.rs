//! E-slow: a thousand clients that are slow in each way there is, while good ones send mail: all are cut in time, and
//! none of the good ones fails.
//!
//! slowhttptest makes three of the ways. The slow ones come by an address of their own, and whom the proxy has not cut
//! the kernel counts: a proxy that cuts nobody keeps a thousand.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::counting_provider::CountingProvider;
use super::load::Load;
use crate::harness::lag::Lag;
use crate::harness::procfs::unsent_to_callers_of;
use crate::harness::settings::API_KEY;
use crate::harness::tool::is_here;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Process, Proxy, eventually, report};

const SLOW: usize = 1000;
/// Good mails a second, and how long they are measured alone.
const GOOD: u32 = 50;
const ALONE: Duration = Duration::from_secs(6);
/// For a head, for a body, for an answer to be taken. Longer than it takes for all of them to come.
const LIMIT: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(1);
/// What the kernel keeps for each who does not read. It would take four MiB, and with a thousand of them it is so short
/// of memory for connections that good mails wait for seconds.
const UNSENT_KIB: usize = 512;

struct Scene {
    _provider: CountingProvider,
    proxy: Proxy,
    /// Where slow clients come in.
    listener: SocketAddrV4,
}

impl Scene {
    async fn set() -> Self {
        let provider = CountingProvider::start(Duration::ZERO);
        let limits = ["SMSP_HEADER_TIMEOUT", "SMSP_BODY_TIMEOUT", "SMSP_IDLE_TIMEOUT"];
        let settings = limits.iter().fold(provider.settings(), |all, name| all.with(name, &format!("{LIMIT:?}")));
        let proxy = Proxy::start(settings.with("SMSP_HOST", "0.0.0.0")).await;
        let listener = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), proxy.api.port());
        Self { _provider: provider, proxy, listener }
    }

    /// All of them within four seconds, and each connection then moves every second.
    fn slowhttptest(&self, path: &str, args: &[&str]) -> Process {
        let mut command = Command::new("slowhttptest");
        let (count, rate, url) = (SLOW.to_string(), (SLOW / 4).to_string(), format!("http://{}{path}", self.listener));
        command.args(["-c", &count, "-r", &rate, "-i", "1", "-l", "60", "-p", "60", "-u", &url]).args(args);
        Process::start(command)
    }

    /// The attack begins and goes on; all of it is cut in this time.
    async fn withstands<A>(self, name: &str, limit: Duration, attack: impl AsyncFnOnce(&Self) -> A) {
        let load = Load::on(self.proxy.api);
        let alone = load.during(ALONE, GOOD).await;
        let (good, lag) = (load.start(GOOD), Lag::measure());
        let _attack = attack(&self).await;
        eventually("all of them are connected", async || {
            let slow = unsent_to_callers_of(self.listener).len();
            when(slow >= SLOW, || format!("{slow} are here"))
        })
        .await;
        let (start, mut unsent) = (Instant::now(), 0);
        eventually_within(limit + GRACE + lag.allowance(), "all of them are cut", async || {
            let slow = unsent_to_callers_of(self.listener);
            unsent = slow.iter().copied().max().unwrap_or_default().max(unsent);
            when(slow.is_empty(), || format!("{} are left", slow.len()))
        })
        .await;
        let (took, good, unsent) = (start.elapsed(), good.stop().await, unsent / 1024);
        let cut = format!("{name}: {SLOW} cut in {took:.1?} of {limit:?}, {unsent} KiB unsent at the most");
        report("E-slow", &format!("{cut}; {}", good.beside(&alone)));
        good.expect_no_failure();
        assert!(unsent <= UNSENT_KIB, "the kernel keeps {unsent} KiB for a client who does not read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn silent_clients_are_cut() {
    let silent = async |scene: &Scene| {
        let mut silent = Vec::new();
        for _ in 0..SLOW {
            silent.push(TcpStream::connect(scene.listener).await.expect("the proxy takes connections"));
        }
        silent
    };
    Scene::set().await.withstands("silence", LIMIT, silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn slow_heads_are_cut() {
    if is_here("slowhttptest", "slowhttptest") {
        let attack = async |scene: &Scene| scene.slowhttptest("/email", &["-H"]);
        Scene::set().await.withstands("slow heads", LIMIT, attack).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn slow_bodies_are_cut() {
    if is_here("slowhttptest", "slowhttptest") {
        // It has no option for a key, and without one nobody waits for a body.
        let kind = format!("application/json\r\nx-api-key: {API_KEY}");
        let attack = async |scene: &Scene| scene.slowhttptest("/email", &["-B", "-s", "4096", "-f", &kind]);
        Scene::set().await.withstands("slow bodies", LIMIT, attack).await;
    }
}

/// They want two answers, and may have the time of both and of an idle connection behind them: the kernel takes as much
/// for them as it likes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn slow_readers_are_cut() {
    if is_here("slowhttptest", "slowhttptest") {
        // The longest answer there is, a byte a second.
        let args = ["-X", "-w", "1", "-y", "2", "-n", "1", "-z", "1", "-k", "2"];
        let attack = async |scene: &Scene| scene.slowhttptest("/swagger-ui/swagger-ui-bundle.js", &args);
        Scene::set().await.withstands("slow readers", LIMIT * 3, attack).await;
    }
}

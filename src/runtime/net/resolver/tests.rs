//! The resolver against a name server on loopback that says one thing, or nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::rr::{Name as DnsName, RecordType};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep};

use super::super::name_server::{self, Says, records};
use super::*;

const CONNECT: Duration = Duration::from_millis(1600);

/// What a name server says to the n-th query of a family.
type Script = fn(RecordType, usize) -> Says;

struct NameServer {
    resolver: Resolver,
    /// For addresses of version 4.
    queries: Arc<AtomicUsize>,
    _server: name_server::NameServer,
}

impl NameServer {
    async fn start(script: Script) -> Self {
        Self::with_search_list(script, &[]).await
    }

    async fn with_search_list(script: Script, domains: &[&str]) -> Self {
        let queries = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&queries);
        let server = name_server::NameServer::start(move |_, family| {
            script(family, counted.fetch_add(usize::from(family == RecordType::A), Ordering::SeqCst))
        })
        .await;
        let hosts = HostsFile::from("127.0.0.9 in-file in-file.example");
        let domains = domains.iter().map(|domain| DnsName::from_ascii(domain).unwrap()).collect();
        let config = server.config(domains);
        Self {
            resolver: Resolver::new(config, ResolverOpts::default(), hosts, CONNECT).unwrap(),
            queries,
            _server: server,
        }
    }

    async fn lookup(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = self.resolver.resolve(name.parse().unwrap()).await;
        found.map(|all| all.map(|address| address.ip()).collect()).map_err(|error| error.to_string())
    }

    fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }
}

/// An address of version 4; a name has none of version 6.
fn address(family: RecordType, ip: &str) -> Says {
    if family == RecordType::A { records([ip]) } else { Says::NoData }
}

fn ip(last: u8) -> Vec<IpAddr> {
    vec![IpAddr::from([127, 0, 0, last])]
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_remembered() {
    let server = NameServer::start(|family, _| address(family, "127.0.0.1")).await;
    for _ in 0..3 {
        assert_eq!(server.lookup("api.example.com").await, Ok(ip(1)));
    }
    assert_eq!(server.queries(), 1);
}

#[tokio::test]
async fn a_name_that_does_not_exist_or_cannot_be_looked_up_is_an_error() {
    for script in [(|_, _| Says::NoSuchName) as Script, |_, _| Says::ServerFailure] {
        let server = NameServer::start(script).await;
        assert!(server.lookup("api.example.com").await.is_err());
    }
}

/// The zone says that it may be remembered for an hour.
#[tokio::test]
async fn negative_dns_answer_is_cached_briefly() {
    let server = NameServer::start(|family, count| match count {
        0 => Says::NoSuchName,
        _ => address(family, "127.0.0.2"),
    })
    .await;
    let started = Instant::now();
    assert!(server.lookup("api.example.com").await.is_err());
    assert!(server.lookup("api.example.com").await.is_err());
    assert_eq!(server.queries(), 1);
    while server.lookup("api.example.com").await != Ok(ip(2)) {
        assert!(started.elapsed() < NEGATIVE_TTL * 5, "still remembered");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn name_server_failure_is_not_cached() {
    let failing = |family, count| if count < 2 { Says::ServerFailure } else { address(family, "127.0.0.2") };
    let server = NameServer::start(failing).await;
    assert!(server.lookup("api.example.com").await.is_err());
    assert_eq!(server.lookup("api.example.com").await, Ok(ip(2)));
}

#[tokio::test]
async fn a_lost_packet_is_asked_again_in_time() {
    let server =
        NameServer::start(|family, count| if count > 0 { address(family, "127.0.0.1") } else { Says::Silence }).await;
    let started = Instant::now();
    assert_eq!(server.lookup("api.example.com").await, Ok(ip(1)));
    assert!(started.elapsed() < CONNECT, "{:?}", started.elapsed());
}

#[tokio::test]
async fn one_family_without_an_answer_does_not_cost_the_other() {
    let server = NameServer::start(|family, _| match family {
        RecordType::A => records(["127.0.0.1"]),
        _ => Says::Silence,
    })
    .await;
    assert_eq!(server.lookup("api.example.com").await, Ok(ip(1)));
}

#[tokio::test]
async fn silence_is_an_error_before_the_connection_would_time_out() {
    let server = NameServer::with_search_list(|_, _| Says::Silence, &["a.example.", "b.example.", "c.example."]).await;
    let started = Instant::now();
    assert!(server.lookup("api.example.com").await.is_err());
    assert!(started.elapsed() < CONNECT, "{:?}", started.elapsed());
    assert!(server.queries() >= 2, "asked again");
}

#[tokio::test]
async fn the_hosts_file_and_localhost_need_no_name_server() {
    let server = NameServer::start(|_, _| Says::Silence).await;
    for name in ["in-file", "in-file.example", "IN-FILE.example"] {
        assert_eq!(server.lookup(name).await, Ok(ip(9)), "{name}");
    }
    let localhost = server.lookup("localhost").await.unwrap();
    assert!(!localhost.is_empty() && localhost.iter().all(IpAddr::is_loopback), "{localhost:?}");
    assert_eq!(server.queries(), 0);
}

#[test]
fn lookups_that_hang_leave_the_blocking_threads_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let server = Arc::new(NameServer::start(|_, _| Says::Silence).await);
        let mut lookups = JoinSet::new();
        for number in 0..100 {
            let server = Arc::clone(&server);
            lookups.spawn(async move { server.lookup(&format!("api{number}.example.com")).await });
        }
        // In turn: behind all of them.
        tokio::task::yield_now().await;
        spawn_blocking(|| ()).await.unwrap();
        assert!(lookups.try_join_next().is_none(), "a blocking task had to wait for a name server");
        assert!(lookups.join_all().await.iter().all(Result::is_err));
    });
}

//! Policies of a domain, by a name server and a policy host on loopback.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use hickory_resolver::proto::rr::RecordType;

use super::*;
use crate::runtime::net::guarded_client::fixture::{FileServer, http};
use crate::runtime::net::name_server::{NameServer, Says, records};

/// The policy host of `example.org`.
const HOST: &str = "mta-sts.example.org";

fn policy(mode: &str) -> String {
    http("200 OK", &format!("version: STSv1\nmode: {mode}\nmax_age: 86400\nmx: *.example.org\n"))
}

struct Setup {
    host: FileServer,
    /// For as long as it is asked.
    _names: NameServer,
    sts: MtaSts,
    /// Whether there is a record.
    is_recorded: Arc<AtomicBool>,
}

async fn setup(allow_private: bool, answer: impl Fn(usize) -> String + Send + 'static) -> Setup {
    let is_recorded = Arc::new(AtomicBool::new(true));
    let recorded = Arc::clone(&is_recorded);
    let names = NameServer::start(move |name, kind| match (name, kind) {
        (name, RecordType::TXT) if name == "_mta-sts.example.org" && recorded.load(Ordering::SeqCst) => {
            records(["v=STSv1; id=1;"])
        }
        (HOST, RecordType::A) => records(["127.0.0.1"]),
        (HOST, _) => Says::NoData,
        _ => Says::NoSuchName,
    });
    let (names, host) = (names.await, FileServer::start(HOST, answer).await);
    let dns = Arc::new(names.dns());
    let sts = MtaSts::new(Arc::clone(&dns), host.client(dns, allow_private));
    Setup { host, _names: names, sts, is_recorded }
}

#[tokio::test]
async fn enforce_holds_and_testing_and_none_change_nothing() {
    for (mode, holds) in [("enforce", true), ("testing", false), ("none", false)] {
        let setup = setup(true, move |_| policy(mode)).await;
        let held = setup.sts.enforced("example.org").await;
        assert_eq!(held.is_some_and(|policy| policy.permits("mx.example.org")), holds, "{mode}");
        assert_eq!(setup.host.requests(), 1, "{mode}");
    }
}

#[tokio::test]
async fn without_a_record_no_policy_is_fetched() {
    let setup = setup(true, |_| policy("enforce")).await;
    assert_eq!(setup.sts.enforced("other.example").await, None);
    setup.is_recorded.store(false, Ordering::SeqCst);
    assert_eq!(setup.sts.enforced("example.org").await, None);
    assert_eq!(setup.host.requests(), 0);
}

#[tokio::test]
async fn a_policy_host_with_a_private_address_is_not_asked_unless_that_is_allowed() {
    let setup = setup(false, |_| policy("enforce")).await;
    assert_eq!(setup.sts.enforced("example.org").await, None);
    assert_eq!(setup.host.requests(), 0);
}

#[tokio::test]
async fn many_mails_fetch_a_policy_once() {
    let setup = setup(true, |_| policy("enforce")).await;
    let held = join_all((0..20).map(|_| setup.sts.enforced("example.org"))).await;
    assert!(held.iter().all(Option::is_some));
    assert_eq!(setup.host.requests(), 1);
}

#[tokio::test]
async fn a_host_that_fails_is_asked_once_by_many_mails_and_none_waits_for_it_twice() {
    let setup = setup(true, |_| http("404 Not Found", "")).await;
    let held = join_all((0..20).map(|_| setup.sts.enforced("example.org"))).await;
    assert!(held.iter().all(Option::is_none));
    assert_eq!(setup.host.requests(), 1);
}

#[tokio::test]
async fn a_policy_stays_valid_when_its_record_disappears() {
    let setup = setup(true, |_| policy("enforce")).await;
    assert!(setup.sts.policy("example.org", Some("1")).await.is_some());
    setup.is_recorded.store(false, Ordering::SeqCst);
    assert!(setup.sts.enforced("example.org").await.is_some());
}

#[tokio::test]
async fn a_policy_stays_valid_while_the_fetch_of_the_next_fails() {
    let setup = setup(true, |request| if request == 0 { policy("enforce") } else { http("500 X", "") }).await;
    assert!(setup.sts.policy("example.org", Some("1")).await.is_some());
    assert!(setup.sts.policy("example.org", Some("2")).await.is_some());
    assert_eq!(setup.host.requests(), 2);
}

#[tokio::test]
async fn what_is_not_said_to_be_text_is_no_policy() {
    let setup = setup(true, |_| policy("enforce").replace("Text/Plain", "text/html")).await;
    assert_eq!(setup.sts.enforced("example.org").await, None);
}

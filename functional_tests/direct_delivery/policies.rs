//! MTA-STS (RFC 8461) from the record to the server: a name server, a policy host and mail servers of the test's own.

use std::net::Ipv4Addr;

use hickory_resolver::proto::rr::RecordType::{A, MX, TXT};
use tokio_rustls::rustls::ServerConfig;

use super::fixture::{queued, tells};
use super::named::{Node, zone};
use crate::harness::certificate_authority::self_signed;
use crate::harness::mx_host::{MxHost, own_address};
use crate::harness::policy_host::PolicyHost;
use crate::harness::{Authority, Settings};

const TAKEN: &str = "delivered smtp_250 2.0.0";

/// `a.example` with two servers, of which it prefers `mx1`, and a policy.
struct Domain {
    node: Node,
    policies: PolicyHost,
    first: MxHost,
    second: MxHost,
}

/// The certificates of `mx1`, of `mx2` and of the policy host.
type Certificates = fn(&Authority) -> [ServerConfig; 3];

fn good(authority: &Authority) -> [ServerConfig; 3] {
    ["mx1.a.example", "mx2.a.example", "mta-sts.a.example"].map(|host| authority.vouches_for(host))
}

impl Domain {
    /// With this mode, for these servers.
    async fn with(
        mode: &str,
        servers: &str,
        certificates: Certificates,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Option<Self> {
        let authority = Authority::new();
        let [of_first, of_second, of_policies] = certificates(&authority);
        let addresses: [Ipv4Addr; 3] = std::array::from_fn(|_| own_address());
        let first = MxHost::with_tls(addresses[0], "0", of_first).await;
        let second = MxHost::with_tls(addresses[1], &first.port(), of_second).await;
        let policy = format!("version: STSv1\r\nmode: {mode}\r\nmx: {servers}\r\nmax_age: 86400\r\n");
        let policies = PolicyHost::start(addresses[2], of_policies, &policy).await?;
        let [one, two, three] = addresses.map(|address| address.to_string());
        let says = zone(&[
            ("a.example", MX, "10 mx1.a.example."),
            ("a.example", MX, "20 mx2.a.example."),
            ("mx1.a.example", A, &one),
            ("mx2.a.example", A, &two),
            ("_mta-sts.a.example", TXT, "v=STSv1; id=1;"),
            ("mta-sts.a.example", A, &three),
        ]);
        let trusting = |settings: Settings| change(settings.with("SSL_CERT_FILE", &authority.path()));
        let node = Node::asking(says, &first.port(), trusting).await?;
        Some(Self { node, policies, first, second })
    }

    /// What is told of a mail, and how often each server has heard a mail begin, under TLS.
    async fn tells(&self, expected: &str) -> [usize; 2] {
        let id = queued(&self.node.proxy, "policy", &["x@a.example"]).await;
        tells(&self.node.proxy, &id, &[expected]).await;
        [&self.first, &self.second].map(|host| {
            let is_encrypted = host.heard("(TLS)") == host.heard("CONNECT");
            assert!(is_encrypted || host.heard("MAIL") == 0, "it went in clear");
            host.heard("MAIL")
        })
    }
}

fn unchanged(settings: Settings) -> Settings {
    settings
}

#[tokio::test]
async fn enforced_policy_lets_mail_go_to_the_servers_that_it_names_under_verified_tls() {
    let Some(domain) = Domain::with("enforce", "*.a.example", good, unchanged).await else { return };
    for mail in 1..=2 {
        assert_eq!(domain.tells(TAKEN).await, [mail, 0]);
    }
    assert_eq!(domain.policies.connections(), 1, "the policy is remembered");
}

#[tokio::test]
async fn enforced_policy_leaves_out_the_servers_that_it_does_not_name() {
    let Some(domain) = Domain::with("enforce", "mx2.a.example", good, unchanged).await else { return };
    assert_eq!(domain.tells(TAKEN).await, [0, 1]);
}

#[tokio::test]
async fn mail_waits_where_an_enforced_policy_names_none_of_the_servers() {
    let Some(domain) = Domain::with("enforce", "mx.b.example", good, unchanged).await else { return };
    assert_eq!(domain.tells("deferred mta_sts 4.7.0").await, [0, 0]);
    assert_eq!(domain.first.heard("CONNECT") + domain.second.heard("CONNECT"), 0);
}

#[tokio::test]
async fn mail_waits_where_an_enforced_policy_meets_a_certificate_that_proves_nothing() {
    let bad: Certificates = |authority| {
        let [.., policies] = good(authority);
        [self_signed("mx1.a.example"), authority.vouched_for("mx2.a.example"), policies]
    };
    let Some(domain) = Domain::with("enforce", "*.a.example", bad, unchanged).await else { return };
    assert_eq!(domain.tells("deferred tls -").await, [0, 0]);
}

#[tokio::test]
async fn policy_that_is_only_tested_holds_nothing_back() {
    let Some(domain) = Domain::with("testing", "mx.b.example", good, unchanged).await else { return };
    assert_eq!(domain.tells(TAKEN).await, [1, 0]);
    assert_eq!(domain.policies.connections(), 1);
}

#[tokio::test]
async fn policy_host_that_proves_nothing_is_not_believed() {
    let bad: Certificates = |authority| {
        let [first, second, _] = good(authority);
        [first, second, self_signed("mta-sts.a.example")]
    };
    let Some(domain) = Domain::with("enforce", "mx.b.example", bad, unchanged).await else { return };
    assert_eq!(domain.tells(TAKEN).await, [1, 0]);
    assert!(domain.policies.connections() > 0, "nobody asked it");
}

#[tokio::test]
async fn policy_host_at_a_private_address_is_not_connected_to_unless_that_is_allowed() {
    let usual = |settings: Settings| settings.without("SMSP_MX_ALLOW_PRIVATE");
    let Some(domain) = Domain::with("enforce", "mx.b.example", good, usual).await else { return };
    // That its servers are at private addresses is found out behind the policy, which would have kept them all away.
    assert_eq!(domain.tells("deferred private_address 4.4.4").await, [0, 0]);
    assert_eq!(domain.policies.connections(), 0);
}

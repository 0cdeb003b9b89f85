//! Where mail goes, by a name server on loopback: a test for each rule.

use hickory_resolver::proto::rr::RecordType;

use super::*;
use crate::runtime::net::name_server::{NameServer, Says, records};

/// What the node is called where that is not the point.
const OWN: &str = "out.example.org";

struct Setup {
    names: NameServer,
    hosts: &'static str,
    allow_private: bool,
}

/// A name server that says this of a name and a type.
async fn setup(script: fn(&str, RecordType) -> Says) -> Setup {
    Setup { names: NameServer::start(script).await, hosts: "", allow_private: false }
}

impl Setup {
    fn lookup(&self) -> Lookup {
        self.lookup_of(OWN)
    }

    /// What a node of this name looks up.
    fn lookup_of(&self, own_name: &str) -> Lookup {
        let (dns, hosts) = (Arc::new(self.names.dns()), self.hosts.parse().unwrap());
        Lookup::new(dns, hosts, 25, self.allow_private, own_name.to_owned())
    }

    /// `host address`, in order.
    async fn route(&self) -> Result<Vec<String>, NoRoute> {
        let lookup = self.lookup();
        let servers = lookup.servers("example.org", 7).await?;
        let targets = lookup.targets(&servers, None, 7).await?;
        Ok(targets.iter().map(|target| format!("{} {}", target.host, target.address.ip())).collect())
    }
}

fn lines(lines: &[&str]) -> Result<Vec<String>, NoRoute> {
    Ok(lines.iter().map(|&line| line.to_owned()).collect())
}

/// Two servers, the second first in the answer.
fn two(name: &str, kind: RecordType) -> Says {
    match (name, kind) {
        ("example.org", RecordType::MX) => records(["20 mx2.example.org", "10 mx1.example.org"]),
        ("mx1.example.org", RecordType::A) => records(["8.8.8.1"]),
        ("mx1.example.org", RecordType::AAAA) => records(["2600::1"]),
        ("mx2.example.org", RecordType::A) => records(["8.8.8.2"]),
        ("mx2.example.org", _) => Says::NoData,
        _ => Says::NoSuchName,
    }
}

#[tokio::test]
async fn servers_are_tried_by_preference_with_both_families() {
    let expected = lines(&["mx1.example.org 2600::1", "mx1.example.org 8.8.8.1", "mx2.example.org 8.8.8.2"]);
    assert_eq!(setup(two).await.route().await, expected);
}

#[tokio::test]
async fn a_domain_without_mx_records_is_its_own_server() {
    let setup = setup(|_, kind| if kind == RecordType::A { records(["8.8.8.8"]) } else { Says::NoData }).await;
    assert_eq!(setup.route().await, lines(&["example.org 8.8.8.8"]));
}

#[tokio::test]
async fn a_domain_that_does_not_exist_is_final() {
    let no_route = setup(|_, _| Says::NoSuchName).await.route().await.unwrap_err();
    assert_eq!((no_route, no_route.code(), no_route.is_permanent()), (NoRoute::NoSuchDomain, "5.1.2", true));
}

#[tokio::test]
async fn a_null_mx_is_final_and_no_address_is_asked_for() {
    let setup = setup(|_, kind| if kind == RecordType::MX { records(["0 ."]) } else { records(["8.8.8.8"]) }).await;
    let no_route = setup.route().await.unwrap_err();
    assert_eq!((no_route, no_route.code(), no_route.is_permanent()), (NoRoute::NullMx, "5.1.10", true));
    assert_eq!(setup.names.queries(), 1);
}

#[tokio::test]
async fn a_null_mx_beside_a_server_is_left_out() {
    let setup = setup(|name, kind| match kind {
        RecordType::MX => records(["0 .", "10 mx1.example.org"]),
        _ => two(name, kind),
    });
    assert_eq!(setup.await.route().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_domain_with_neither_servers_nor_an_address_is_final() {
    let no_route = setup(|_, _| Says::NoData).await.route().await.unwrap_err();
    assert_eq!((no_route, no_route.code(), no_route.is_permanent()), (NoRoute::NoServer, "5.4.4", true));
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_temporary() {
    for says in [|_: &str, _| Says::ServerFailure, |_: &str, _| Says::Silence, |_: &str, _| Says::Referral] {
        let no_route = setup(says).await.route().await.unwrap_err();
        assert_eq!((no_route, no_route.code(), no_route.is_permanent()), (NoRoute::NoAnswer, "4.4.3", false));
    }
    let implicit = |_: &str, kind| if kind == RecordType::MX { Says::NoData } else { Says::ServerFailure };
    assert_eq!(setup(implicit).await.route().await, Err(NoRoute::NoAnswer));
}

#[tokio::test]
async fn a_circle_of_aliases_is_temporary() {
    let setup = setup(|name, _| match name {
        "example.org" => Says::Alias("alias.example.org."),
        _ => Says::Alias("example.org."),
    })
    .await;
    let (lookup, begun) = (setup.lookup(), tokio::time::Instant::now());
    let no_route = lookup.servers("example.org", 7).await.unwrap_err();
    assert_eq!((no_route, no_route.is_permanent()), (NoRoute::NoAnswer, false));
    assert_eq!(lookup.judged(no_route, begun), NoRoute::NoAnswer, "a name server was heard, so the attempt counts");
}

#[tokio::test]
async fn a_server_whose_name_does_not_exist_is_left_out() {
    let setup = setup(|name, kind| match (name, kind) {
        ("mx1.example.org", _) => Says::NoSuchName,
        _ => two(name, kind),
    });
    assert_eq!(setup.await.route().await, lines(&["mx2.example.org 8.8.8.2"]));
}

#[tokio::test]
async fn when_no_server_has_an_address_it_is_temporary() {
    for (says, expected) in [
        ((|_: &str, _| Says::NoSuchName) as fn(&str, RecordType) -> Says, NoRoute::NoAddress),
        (|_, _| Says::NoData, NoRoute::NoAddress),
        (|name, _| if name.starts_with("mx1") { Says::NoSuchName } else { Says::ServerFailure }, NoRoute::NoAnswer),
    ] {
        let names = NameServer::start(move |name, kind| match kind {
            RecordType::MX => two(name, kind),
            _ => says(name, kind),
        });
        let setup = Setup { names: names.await, hosts: "", allow_private: false };
        let no_route = setup.route().await.unwrap_err();
        assert_eq!((no_route, no_route.is_permanent()), (expected, false));
    }
}

#[tokio::test]
async fn names_that_no_host_can_have_are_left_out() {
    let setup = setup(|name, kind| match kind {
        RecordType::MX => records(["1 192.0.2.1", "3 *.example.org", "4 mx2.example.org"]),
        _ => two(name, kind),
    });
    assert_eq!(setup.await.route().await, lines(&["mx2.example.org 8.8.8.2"]));
}

#[test]
fn of_records_without_a_host_name_nothing_can_be_tried_now() {
    let mx = |host: &str| Mx { preference: 1, host: host.to_owned() };
    let long = format!("{}org", "a.".repeat(130));
    for host in ["", "a b.example", "192.0.2.1", "a..example", "-", "a/b.example", "a\\032b.example", &long] {
        assert_eq!(named(vec![mx(host)], 7), Err(NoRoute::NoAddress), "{host}");
    }
    let all = (0..99).flat_map(|number| [mx(&format!("mx_{number}.example")), mx("mx_0.example")]).collect();
    let many = named(all, 7);
    let names = many.unwrap().names;
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!((names.len(), different.len()), (MOST_SERVERS, MOST_SERVERS));
}

#[test]
fn a_domain_with_too_many_servers_is_one_site_for_all_mails_and_keeps_the_preferred_ones() {
    let mx = |number: u16| Mx { preference: number / 50, host: format!("mx{number}.example") };
    let (mut sites, mut firsts) = (BTreeSet::new(), BTreeSet::new());
    for draw in 0..40 {
        let mut records: Vec<_> = (0..99).map(mx).collect();
        records.rotate_left(usize::try_from(draw).unwrap());
        records.push(Mx { preference: 9, ..mx(0) });
        let servers = named(records, draw).unwrap();
        sites.insert(servers.site());
        firsts.insert(Arc::clone(&servers.names[0]));
    }
    assert_eq!(sites.len(), 1, "{sites:?}");
    assert!(firsts.len() > 5, "equal ones get equal shares: {firsts:?}");
    let few = named((40..60).map(mx).collect(), 7).unwrap().names;
    assert!(few[..10].iter().all(|name| name.starts_with("mx4")), "{few:?}");
}

#[tokio::test]
async fn private_addresses_are_left_out_unless_they_are_allowed() {
    let script = |name: &str, kind: RecordType| match (name, kind) {
        ("mx1.example.org", RecordType::A) => records(["127.0.0.1"]),
        ("mx1.example.org", RecordType::AAAA) => records(["::ffff:8.8.8.8"]),
        ("mx2.example.org", RecordType::A) => records(["10.0.0.1"]),
        _ => two(name, kind),
    };
    let refusing = setup(script).await;
    assert_eq!(refusing.route().await, Err(NoRoute::PrivateAddress));
    assert!(!NoRoute::PrivateAddress.is_permanent());
    let allowing = Setup { allow_private: true, ..refusing };
    assert_eq!(allowing.route().await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_operators_servers_come_instead_of_the_domains_and_may_be_private() {
    let setup = setup(|name, kind| match (name, kind) {
        ("one.example", RecordType::A) => records(["10.0.0.1"]),
        _ => Says::NoData,
    });
    let setup = Setup { hosts: "example.org:192.168.0.1,one.example,[::1]", ..setup.await };
    let expected = lines(&["192.168.0.1 192.168.0.1", "one.example 10.0.0.1", "::1 ::1"]);
    assert_eq!(setup.route().await, expected);
    assert!(setup.lookup().servers("example.org", 7).await.unwrap().are_static());
}

#[tokio::test]
async fn a_domain_without_a_dot_has_the_servers_that_the_operator_names_and_no_others() {
    let setup = setup(|_, kind| if kind == RecordType::MX { records(["1 mx1.example.org"]) } else { Says::NoData });
    let setup = Setup { hosts: "intranet:192.168.0.1", ..setup.await };
    assert_eq!(setup.lookup().servers("ai", 7).await, Err(NoRoute::NoSuchDomain));
    assert!(setup.lookup().servers("intranet", 7).await.is_ok());
    assert_eq!(setup.names.queries(), 0);
}

#[tokio::test]
async fn a_policy_leaves_out_the_servers_that_it_does_not_name() {
    let setup = setup(two).await;
    let lookup = setup.lookup();
    let servers = lookup.servers("example.org", 7).await.unwrap();
    let of = |mx: &str| Policy::parse(format!("version: STSv1\nmode: enforce\nmax_age: 60\nmx: {mx}\n").as_bytes());
    let targets = lookup.targets(&servers, Some(&of("mx2.example.org").unwrap()), 7).await.unwrap();
    assert_eq!(targets.iter().map(|target| &*target.host).collect::<Vec<_>>(), ["mx2.example.org"]);
    let no_route = lookup.targets(&servers, Some(&of("*.example.net").unwrap()), 7).await.unwrap_err();
    assert_eq!((no_route, no_route.is_permanent()), (NoRoute::Policy, false));
}

#[tokio::test]
async fn domains_with_the_same_servers_are_one_site() {
    let setup = setup(|_, _| records(["20 b.example.org", "10 a.example.org"])).await;
    let lookup = setup.lookup();
    for domain in ["one.example", "two.example"] {
        let site = lookup.servers(domain, 7).await.unwrap().site();
        assert_eq!(site.as_str(), "a.example.org,b.example.org", "{domain}");
    }
}

/// The records of one name, and the addresses of each, in turns.
fn equals(name: &str, kind: RecordType, turn: usize) -> Says {
    let mut texts: Vec<_> = (0..6)
        .map(|number| match kind {
            RecordType::MX => format!("10 mx{number}.example.org"),
            _ => format!("8.8.{}.{number}", name.as_bytes()[2]),
        })
        .collect();
    texts.rotate_left(turn % 6);
    if kind == RecordType::AAAA { Says::NoData } else { Says::Records(texts) }
}

#[tokio::test]
async fn one_mail_finds_equal_servers_in_one_order_and_many_mails_find_them_in_all() {
    let mut firsts = BTreeSet::new();
    for draw in 0..40 {
        let mut orders = Vec::new();
        for turn in [0, 4] {
            let names = NameServer::start(move |name, kind| equals(name, kind, turn)).await;
            let lookup = Lookup::new(Arc::new(names.dns()), StaticHosts::default(), 25, false, OWN.to_owned());
            let servers = lookup.servers("example.org", draw).await.unwrap();
            orders.push(lookup.targets(&servers, None, draw).await.unwrap());
        }
        assert_eq!(orders[0], orders[1], "whatever the order of the answer");
        firsts.insert(Arc::clone(&orders[0][0].host));
    }
    assert_eq!(firsts.len(), 6, "{firsts:?}");
}

#[tokio::test]
async fn neither_this_node_nor_a_server_behind_it_is_tried() {
    let setup = setup(two).await;
    let servers = async |name: &str| setup.lookup_of(name).servers("example.org", 7).await;
    let first = servers("mx2.example.org").await.unwrap();
    assert_eq!(first.site().as_str(), "mx1.example.org");
    assert_eq!(servers("mx1.example.org").await, Err(NoRoute::OwnServer));
    assert_eq!(servers("mx3.example.org").await.unwrap().site().as_str(), "mx1.example.org,mx2.example.org");
    let implicit = Setup { names: NameServer::start(|_, _| Says::NoData).await, hosts: "", allow_private: false };
    let own = implicit.lookup_of("example.org");
    assert_eq!(own.servers("example.org", 7).await, Err(NoRoute::OwnServer));
}

//! A mail from the look-up to the report, by a name server, a policy host and mail servers on loopback.

use hickory_resolver::proto::rr::RecordType;

use super::*;
use crate::delivery::mx::dkim::KeyDirectory;
use crate::delivery::mx::dkim::making::make;
use crate::delivery::smtp_client::stub::{Act, Stub};
use crate::model::message::Draft;
use crate::model::outcome::Reason;
use crate::runtime::metrics::Metrics;
use crate::runtime::net::guarded_client::fixture::{FileServer, http};
use crate::runtime::net::name_server::{NameServer, Says, records};
use crate::runtime::settings::Section;

const POLICY: &str = "version: STSv1\nmode: enforce\nmax_age: 86400\nmx: mx.policy.example\n";

/// `dead.example` and `alive.example` have a server each, as `policy.example` has, with a policy; `neighbour.example` has the
/// server of the last.
fn names(name: &str, kind: RecordType) -> Says {
    match (name, kind) {
        ("_mta-sts.policy.example", RecordType::TXT) => records(["v=STSv1; id=1;"]),
        ("neighbour.example", RecordType::MX) => records(["10 mx.policy.example"]),
        (name, RecordType::MX) if name != "unknown.example" => Says::Records(vec![format!("10 mx.{name}")]),
        ("mx.dead.example", RecordType::A) => records(["127.0.0.2"]),
        (name, RecordType::A) if name.starts_with("m") => records(["127.0.0.1"]),
        (name, _) if name.starts_with("m") => Says::NoData,
        _ => Says::NoSuchName,
    }
}

struct Setup {
    direct: Direct,
    metrics: Metrics,
    server: Stub,
    _names: NameServer,
    _policies: FileServer,
}

async fn setup(script: fn(usize, &str) -> Option<Act>) -> Setup {
    let metrics = Metrics::default();
    let (server, names) = (Stub::new(script).await, NameServer::start(names).await);
    let policies = FileServer::start("mta-sts.policy.example", |_| http("200 OK", POLICY)).await;
    let pairs = [("SMSP_MX_PORT", server.port.to_string()), ("SMSP_MX_ALLOW_PRIVATE", "true".to_owned())];
    let mut section = Section::new("SMSP_", pairs.map(|(name, value)| (name.to_owned(), value)).into_iter());
    let settings = Settings::read(&mut section).unwrap();
    let dns = Arc::new(names.dns());
    let http = policies.client(Arc::clone(&dns), true);
    let transmitter = Transmitter::new("out.example.org".to_owned(), settings.final_timeout).unwrap();
    let direct = Direct::with(&settings, "out.example.org", dns, http, transmitter, metrics.mx.clone());
    Setup { direct, metrics, server, _names: names, _policies: policies }
}

impl Setup {
    async fn send(&self, domain: &str) -> Result<Report, NotNow> {
        let prepared = self.direct.prepare(domain, UnixTime(7), 7).await?;
        let to = vec![format!("b@{domain}").parse().unwrap()];
        let mail = Mail::new("a@example.org".parse().ok(), to, "Subject: s\r\n\r\ntext\r\n".into());
        Ok(prepared.send(&mail, &Shutdown::default()).await)
    }

    /// What the only site has heard last.
    fn last_answer(&self) -> Option<Answer> {
        self.direct.sites().list(Instant::now()).first()?.last_answer
    }
}

#[tokio::test]
async fn a_mail_reaches_the_server_of_its_domain() {
    let setup = setup(|_, _| None).await;
    let report = setup.send("alive.example").await.unwrap();
    assert_eq!(
        (report.recipients[0].outcome, report.recipients[0].host.as_deref()),
        (Outcome::Accepted, Some("mx.alive.example"))
    );
    assert_eq!(setup.last_answer(), Some(Answer::Accepted));
}

#[tokio::test]
async fn what_a_server_says_is_known_of_its_site() {
    for (script, answer) in [
        (
            (|_, line| line.starts_with("RCPT").then(|| Act::say("550 5.1.1 no")).flatten())
                as fn(usize, &str) -> Option<Act>,
            Answer::Refused,
        ),
        (|_, line| line.starts_with("RCPT").then(|| Act::say("450 4.2.0 later")).flatten(), Answer::Deferred),
        (|_, line| (line == "CONNECT").then(|| Act::say("421 4.7.0 too many connections")).flatten(), Answer::TooMany),
    ] {
        let setup = setup(script).await;
        setup.send("alive.example").await.unwrap();
        assert_eq!(setup.last_answer(), Some(answer));
    }
}

/// What a transmission came to for its recipients, and what it says of the site.
fn report(contact: Contact, recipients: &[(Outcome, Reason)]) -> Report {
    let end = |(outcome, reason): &(Outcome, Reason)| RecipientEnd {
        outcome: *outcome,
        reason: *reason,
        code: None,
        host: None,
    };
    Report { recipients: recipients.iter().map(end).collect(), contact, is_isolated: false, is_hurried: false }
}

#[test]
fn a_server_that_greets_and_then_is_silent_has_not_answered() {
    let silent = [(Outcome::Unavailable, Reason::Timeout), (Outcome::Unavailable, Reason::ConnectionLost)];
    for silent in silent {
        assert_eq!(answer(&report(Contact::Served, &[silent, silent])), Some(Answer::NoReply));
        let deferred = (Outcome::Deferred, Reason::Smtp(450));
        assert_eq!(answer(&report(Contact::Served, &[silent, deferred])), Some(Answer::Deferred));
        let refused = (Outcome::MessageRejected, Reason::Smtp(550));
        assert_eq!(answer(&report(Contact::Served, &[silent, refused])), Some(Answer::Refused));
    }
    let unknown = (Outcome::Unknown, Reason::Timeout);
    assert_eq!(answer(&report(Contact::Served, &[unknown])), Some(Answer::NoReply));
    let taken = (Outcome::Accepted, Reason::Smtp(250));
    assert_eq!(answer(&report(Contact::Served, &[unknown, taken])), Some(Answer::Accepted));
}

#[tokio::test]
async fn a_site_whose_server_hangs_up_after_its_greeting_gets_no_wider_and_is_shut() {
    let setup = setup(|_, line| line.starts_with("MAIL").then_some(Act::Close)).await;
    let view = || setup.direct.sites().list(Instant::now()).remove(0);
    setup.send("alive.example").await.unwrap();
    assert_eq!((view().last_answer, view().window), (Some(Answer::NoReply), 2));
    setup.send("alive.example").await.unwrap();
    assert_eq!(view().state, State::Shut);
}

#[tokio::test]
async fn a_dead_site_is_left_alone_after_two_mails_and_another_is_not() {
    let setup = setup(|_, _| None).await;
    for _ in 0..2 {
        let report = setup.send("dead.example").await.unwrap();
        assert_eq!(report.recipients[0].outcome, Outcome::Unavailable);
    }
    let refused = setup.send("dead.example").await.unwrap_err();
    assert!(matches!(refused, NotNow::Later { until, .. } if until > Instant::now()), "{refused:?}");
    assert_eq!(setup.send("alive.example").await.unwrap().recipients[0].outcome, Outcome::Accepted);
}

#[tokio::test]
async fn a_domain_that_does_not_exist_takes_no_site() {
    let setup = setup(|_, _| None).await;
    assert_eq!(setup.send("unknown.example").await.unwrap_err(), NotNow::NoRoute(NoRoute::NoSuchDomain));
    assert!(setup.direct.sites().list(Instant::now()).is_empty());
}

#[tokio::test]
async fn a_policy_in_mode_enforce_keeps_mail_from_going_in_clear() {
    let setup = setup(|_, _| None).await;
    let report = setup.send("policy.example").await.unwrap();
    let end = &report.recipients[0];
    assert!(end.is_pending() && end.reason == Reason::Tls, "{end:?}");
    assert!(!setup.server.heard().iter().any(|line| line.starts_with("MAIL")), "{:?}", setup.server.heard());
}

#[tokio::test]
async fn a_policy_that_servers_do_not_keep_harms_no_other_domain_of_theirs() {
    let setup = setup(|_, _| None).await;
    for _ in 0..5 {
        let report = setup.send("policy.example").await.expect("the site takes mail");
        assert_eq!(report.recipients[0].reason, Reason::Tls);
    }
    assert_eq!(setup.last_answer(), Some(Answer::Deferred));
    assert_eq!(setup.send("neighbour.example").await.unwrap().recipients[0].outcome, Outcome::Accepted);
}

#[tokio::test]
async fn what_is_prepared_and_dropped_has_touched_no_server() {
    let setup = setup(|_, _| None).await;
    drop(setup.direct.prepare("alive.example", UnixTime(7), 7).await.ok());
    assert_eq!((setup.server.connections(), setup.last_answer()), (0, None));
}

#[tokio::test]
async fn what_happens_is_counted_from_nothing_on() {
    let setup = setup(|_, _| None).await;
    let shows = |line: &str| {
        for (state, sites) in setup.direct.sites().counts() {
            setup.metrics.mx.sites(state.as_str(), sites);
        }
        let page = setup.metrics.render();
        assert!(page.lines().any(|shown| shown == line), "{line} in {page}");
    };
    for reason in NoRoute::ALL.map(NoRoute::reason) {
        shows(&format!("smsp_mx_without_route_total{{reason=\"{reason}\"}} 0"));
    }
    setup.send("unknown.example").await.unwrap_err();
    for _ in 0..3 {
        drop(setup.send("dead.example").await);
    }
    setup.send("alive.example").await.unwrap();
    for line in [
        "smsp_mx_without_route_total{reason=\"no_such_domain\"} 1",
        "smsp_mx_answers_total{answer=\"no_connection\"} 2",
        "smsp_mx_answers_total{answer=\"accepted\"} 1",
        "smsp_mx_held_back_total{reason=\"shut\"} 1",
        "smsp_mx_sites{state=\"shut\"} 1",
        "smsp_mx_sites{state=\"open\"} 1",
    ] {
        shows(line);
    }
}

fn from(domain: &str) -> Message {
    let to = vec!["b@alive.example".parse().unwrap()];
    let draft = Draft { to, text: "text".parse().ok(), ..Draft::default() };
    Message::new(crate::runtime::ids::fresh().into(), format!("a@{domain}").parse().unwrap(), draft).unwrap()
}

#[tokio::test]
async fn mail_that_no_key_signs_is_counted_beside_mail_that_is_signed() {
    let setup = setup(|_, _| None).await;
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "example.org", "s").unwrap();
    setup.direct.keys.store(Arc::new(KeyDirectory::at(folder.path()).read().unwrap()));
    for (domain, is_signed) in [("example.org", true), ("shop.example.org", true), ("example.com", false)] {
        let mail = setup.direct.mail(&from(domain), vec!["b@alive.example".parse().unwrap()]).unwrap();
        assert_eq!(mail.is_signed(), is_signed, "{domain}");
    }
    let page = setup.metrics.render();
    for line in ["smsp_mx_mails_total{dkim=\"signed\"} 2", "smsp_mx_mails_total{dkim=\"unsigned\"} 1"] {
        assert!(page.lines().any(|shown| shown == line), "{line} in {page}");
    }
}

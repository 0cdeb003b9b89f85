//! What a site takes, and mail for one that takes none.

use super::super::super::super::Parts as _;
use super::*;
use crate::delivery::mx::sites::SiteKey;

#[tokio::test(flavor = "multi_thread")]
async fn mail_for_a_dead_site_waits_without_an_attempt_and_comes_by_at_once_by_an_order() {
    let node = Mx::new(|_, _| None).await;
    let mut dead = Vec::new();
    for _ in 0..6 {
        dead.push(node.send(&["b@dead.example"]).await);
    }
    let is_shut = || node.delivery.direct.sites().list(Instant::now()).iter().any(|site| site.shut_for.is_some());
    while !is_shut() {
        sleep(WAIT).await;
    }
    let alive = node.send(&["b@one.example"]).await;
    node.until_in(alive, State::Accepted).await;
    let come_by = || (node.parts.asked("close_domain"), node.parts.asked("give_back_parts"));
    let (closings, given_back) = come_by();
    sleep(6 * WAIT).await;
    let attempts = async || {
        let mut attempts = 0;
        for id in &dead {
            attempts += node.status(*id).await.attempts.len();
        }
        attempts
    };
    let (before, marks) = (attempts().await, node.parts.asked("mark_part"));
    assert_eq!(marks, before + 1, "those of the dead, and that of the other");
    assert!(before >= 2 && (1..=2).contains(&closings), "{before} attempts, closed {closings} times");
    assert_eq!(come_by(), (closings, given_back), "it is closed, so none of it comes by");
    let oldest = node.pump.oldest_of(vec!["mx.one.example".to_owned(), "mx.dead.example".to_owned()]).await;
    let first = node.status(dead[0]).await.ticket.accepted_at;
    assert_eq!(oldest, [None, Some(first)], "all that waits, not only what has come by");
    assert!(node.delivery.direct.sites().retry("mx.dead.example", Instant::now()));
    node.pump.open_site("mx.dead.example".to_owned());
    let start = Instant::now();
    while node.parts.asked("mark_part") == marks {
        assert!(start.elapsed() < 5 * SECOND, "its next mail goes as its probe");
        sleep(WAIT).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_with_much_mail_gets_it_all_and_never_more_at_once_than_its_window() {
    let node = Mx::new(|_, _| None).await;
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(node.send(&["b@one.example"]).await);
    }
    for id in ids {
        node.until_in(id, State::Accepted).await;
    }
    assert_eq!(node.heard("DATA"), 40);
    assert!(node.server.connections() <= 20, "{} sessions", node.server.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_an_operator_holds_back_gets_nothing_until_it_goes_on() {
    let node = Mx::new(|_, _| None).await;
    let first = node.send(&["b@one.example"]).await;
    node.until_in(first, State::Accepted).await;
    let sites = node.delivery.direct.sites();
    assert!(sites.pause("mx.one.example", true));
    let held = node.send(&["b@one.example"]).await;
    let other = node.send(&["b@two.example"]).await;
    node.until_in(other, State::Accepted).await;
    sleep(6 * WAIT).await;
    assert_eq!((node.status(held).await.ticket.state, node.heard("RCPT TO:<b@one.example>")), (State::Queued, 1));
    assert!(sites.pause("mx.one.example", false));
    node.pump.open_site("mx.one.example".to_owned());
    node.until_in(held, State::Accepted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_mail_of_a_site_is_found_however_many_domains_are_closed() {
    let node = Mx::new(|_, _| None).await;
    let (domain, site) = domain_and_site(&node);
    node.store.close_domain(&domain, HOUR).await.unwrap();
    let waits = node.send(&["b@one.example"]).await;
    let start = Instant::now();
    while node.status(waits).await.parts.is_empty() {
        assert!(start.elapsed() < 30 * SECOND, "it is split");
        sleep(WAIT).await;
    }
    let close = |domain: Hmac| node.pump.0.closed.close(domain, site.clone(), Instant::now() + HOUR);
    (0..300).for_each(|number| {
        close(node.sealer.domain_hmac(&format!("d{number}.example")).unwrap());
    });
    close(domain);
    let accepted = node.status(waits).await.ticket.accepted_at;
    for _ in 0..4 {
        let oldest = node.pump.oldest_of(vec!["mx.one.example".to_owned()]).await;
        assert_eq!(oldest, [Some(accepted)]);
    }
    assert_eq!(node.parts.asked("oldest_of"), 8, "in two questions each");
}

/// What stands for a domain, and the site that it is at.
fn domain_and_site(node: &Mx) -> (Hmac, SiteKey) {
    (node.sealer.domain_hmac("one.example").unwrap(), SiteKey::of(&["mx.one.example".into()]))
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_had_no_place_comes_by_once_another_mail_to_its_site_has_ended() {
    let node = Mx::new(|_, _| None).await;
    let (domain, site) = domain_and_site(&node);
    let wait = node.pump.0.closed.turn_away(domain, &site, Instant::now() + HOUR).unwrap();
    node.store.close_domain(&domain, wait).await.unwrap();
    let waits = node.send(&["b@one.example"]).await;
    // For so long a domain is closed at least.
    sleep(SECOND).await;
    let elsewhere = node.send(&["b@two.example"]).await;
    node.until_in(elsewhere, State::Accepted).await;
    assert_eq!(node.status(waits).await.ticket.state, State::Queued);
    node.send(&["b@alias.example"]).await;
    node.until_in(waits, State::Accepted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_of_a_closed_domain_that_another_node_has_opened_comes_by_no_more_than_once_a_second() {
    let node = Mx::new(|_, _| None).await;
    let (domain, site) = domain_and_site(&node);
    let first = node.send(&["b@one.example"]).await;
    node.until_in(first, State::Accepted).await;
    assert!(node.delivery.direct.sites().pause("mx.one.example", true));
    assert!(node.pump.0.closed.close(domain, site, Instant::now() + HOUR).is_some());
    node.send(&["b@one.example"]).await;
    let (start, given_back) = (Instant::now(), || node.parts.asked("give_back_parts"));
    while given_back() < 2 {
        assert!(start.elapsed() < 30 * SECOND);
        sleep(WAIT).await;
    }
    sleep(10 * WAIT).await;
    let most = 2 + usize::try_from(start.elapsed().as_secs()).unwrap();
    assert!(given_back() <= most, "{} times within {:?}", given_back(), start.elapsed());
    assert_eq!(node.parts.asked("close_domain"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_with_as_many_bytes_in_hand_as_it_may_have_waits_and_others_do_not() {
    let node = Mx::new(|_, _| None).await;
    let (domain, _) = domain_and_site(&node);
    // A byte is left.
    let held = node.pump.0.of_domains.hold(domain, (8 << 20) - 1);
    let waits = node.send(&["b@one.example"]).await;
    let other = node.send(&["b@two.example"]).await;
    node.until_in(other, State::Accepted).await;
    let start = Instant::now();
    while node.parts.asked("give_back_parts") == 0 {
        assert!(start.elapsed() < 30 * SECOND);
        sleep(WAIT).await;
    }
    let status = node.status(waits).await;
    assert_eq!((status.ticket.state, status.parts[0].attempts, node.parts.asked("mark_part")), (State::Queued, 0, 1));
    drop(held);
    node.until_in(waits, State::Accepted).await;
}

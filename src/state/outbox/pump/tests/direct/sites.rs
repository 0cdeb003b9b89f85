//! What a site takes, and mail for one that takes none.

use super::*;

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

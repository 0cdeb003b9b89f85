//! Senders who are told whom their mail does not reach.

use super::super::super::super::DueBounces;
use super::super::super::direct::telling::tell_senders;
use super::*;

const SENDER: &str = "bounces@two.example";
/// Recipients that are called `no` do not exist, and who is called `later` is put off.
const SCRIPT: Script = |_, line| match line {
    line if line.starts_with("RCPT TO:<no@") => stub::Act::say("550 5.1.1 unknown"),
    line if line.starts_with("RCPT TO:<later@") => stub::Act::say("450 4.2.0 later"),
    _ => None,
};

impl Mx {
    /// A mail whose sender has a bounce address.
    async fn send_bouncing(&self, to: &[&str]) -> Id {
        self.accept("shop", message(to).with_bounce_address(SENDER.parse().unwrap())).await
    }

    /// Every bounce that was sealed: to whom it goes, and what it says of the recipients.
    fn sealed(&self) -> Vec<(String, String)> {
        let told = |bounce: &Submission| {
            let Submission { message, caller, .. } = bounce;
            assert_eq!((message.envelope_from(), caller.as_str()), (None, "_bounces"));
            let to = message.to()[0].address().as_str().to_owned();
            (to, message.report().expect("a report").status().to_owned())
        };
        self.bounced.lock().unwrap().iter().map(told).collect()
    }

    /// Waits until so many bounces are in the store, and no more: what each has come to.
    async fn bounces(&self, count: usize) -> Vec<State> {
        let start = Instant::now();
        loop {
            let ids: Vec<_> = self.bounced.lock().unwrap().iter().map(|bounce| bounce.message.id()).collect();
            let mut states = Vec::new();
            for bounce in ids {
                let status = self.store.status(&"_bounces".into(), bounce).await.unwrap();
                states.extend(status.map(|status| status.ticket.state));
            }
            if states.len() == count && states.iter().all(|state| state.is_final()) {
                return states;
            }
            assert!(states.len() <= count && start.elapsed() < 30 * SECOND, "{states:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn look(&self) {
        tell_senders(&self.pump.0, 5 * SECOND).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sender_hears_once_of_all_who_are_refused_and_of_nobody_else() {
    let node = Mx::new(SCRIPT).await;
    // Whose mail has no such address hears nothing; its status says it.
    let silent = node.send(&["no@one.example"]).await;
    node.until_in(silent, State::Refused).await;
    let id = node.send_bouncing(&["yes@one.example", "no@one.example", "c@gone.example"]).await;
    node.until_in(id, State::Accepted).await;
    assert_eq!(node.bounces(1).await, [State::Accepted]);
    let [(to, status)] = &node.sealed()[..] else { panic!("one") };
    assert_eq!(to, SENDER);
    for line in [
        "Final-Recipient: rfc822; no@one.example\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.one.example\n",
        "Final-Recipient: rfc822; c@gone.example\nAction: failed\nStatus: 5.1.2\n",
        &format!("X-SMSP-Id: {id}"),
    ] {
        assert!(status.contains(line), "{status}");
    }
    assert!(!status.contains("yes@") && status.matches("Final-Recipient").count() == 2, "{status}");
    assert_eq!((node.heard("MAIL FROM:<>"), node.heard("RCPT TO:<bounces@two.example>")), (1, 1));
    node.look().await;
    assert_eq!(node.bounces(1).await, [State::Accepted], "none is due");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_a_bounce_that_is_refused() {
    let node = Mx::new(SCRIPT).await;
    let nobody = message(&["no@one.example"]).with_bounce_address("no@two.example".parse().unwrap());
    let id = node.accept("shop", nobody).await;
    node.until_in(id, State::Refused).await;
    assert_eq!(node.bounces(1).await, [State::Refused]);
    node.look().await;
    assert_eq!((node.sealed().len(), node.heard("MAIL FROM:<>")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_a_bounce_is_made_says_nothing_of_the_mail_and_ends_no_look() {
    let node = Mx::new(SCRIPT).await;
    let faulty = message(&["no@one.example"]).with_bounce_address("panics@two.example".parse().unwrap());
    let id = node.accept("shop", faulty).await;
    node.until_in(id, State::Refused).await;
    let start = Instant::now();
    while node.parts.asked("put_off_bounce") == 0 {
        assert!(start.elapsed() < 30 * SECOND, "put off");
        sleep(Duration::from_millis(5)).await;
    }
    node.look().await;
    let page = node.metrics.render();
    assert!(page.lines().any(|line| line == "smsp_unknown_total 0"), "{page}");
    assert_eq!(node.bounces(0).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_that_has_ended_a_mail_cannot_tell_is_told_once_by_the_next_look() {
    for (call, fault) in [("bounce_of", Fault::Down), ("queue_bounce", Fault::Down), ("queue_bounce", Fault::Unclear)] {
        let node = Mx::new(SCRIPT).await;
        node.parts.fail(call, fault);
        let id = node.send_bouncing(&["no@one.example"]).await;
        node.until_in(id, State::Refused).await;
        let start = Instant::now();
        while node.parts.asked(call) == 0 {
            assert!(start.elapsed() < 30 * SECOND, "{call}");
            sleep(Duration::from_millis(5)).await;
        }
        // Two nodes look at the same moment.
        tokio::join!(node.look(), node.look());
        assert_eq!(node.bounces(1).await, [State::Accepted], "{call}");
        node.look().await;
        assert_eq!(node.bounces(1).await, [State::Accepted], "{call}");
        if call == "bounce_of" {
            let is_now = |(to, _): &(String, String)| to == "now@example.org";
            assert!(node.sealed().iter().all(is_now), "its content is gone, so the address is that of now");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_is_put_off() {
    let node = Mx::new(SCRIPT).await;
    node.parts.fail("queue_bounce", Fault::No);
    let id = node.send_bouncing(&["no@one.example"]).await;
    node.until_in(id, State::Refused).await;
    let start = Instant::now();
    while node.parts.asked("put_off_bounce") == 0 || !node.store.due_bounces(1).await.unwrap().is_empty() {
        assert!(start.elapsed() < 30 * SECOND, "put off");
        sleep(Duration::from_millis(5)).await;
    }
    node.look().await;
    assert_eq!(node.parts.asked("queue_bounce"), 1, "not before a minute is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_others_wait_nobody_is_told_at_once() {
    let schedule = Schedule::new(HOUR, Vec::new());
    let policy = Policy { schedule, ..Policy::default() };
    let node = Setup { script: SCRIPT, policy, ..Setup::default() }.start().await;
    let id = node.send_bouncing(&["no@one.example", "later@two.example"]).await;
    let is_there = |status: &Status| {
        let is = |state| status.parts.iter().any(|part| part.state == state && !part.verdicts.is_empty());
        is(State::Refused) && is(State::Queued)
    };
    node.until(id, is_there).await;
    node.look().await;
    assert_eq!(node.sealed().len(), 0, "what else fails within half a minute is in the same bounce");
}

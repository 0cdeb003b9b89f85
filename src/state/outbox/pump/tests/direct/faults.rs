//! A store that fails, code that panics, a node that ends: nobody gets a mail twice, and none is lost.

use super::*;
use crate::runtime::shutdown::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn without_clear_consent_nothing_is_handed_over_and_the_part_waits() {
    for fault in [Fault::No, Fault::Down, Fault::Unclear] {
        let node = Mx::new(|_, _| None).await;
        node.parts.fail("mark_part", fault);
        let id = node.send(&["b@one.example"]).await;
        while node.parts.asked("give_back_parts") + node.parts.asked("end_part") == 0 {
            sleep(WAIT).await;
        }
        let status = node.until_in(id, State::Queued).await;
        assert_eq!((node.server.connections(), status.parts[0].attempts), (0, 0), "{fault:?}");
        if matches!(fault, Fault::No) {
            node.until_in(id, State::Accepted).await;
            assert_eq!(node.heard("DATA"), 1, "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_or_an_end_that_the_store_did_not_answer_is_asked_again_and_changes_nothing_twice() {
    for (call, fault) in
        [("split", Fault::Down), ("split", Fault::Unclear), ("end_part", Fault::Down), ("end_part", Fault::Unclear)]
    {
        let node = Mx::new(|_, _| None).await;
        node.parts.fail(call, fault);
        let id = node.send(&["b@one.example", "c@two.example"]).await;
        let status = node.until_in(id, State::Accepted).await;
        assert_eq!((status.parts.len(), node.heard("DATA")), (2, 2), "{call} {fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_may_not_be_split_stays_whole() {
    let node = Mx::new(|_, _| None).await;
    node.parts.fail("split", Fault::No);
    let id = node.send(&["b@one.example"]).await;
    let status = node.until_in(id, State::Accepted).await;
    assert_eq!((status.parts.len(), node.heard("DATA")), (1, 1), "the next claim has split it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_work_panics_before_the_mark_is_lost_and_parked_at_the_third_time() {
    let node = Mx::new(|_, _| None).await;
    let id = node.send_for("panics", &["b@one.example"]).await;
    let start = Instant::now();
    while node.status_for("panics", id).await.ticket.state != State::Parked {
        assert!(start.elapsed() < 10 * SECOND);
        sleep(WAIT).await;
    }
    assert_eq!((node.parts.asked("end_part"), node.server.connections()), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_at_the_mark_leaves_the_part_waiting_and_one_behind_the_hand_over_in_doubt() {
    for (call, state) in [("mark_part", State::Accepted), ("end_part", State::Unknown)] {
        let node = Mx::new(|_, _| None).await;
        node.parts.fail(call, Fault::Panic);
        let id = node.send(&["b@one.example"]).await;
        node.until_in(id, state).await;
        sleep(4 * WAIT).await;
        assert_eq!((node.status(id).await.ticket.state, node.heard("DATA")), (state, 1), "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_ends_waits_for_what_is_on_the_wire_and_marks_nothing_more() {
    let script: Script = |_, line| (line == ".").then_some(stub::Act::Silence);
    let node = Mx::new(script).await;
    let under_way = node.send(&["b@one.example"]).await;
    while node.heard(".") == 0 {
        sleep(WAIT).await;
    }
    let later = async {
        while !node.drain.is_draining() {
            sleep(WAIT / 10).await;
        }
        node.send(&["c@two.example"]).await
    };
    let drain = node.drain.drain(Settings { delay: Duration::ZERO, deadline: 2 * SECOND });
    let (is_in_time, later) = tokio::join!(drain, later);
    assert!(is_in_time, "the end of the claim is on record");
    let status = node.status(under_way).await;
    assert_eq!((status.ticket.state, ends(&status)[&0].as_str()), (State::Unknown, "unknown deadline mx.one.example"));
    assert_eq!((node.status(later).await.ticket.state, node.parts.asked("mark_part")), (State::Queued, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_before_the_mail_was_written_waits_for_another_node_without_an_attempt() {
    let script: Script = |_, line| line.starts_with("RCPT").then_some(stub::Act::Silence);
    let node = Mx::new(script).await;
    let id = node.send(&["b@one.example"]).await;
    while node.heard("RCPT") == 0 {
        sleep(WAIT).await;
    }
    assert!(node.drain.drain(Settings { delay: Duration::ZERO, deadline: 2 * SECOND }).await);
    let status = node.status(id).await;
    assert_eq!((status.ticket.state, status.parts[0].attempts), (State::Queued, 0));
}

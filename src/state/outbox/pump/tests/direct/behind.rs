//! Mail whose route has upstreams before `mx`.

use super::super::super::super::row::RowId;
use super::super::super::conclusion::Obstacle;
use super::*;

const REFUSES: Act = Act::Say(Outcome::AccountRefused);

fn with(upstreams: &'static [&'static [Act]], after: Duration) -> Setup {
    Setup { upstreams, after, ..Setup::default() }
}

/// The outcome of each attempt.
fn attempts(status: &Status) -> Vec<String> {
    let word = |tried: &super::super::super::super::TriedAt| {
        format!("{}:{}", tried.upstream, tried.outcome.as_deref().unwrap_or("-"))
    };
    status.attempts.iter().map(word).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_takes_mail_has_it_and_the_recipients_servers_do_not() {
    let node = with(&[&[TAKES]], Duration::ZERO).start().await;
    let id = node.send(&["b@one.example"]).await;
    let status = node.until_in(id, State::Accepted).await;
    assert_eq!((status.parts.len(), node.server.connections()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_upstreams_refuse_for_the_account_or_the_sender_goes_on_at_once() {
    let refusals: &[&[Act]] = &[&[REFUSES], &[Act::Say(Outcome::SenderRejected)]];
    let node = with(refusals, HOUR).start().await;
    let id = node.send(&["b@one.example"]).await;
    let status = node.until_in(id, State::Accepted).await;
    assert_eq!(attempts(&status), ["u0:account_refused", "u1:sender_rejected", "mx:accepted"]);
    assert_eq!(node.heard("DATA"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_upstream_may_have_or_refuses_for_the_message_or_is_out_of_reach_for_does_not_go_on() {
    for (outcome, state) in [
        (Outcome::Unknown, State::Unknown),
        (Outcome::MessageRejected, State::Refused),
        (Outcome::Unavailable, State::Queued),
        (Outcome::Throttled, State::Queued),
    ] {
        let script: &'static [&'static [Act]] = match outcome {
            Outcome::Unknown => &[&[Act::Say(Outcome::Unknown)]],
            Outcome::MessageRejected => &[&[Act::Say(Outcome::MessageRejected)]],
            Outcome::Unavailable => &[&[Act::Say(Outcome::Unavailable)]],
            _ => &[&[Act::Say(Outcome::Throttled)]],
        };
        let policy = Policy { schedule: Schedule::new(HOUR, Vec::new()), ..Policy::default() };
        let node = Setup { policy, ..with(script, HOUR) }.start().await;
        let id = node.send(&["b@one.example"]).await;
        node.until(id, |status| !status.attempts.is_empty() && status.ticket.state == state).await;
        sleep(4 * WAIT).await;
        let status = node.status(id).await;
        assert_eq!((status.ticket.state, node.server.connections()), (state, 0), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_upstream_may_have_from_before_does_not_go_on_though_it_refuses_it_now() {
    let policy = Policy { resends_unknown: true, schedule: Schedule::new(WAIT, Vec::new()), ..Policy::default() };
    let node = Setup { policy, ..with(&[&[Act::Say(Outcome::Unknown), REFUSES]], HOUR) }.start().await;
    let id = node.send(&["b@one.example"]).await;
    node.until(id, |status| status.attempts.len() == 2 && status.ticket.state == State::Queued).await;
    sleep(4 * WAIT).await;
    let status = node.status(id).await;
    assert_eq!((status.ticket.possible_duplicate, status.parts.len(), node.server.connections()), (true, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn once_no_upstream_has_taken_mail_for_long_enough_it_goes_on_and_not_before() {
    let node = with(&[&[]], SECOND).start().await;
    node.fixture.upstreams[0].override_circuit(Override::Open);
    let shut = Instant::now();
    let id = node.send(&["b@one.example"]).await;
    node.until_in(id, State::Accepted).await;
    assert!(shut.elapsed() >= SECOND, "{:?}", shut.elapsed());
    assert_eq!(node.fixture.calls(), [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_backlog_no_more_is_split_than_servers_take_and_an_upstream_that_is_back_gets_the_rest() {
    let script: Script = |_, line| line.starts_with("RCPT").then_some(stub::Act::Silence);
    let node = Setup { script, ..with(&[&[TAKES; 300]], Duration::ZERO) }.start().await;
    node.fixture.upstreams[0].override_circuit(Override::Open);
    node.store.pause(true, note()).await.unwrap();
    for _ in 0..300 {
        node.send(&["b@one.example"]).await;
    }
    let start = Instant::now();
    node.store.pause(false, note()).await.unwrap();
    let until = async |call: &str, calls: usize| {
        while node.parts.asked(call) < calls {
            assert!(start.elapsed() < 20 * SECOND, "{call} {}", node.parts.asked(call));
            sleep(WAIT).await;
        }
    };
    until("split", 80).await;
    until("claim_parts", node.parts.asked("claim_parts") + 3).await;
    node.fixture.upstreams[0].override_circuit(Override::Auto);
    let (split, seconds) = (node.parts.asked("split"), usize::try_from(start.elapsed().as_secs()).unwrap());
    assert!(split < 300 && split <= 100 + 10 * (seconds + 1), "{split} within {seconds} s");
    while usize::try_from(node.fixture.calls()[0]).unwrap() + node.parts.asked("split") < 300 {
        assert!(start.elapsed() < 60 * SECOND, "{:?}", node.fixture.calls());
        sleep(WAIT).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_goes_to_its_servers_alone_makes_no_room_for_mail_that_has_upstreams() {
    let node = Mx::new(|_, _| None).await;
    node.pump.0.ahead.split(crate::runtime::ids::fresh().into(), 10_000);
    let id = node.send(&["b@one.example"]).await;
    node.until_in(id, State::Accepted).await;
    assert_eq!(node.pump.0.ahead.left() % 10, 0, "by time it is ten each second");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_often_upstreams_could_not_take_a_mail_is_forgotten_once_it_is_split() {
    let refuses: &[&[Act]] = &[&[REFUSES]];
    for (upstreams, after) in [(refuses, HOUR), (&[&[]], Duration::ZERO)] {
        let node = with(upstreams, after).start().await;
        if after.is_zero() {
            node.fixture.upstreams[0].override_circuit(Override::Open);
        }
        let met = (RowId(1), Obstacle::NotNow);
        assert_eq!(node.pump.0.obstacles.count(met), 1);
        let id = node.send(&["b@one.example"]).await;
        node.until_in(id, State::Accepted).await;
        assert_eq!(node.pump.0.obstacles.count(met), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_rules_keep_away_from_mx_by_now_is_not_split() {
    let node = with(&[&[TAKES]], Duration::ZERO).start().await;
    node.fixture.upstreams[0].override_circuit(Override::Open);
    node.store.pause(true, note()).await.unwrap();
    let id = node.send(&["b@one.example"]).await;
    node.fixture.dispatcher.replace_rules(Rules::default());
    node.store.pause(false, note()).await.unwrap();
    sleep(10 * WAIT).await;
    assert_eq!((node.status(id).await.parts.len(), node.server.connections()), (0, 0));
    node.fixture.upstreams[0].override_circuit(Override::Auto);
    node.until_in(id, State::Accepted).await;
    assert_eq!(node.fixture.calls(), [1]);
}

fn note() -> super::super::super::super::Note {
    super::super::super::super::Note { who: "test".to_owned(), from: None, order: String::new() }
}

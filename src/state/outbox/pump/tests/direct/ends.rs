//! What becomes of each recipient.

use super::*;
use crate::runtime::unix_time::UnixTime;

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_the_mail_once_from_the_servers_of_its_domain() {
    let node = Mx::new(|_, _| None).await;
    let id = node.send(&["b@one.example", "c@two.example", "d@one.example"]).await;
    let status = node.until_in(id, State::Accepted).await;
    let one = "accepted smtp_250 mx.one.example".to_owned();
    let two = "accepted smtp_250 mx.two.example".to_owned();
    assert_eq!(ends(&status), BTreeMap::from([(0, one.clone()), (1, two), (2, one)]), "the dead server is passed over");
    for recipient in ["b@one.example", "c@two.example", "d@one.example"] {
        assert_eq!(node.heard(&format!("RCPT TO:<{recipient}>")), 1, "{recipient}");
    }
    assert_eq!((node.heard("DATA"), node.parts.asked("mark_part")), (2, 2), "one for each domain");
    assert_eq!(node.heard("MAIL FROM:<a@example.org>"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_and_whose_domain_is_gone_hold_nobody_up() {
    let script: Script =
        |_, line| line.starts_with("RCPT TO:<no@").then(|| stub::Act::say("550 5.1.1 unknown")).flatten();
    let node = Mx::new(script).await;
    let id = node.send(&["b@one.example", "no@one.example", "c@gone.example"]).await;
    let status = node.until_in(id, State::Accepted).await;
    let expected = [
        (0, "accepted smtp_250 mx.one.example"),
        (1, "refused smtp_550 mx.one.example"),
        (2, "refused no_such_domain -"),
    ];
    assert_eq!(ends(&status), expected.map(|(place, word)| (place, word.to_owned())).into());
    let codes: Vec<_> =
        status.parts.iter().flat_map(|part| &part.verdicts).filter_map(|verdict| verdict.code.as_deref()).collect();
    assert!(codes.contains(&"5.1.1") && codes.contains(&"5.1.2"), "{codes:?}");
    let refused = node.send(&["c@gone.example"]).await;
    node.until_in(refused, State::Refused).await;
    assert_eq!(node.heard("DATA"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_off_is_tried_again_by_the_schedule_for_those_alone_who_were() {
    let script: Script = |connection, line| {
        let put_off = connection == 1 && line.starts_with("RCPT TO:<grey@");
        put_off.then(|| stub::Act::say("450 4.7.1 greylisted")).flatten()
    };
    let node = Mx::new(script).await;
    let id = node.send(&["b@one.example", "grey@one.example"]).await;
    let status = node.until_in(id, State::Accepted).await;
    let attempts: BTreeMap<_, _> = status.parts.iter().map(|part| (part.places[0], part.attempts)).collect();
    assert_eq!(attempts, [(0, 0), (1, 1)].into(), "that which was taken is none that has to be repeated");
    assert_eq!((node.heard("RCPT TO:<b@"), node.heard("RCPT TO:<grey@")), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_attempts_are_used_up_it_is_refused() {
    let script: Script = |_, line| line.starts_with("RCPT").then(|| stub::Act::say("450 4.2.0 later")).flatten();
    let schedule = Schedule::new(WAIT, Vec::new());
    let policy = Policy { schedule, attempts: Some(3), ..Policy::default() };
    let node = Setup { script, policy, ..Setup::default() }.start().await;
    let id = node.send(&["b@one.example"]).await;
    let lame = node.send(&["b@lame.example"]).await;
    let status = node.until_in(id, State::Refused).await;
    assert_eq!(ends(&status)[&0], "refused attempts mx.one.example");
    assert_eq!((node.heard("RCPT"), node.parts.asked("mark_part")), (3, 3));
    let status = node.until_in(lame, State::Refused).await;
    assert_eq!(ends(&status)[&0], "refused attempts -");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_after_the_mail_is_unknown_and_it_is_never_sent_again() {
    let script: Script = |_, line| (line == ".").then_some(stub::Act::Silence);
    let node = Setup { script, final_timeout: "200ms", ..Setup::default() }.start().await;
    let id = node.send(&["b@one.example"]).await;
    let status = node.until_in(id, State::Unknown).await;
    assert_eq!(ends(&status)[&0], "unknown timeout mx.one.example");
    let other = node.send(&["gone@gone.example"]).await;
    node.until_in(other, State::Refused).await;
    sleep(10 * WAIT).await;
    assert_eq!((node.status(id).await.ticket.state, node.heard("DATA")), (State::Unknown, 1));
    assert!(node.metrics.render().lines().any(|line| line == "smsp_unknown_total 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_holds_up_no_other_mail() {
    let script: Script = |_, line| line.contains("@slow.example").then_some(stub::Act::Silence);
    let node = Mx::new(script).await;
    let slow = node.send(&["b@slow.example"]).await;
    node.until_in(slow, State::Sending).await;
    let other = node.send(&["b@one.example"]).await;
    node.until_in(other, State::Accepted).await;
    assert_eq!(node.status(slow).await.ticket.state, State::Sending);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hears_nothing_of_its_name_servers_uses_up_nobodys_attempts() {
    let policy = Policy { schedule: Schedule::new(WAIT, Vec::new()), attempts: Some(1), ..Policy::default() };
    let node = Setup { policy, ..Setup::default() }.start().await;
    for number in 0..5 {
        let domain = format!("lame{number}.example");
        assert!(node.delivery.direct.prepare(&domain, UnixTime(0), 0).await.is_err());
    }
    let id = node.send(&["b@lame.example"]).await;
    let status = node.until(id, |status| status.parts.iter().any(|part| !part.verdicts.is_empty())).await;
    assert_eq!(ends(&status)[&0], "queued dns -");
    assert_eq!(status.parts[0].attempts, 0);
}

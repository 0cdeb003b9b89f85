//! Rules choose the upstreams of a mail, and pins keep it there.

use super::super::fixture::submission;
use super::*;
use crate::delivery::routing::rules::Rules;

/// Upstreams with these scripts, under this rule for all mail.
fn under(targets: &str, scripts: &[&[Act]]) -> Fixture {
    let fixture = Fixture::new(Failover::Safe, scripts);
    replace(&fixture, targets);
    fixture
}

fn replace(fixture: &Fixture, targets: &str) {
    let names: Vec<_> = fixture.upstreams.iter().map(|upstream| Arc::clone(upstream.name())).collect();
    fixture.dispatcher.replace_rules(Rules::read(&format!("all: caller=* -> {targets}"), &names).unwrap());
}

const TAKES: &[Act] = &[Act::Say(Outcome::Accepted)];
const FAILS: &[Act] = &[Act::Say(Outcome::Unavailable)];

#[tokio::test(start_paused = true)]
async fn a_rules_upstreams_come_first_in_its_order_and_the_others_after_them() {
    for (targets, tried) in [
        ("u2", &["u2:unavailable", "u0:unavailable", "u1:accepted"][..]),
        ("u2,u1", &["u2:unavailable", "u1:accepted"]),
        ("u1,u0", &["u1:accepted"]),
    ] {
        let receipt = under(targets, &[FAILS, TAKES, FAILS]).send().await.expect("the second takes it");
        assert_eq!(words(&receipt.attempts), tried, "{targets}");
        assert_eq!(receipt.rule.as_deref(), Some("all"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pinned_mail_goes_nowhere_else_though_another_would_take_it() {
    for (outcome, failure) in [
        (Outcome::Unavailable, Failure::Refused { retryable: true }),
        (Outcome::AccountRefused, Failure::Refused { retryable: false }),
        (Outcome::SenderRejected, Failure::SenderRejected),
        (Outcome::Throttled, Failure::NotNow { retry_after: 5 * SECOND }),
    ] {
        let fixture = under("u1!", &[&[], &[Act::Say(outcome)]]);
        let error = fixture.send().await.expect_err("no other is asked");
        assert_eq!((error.failure, error.rule.as_deref()), (failure, Some("all")));
        assert_eq!(fixture.calls(), [0, 1], "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pinned_mail_waits_for_its_own_circuit() {
    let fixture = under("u1!", &[&[], FAILS]);
    assert_eq!(fixture.failure().await, Failure::Refused { retryable: true });
    fixture.upstreams[1].schedule_probe(300 * SECOND);
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 300 * SECOND });
    assert_eq!(fixture.calls(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_under_way_keeps_its_rule_when_rules_are_replaced() {
    let fixture = under("u0!", &[&[Act::SayAfter(SECOND, Outcome::Unavailable)], TAKES]);
    let replaced = async {
        tokio::time::sleep(SECOND / 2).await;
        replace(&fixture, "u1");
    };
    let (error, ()) = tokio::join!(fixture.send(), replaced);
    assert_eq!(error.expect_err("it was pinned to the first").failure, Failure::Refused { retryable: true });
    assert!(fixture.send().await.is_ok(), "the next mail follows the new rule");
    assert_eq!(fixture.calls(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn mails_are_counted_where_they_are_handed_over_by_their_rule() {
    let fixture = under("u1", &[TAKES, FAILS]);
    assert!(fixture.send().await.is_ok());
    let page = fixture.metrics.render();
    for (upstream, rule, count) in [("u0", "all", 1), ("u1", "all", 1), ("u0", "default", 0), ("u1", "default", 0)] {
        let line = format!("smsp_routed_total{{upstream=\"{upstream}\",rule=\"{rule}\"}} {count}\n");
        assert!(page.contains(&line), "{line}{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn weights_of_a_rule_share_its_mail_and_the_others_come_after_them() {
    let takes_all = [Act::Say(Outcome::Accepted); 500];
    let fixture = under("u1:3,u2:1", &[&takes_all, &takes_all, &takes_all]);
    for _ in 0..400 {
        assert!(fixture.send().await.is_ok());
    }
    let calls = fixture.calls();
    assert!(calls[0] == 0 && (240..360).contains(&calls[1]), "{calls:?}: three quarters go to the second");
    assert!(fixture.upstreams[1].override_circuit(Override::Open));
    assert!(fixture.send().await.is_ok());
    assert_eq!(fixture.calls()[2], calls[2] + 1, "the other that the rule names");
    assert!(fixture.upstreams[2].override_circuit(Override::Open));
    assert!(fixture.send().await.is_ok());
    assert_eq!(fixture.calls()[0], 1, "one that the rule does not name");
}

/// The names that a mail would be filed under.
fn filed(fixture: &Fixture) -> Vec<String> {
    let eligible = fixture.dispatcher.eligible(&submission(mail("a@example.org"), SendOptions::default()));
    eligible.unwrap().upstreams.iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn mail_whose_rule_names_mx_alone_is_for_the_outbox_and_offered_to_no_upstream() {
    let fixture = under("mx", &[TAKES]);
    let error = fixture.send().await.expect_err("no provider is for it");
    assert_eq!((error.failure, error.rule.as_deref()), (Failure::OutboxAlone, Some("all")));
    assert_eq!((fixture.calls(), filed(&fixture)), (vec![0], vec!["mx".to_owned()]));
    assert!(fixture.dispatcher.explain(&submission(mail("a@example.org"), SendOptions::default())).is_direct);
}

#[tokio::test(start_paused = true)]
async fn mx_behind_upstreams_changes_nothing_for_mail_that_is_sent_now() {
    let fixture = under("u1,mx", &[TAKES, FAILS]);
    assert_eq!(words(&fixture.send().await.expect("the other takes it").attempts), ["u1:unavailable", "u0:accepted"]);
    assert_eq!(filed(&fixture), ["u1", "u0", "mx"]);
    let pinned = under("u1,mx!", &[&[], FAILS]);
    assert_eq!(pinned.failure().await, Failure::Refused { retryable: true });
    assert_eq!(filed(&pinned), ["u1", "mx"]);
}

#[tokio::test(start_paused = true)]
async fn node_without_upstreams_whose_list_is_mx_is_never_down() {
    let fixture = Fixture::new(Failover::Safe, &[]);
    let before = fixture.dispatcher.rules_version();
    fixture.dispatcher.replace_rules(Rules::default().beside_list(true));
    assert_ne!(fixture.dispatcher.rules_version(), before, "waiting mail is filed anew");
    assert_eq!((fixture.failure().await, filed(&fixture)), (Failure::OutboxAlone, vec!["mx".to_owned()]));
    assert!(!fixture.dispatcher.is_down(AllOpen::Serve));
}

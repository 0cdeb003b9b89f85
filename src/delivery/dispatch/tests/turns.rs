//! Turns are those of a rule and of the upstreams that may take the mail: streams that alternate take none from each other.

use super::*;
use crate::delivery::routing::rules::Rules;

/// Over upstreams that accept everything, each with this floor. Mail of `otp@example.org` goes to the first alone.
fn with_a_rule(routing: Strategy, floors: &[u32]) -> Fixture {
    let accepts = [Act::Say(Outcome::Accepted); 1000];
    let scripts: Vec<_> = floors.iter().map(|_| (Capabilities::ANY, &accepts[..])).collect();
    let fixture =
        Fixture::tuned(Failover::Safe, routing, 1, &scripts, |index, settings| settings.floor = floors[index]);
    replace(&fixture, "from=otp@example.org -> u0!");
    fixture
}

fn replace(fixture: &Fixture, rules: &str) {
    let names: Vec<_> = fixture.upstreams.iter().map(|upstream| Arc::clone(upstream.name())).collect();
    fixture.dispatcher.replace_rules(Rules::read(rules, &names).unwrap());
}

async fn alternate(fixture: &Fixture, mails: usize) {
    for author in ["offers@example.org", "otp@example.org"].iter().cycle().take(mails) {
        assert!(fixture.send_mail(mail(author)).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn round_robin_spreads_a_stream_that_alternates_with_mail_of_a_rule() {
    let fixture = with_a_rule(Strategy::RoundRobin, &[0, 0]);
    alternate(&fixture, 400).await;
    assert_eq!(fixture.calls(), [100 + 200, 100], "200 newsletters, and 200 mails of the rule at the first");
}

#[tokio::test(start_paused = true)]
async fn floor_is_kept_for_a_stream_that_alternates_with_mail_of_a_rule() {
    let fixture = with_a_rule(Strategy::Priority, &[0, 100]);
    alternate(&fixture, 1000).await;
    assert_eq!(fixture.calls(), [995, 5], "one in a hundred of 500 newsletters");
}

#[tokio::test(start_paused = true)]
async fn floor_is_kept_for_mail_of_a_rule_that_alternates_with_other_mail() {
    let fixture = with_a_rule(Strategy::Priority, &[0, 100]);
    replace(&fixture, "from=offers@example.org -> u0,u1!; from=otp@example.org -> u0!");
    alternate(&fixture, 1000).await;
    assert_eq!(fixture.calls(), [995, 5], "one in a hundred of the 500 mails of the first rule");
}

#[tokio::test(start_paused = true)]
async fn turns_begin_anew_when_rules_are_replaced() {
    let fixture = with_a_rule(Strategy::RoundRobin, &[0, 0]);
    for _ in 0..3 {
        assert!(fixture.send_mail(mail("offers@example.org")).await.is_ok());
        replace(&fixture, "from=nobody@example.org -> u0");
    }
    assert_eq!(fixture.calls(), [3, 0]);
}

/// Over upstreams that accept everything, each with this floor; the last may send for `example.org` alone.
fn with_a_sender_map(routing: Strategy, floors: &[u32]) -> Fixture {
    let accepts = [Act::Say(Outcome::Accepted); 1000];
    let scripts: Vec<_> = floors.iter().map(|_| (Capabilities::ANY, &accepts[..])).collect();
    Fixture::tuned(Failover::Safe, routing, 1, &scripts, |index, settings| {
        settings.floor = floors[index];
        settings.from_domains = (index + 1 == floors.len()).then(|| "example.org".parse().unwrap());
    })
}

async fn alternate_senders(fixture: &Fixture, mails: usize) {
    for author in ["a@example.org", "a@other.example"].iter().cycle().take(mails) {
        assert!(fixture.send_mail(mail(author)).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn floor_is_kept_though_every_other_mail_may_not_go_to_the_standby() {
    let fixture = with_a_sender_map(Strategy::Priority, &[0, 100]);
    alternate_senders(&fixture, 1000).await;
    assert_eq!(fixture.calls(), [995, 5], "one in a hundred of the 500 mails that it may send");
}

#[tokio::test(start_paused = true)]
async fn round_robin_spreads_mail_though_every_other_may_not_go_to_one_upstream() {
    let fixture = with_a_sender_map(Strategy::RoundRobin, &[0, 0, 0]);
    alternate_senders(&fixture, 600).await;
    assert_eq!(fixture.calls(), [250, 250, 100], "a third of 300 mails each, and half of 300");
}

//! For tests: a dispatcher over providers that do what a script says, call by call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{AllOpen, Dispatcher, Settings};
use crate::delivery::circuit::{self, Rates};
use crate::delivery::provider::{Call, Capabilities, Delivery, Provider};
use crate::delivery::routing::Strategy;
use crate::delivery::routing::rules::Rules;
use crate::delivery::upstream::history::Events;
use crate::delivery::upstream::{self, Upstream};
use crate::model::message::{Draft, Id, Message};
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::model::receipt::{Answer, Attempt, Failure};
use crate::model::submission::{Failover, SendOptions, Submission};
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// What a provider does with one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Say(Outcome),
    SayAfter(Duration, Outcome),
    Because(Outcome, Reason),
    /// Never answers the call, but reports this verdict so long after it began.
    Late(Duration, Outcome),
    Hang,
    Panic,
}

/// Does what its script says, call by call, and keeps the ids of the mails.
struct Scripted {
    script: Mutex<VecDeque<Act>>,
    calls: Arc<Mutex<Vec<Id>>>,
}

impl Provider for Scripted {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        let mut calls = self.calls.lock().unwrap();
        calls.push(delivery.message.id());
        let act = self.script.lock().unwrap().pop_front().expect("no call beyond the script");
        drop(calls);
        Box::pin(async move {
            match act {
                Act::Say(outcome) => Verdict::new(outcome, Reason::Mock),
                Act::SayAfter(wait, outcome) => {
                    tokio::time::sleep(wait).await;
                    Verdict::new(outcome, Reason::Mock)
                }
                Act::Because(outcome, reason) => Verdict::new(outcome, reason),
                Act::Late(wait, outcome) => {
                    tokio::spawn(async move {
                        tokio::time::sleep(wait).await;
                        delivery.hand_over.tell_late(&Verdict::new(outcome, Reason::Mock));
                    });
                    std::future::pending().await
                }
                Act::Hang => std::future::pending().await,
                Act::Panic => panic!("the adapter's bug"),
            }
        })
    }
}

pub(crate) fn mail(from: &str) -> Message {
    mail_with(crate::runtime::ids::fresh().into(), from)
}

pub(crate) fn mail_with(id: Id, from: &str) -> Message {
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    Message::new(id, from.parse().unwrap(), draft).unwrap()
}

pub(crate) fn submission(message: Message, options: SendOptions) -> Submission {
    Submission { message, caller: "caller".into(), options }
}

/// Each attempt as `upstream:outcome`.
pub(crate) fn words(attempts: &[Attempt]) -> Vec<String> {
    attempts.iter().map(|attempt| format!("{}:{}", attempt.upstream, attempt.verdict.outcome.as_str())).collect()
}

/// A dispatcher and the upstreams `u0`, `u1`, ... that it sends along.
pub(crate) struct Fixture {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    pub(crate) metrics: Arc<Metrics>,
    calls: Vec<Arc<Mutex<Vec<Id>>>>,
}

impl Fixture {
    pub(crate) fn new(failover: Failover, scripts: &[&[Act]]) -> Self {
        let scripts: Vec<_> = scripts.iter().map(|script| (Capabilities::ANY, *script)).collect();
        Self::of(failover, Strategy::Priority, 1, &scripts)
    }

    /// Over upstreams with these capabilities and scripts, whose circuits open after so many `failures` in a row.
    pub(crate) fn of(failover: Failover, routing: Strategy, failures: u16, scripts: &[(Capabilities, &[Act])]) -> Self {
        Self::tuned(failover, routing, failures, scripts, |_, _| {})
    }

    /// Over upstreams whose settings are changed before they start, each by its index.
    pub(crate) fn tuned(
        failover: Failover,
        routing: Strategy,
        failures: u16,
        scripts: &[(Capabilities, &[Act])],
        tune: impl Fn(usize, &mut upstream::Settings),
    ) -> Self {
        let calls: Vec<_> = scripts.iter().map(|_| Arc::default()).collect();
        let metrics = Arc::new(Metrics::default());
        let upstreams = scripts.iter().zip(&calls).enumerate().map(|(index, (&(capabilities, script), calls))| {
            let script = Mutex::new(script.iter().copied().collect());
            let provider = Scripted { script, calls: Arc::clone(calls) };
            let mut settings = upstream::Settings {
                server: None,
                capabilities,
                attempt_timeout: 10 * SECOND,
                connect_timeout: SECOND,
                probe_timeout: 10 * SECOND,
                probe: upstream::Probe::Auto,
                slow_call: Some(5 * SECOND),
                first_wait: 5 * SECOND,
                account_hold: 900 * SECOND,
                from_domains: None,
                sender_hold: 600 * SECOND,
                concurrency: 100,
                quota: upstream::quota::Settings::NONE,
                weight: 1,
                floor: 0,
                ramp: 30 * SECOND,
                circuit: circuit::Settings {
                    consecutive_failures: failures,
                    probes_to_close: 1,
                    rates: Some(Rates {
                        bucket: 60_000,
                        min_calls: 20,
                        failure_rate: 1.0,
                        slow_rate: Some(0.8),
                        early_failures: Some(2),
                    }),
                    ramps: true,
                    start_closed: true,
                    shards: 1,
                },
            };
            tune(index, &mut settings);
            Arc::new(Upstream::new(
                format!("u{index}"),
                "scripted",
                Box::new(provider),
                settings,
                &metrics,
                Events::new(1),
            ))
        });
        let upstreams: Vec<_> = upstreams.collect();
        let settings = Settings { failover, routing, request_deadline: 15 * SECOND, all_open: AllOpen::Serve };
        let (rules, shutdown) = (Rules::default(), Shutdown::default());
        let dispatcher = Dispatcher::new(upstreams.clone(), settings, rules, shutdown, Arc::clone(&metrics));
        Self { dispatcher, upstreams, metrics, calls }
    }

    pub(crate) async fn send(&self) -> Answer {
        self.send_with(SendOptions::default()).await
    }

    pub(crate) async fn send_with(&self, options: SendOptions) -> Answer {
        self.dispatcher.send(&submission(mail("a@example.org"), options), None).await
    }

    pub(crate) async fn send_mail(&self, message: Message) -> Answer {
        self.dispatcher.send(&submission(message, SendOptions::default()), None).await
    }

    pub(crate) async fn failure(&self) -> Failure {
        self.send().await.expect_err("a failure").failure
    }

    /// How many calls each provider has had.
    pub(crate) fn calls(&self) -> Vec<u32> {
        self.calls.iter().map(|calls| calls.lock().unwrap().len() as u32).collect()
    }

    /// The ids of the mails that this provider was given, call by call.
    pub(crate) fn given(&self, upstream: usize) -> Vec<Id> {
        self.calls[upstream].lock().unwrap().clone()
    }
}

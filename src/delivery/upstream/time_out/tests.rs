//! Time-outs on paused time, over a provider that takes a mail bit by bit as each test wants.

use std::sync::Arc;
use std::sync::Mutex;

use super::*;
use crate::delivery::circuit::State;
use crate::delivery::provider::{Call, Delivery, Provider};
use crate::delivery::upstream::history::Events;
use crate::delivery::upstream::{Ended, Offer, Settings, Upstream, fixture};
use crate::model::message::{Draft, Message};
use crate::model::outcome::Blame;
use crate::runtime::metrics::Metrics;

const SECOND: Duration = Duration::from_secs(1);

/// What a provider does with the bytes of a mail.
#[derive(Clone, Copy)]
enum Takes {
    /// Some, again and again after so long, for so often; then nothing.
    Some { every: Duration, times: u32 },
    /// Everything, and is silent.
    All,
    /// Takes everything untracked, and is silent.
    Untracked,
}

struct Slow(Takes, Mutex<Vec<Arc<HandOver>>>);

impl Provider for Slow {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        let hand_over = delivery.hand_over;
        self.1.lock().unwrap().push(Arc::clone(&hand_over));
        Box::pin(async move {
            match self.0 {
                Takes::Some { every, times } => {
                    hand_over.track();
                    hand_over.write();
                    for _ in 0..times {
                        tokio::time::sleep(every).await;
                        hand_over.moved();
                    }
                }
                Takes::All => {
                    hand_over.track();
                    assert!(hand_over.give());
                }
                Takes::Untracked => {}
            }
            std::future::pending().await
        })
    }
}

fn upstream(takes: Takes) -> Upstream {
    let settings = Settings { attempt_timeout: 10 * SECOND, ..fixture::settings() };
    let provider = Box::new(Slow(takes, Mutex::default()));
    Upstream::new("u".to_owned(), "slow", provider, settings, &Metrics::default(), Events::new(1))
}

fn mail(size: usize) -> Message {
    let to = vec!["b@example.org".parse().unwrap()];
    let draft = Draft { to, text: "x".repeat(size).parse().ok(), ..Draft::default() };
    Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap()
}

/// The verdict, after how many seconds, and the state of the circuit then, which one failure opens.
async fn send(takes: Takes, size: usize, cut_after: Duration) -> (Verdict, u64, State) {
    let (upstream, mail, start) = (upstream(takes), mail(size), Instant::now());
    let time = upstream.time_for(&mail, 1000 * SECOND, true).unwrap();
    let permit = upstream.try_admit().unwrap();
    let verdict = upstream
        .send(Offer { message: &mail, time, is_repeat: false, late: None }, tokio::time::sleep(cut_after))
        .await;
    upstream.settle(permit, &mail, Ended { took: start.elapsed(), ..fixture::ended(&verdict) });
    (verdict, start.elapsed().as_secs(), upstream.snapshot().state)
}

const NEVER: Duration = Duration::from_secs(100_000);

#[tokio::test(start_paused = true)]
async fn time_out_while_bytes_move_blames_no_provider() {
    let megabyte = 1024 * 1024;
    let moving = Takes::Some { every: SECOND * 3, times: 1000 };
    for (size, seconds) in [(100, 10), (megabyte, 14), (8 * megabyte, 42)] {
        let (verdict, took, state) = send(moving, size, NEVER).await;
        assert_eq!((verdict.outcome, verdict.reason), (Outcome::Unavailable, Reason::StillSending), "{size}");
        assert_eq!((took, state), (seconds, State::Closed), "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn stalled_provider_is_blamed_after_five_seconds() {
    for (takes, seconds) in [
        (Takes::Some { every: SECOND, times: 0 }, 6),
        (Takes::Some { every: SECOND, times: 1 }, 6),
        (Takes::Some { every: SECOND * 4, times: 3 }, 17),
    ] {
        let (verdict, took, state) = send(takes, 8 * 1024 * 1024, NEVER).await;
        assert_eq!((verdict.outcome, verdict.reason), (Outcome::Unavailable, Reason::Timeout));
        assert_eq!((took, state), (seconds, State::Open));
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_whole_mail_is_unknown_and_blames_the_provider() {
    for takes in [Takes::All, Takes::Untracked] {
        let (verdict, took, state) = send(takes, 100, NEVER).await;
        assert_eq!((verdict.outcome, verdict.reason), (Outcome::Unknown, Reason::Timeout));
        assert_eq!((took, state), (10, State::Open));
    }
}

#[tokio::test(start_paused = true)]
async fn drain_withholds_the_end_of_the_mail_and_blames_no_provider() {
    let moving = Takes::Some { every: SECOND, times: 1000 };
    for (takes, outcome) in
        [(moving, Outcome::Cancelled), (Takes::All, Outcome::Unknown), (Takes::Untracked, Outcome::Unknown)]
    {
        let (verdict, took, state) = send(takes, 100, 3 * SECOND).await;
        assert_eq!((verdict.outcome, verdict.reason), (outcome, Reason::Deadline));
        assert_eq!((took, state), (3, State::Closed));
    }
}

#[tokio::test(start_paused = true)]
async fn unprocessed_mail_is_handed_over_once_more() {
    /// Says that it did not process so many.
    struct Refuses(Mutex<u32>);
    impl Provider for Refuses {
        fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
            let mut left = self.0.lock().unwrap();
            let refused = *left > 0;
            *left = left.saturating_sub(1);
            Box::pin(async move {
                match refused {
                    true => Verdict::new(Outcome::Unavailable, Reason::RefusedStream),
                    false => Verdict::new(Outcome::Accepted, Reason::Mock),
                }
            })
        }
    }
    for (times, expected) in [(1, Blame::Success), (2, Blame::Failure)] {
        let mut upstream = upstream(Takes::All);
        upstream.provider = Box::new(Refuses(Mutex::new(times)));
        let mail = mail(1);
        let offer = Offer { message: &mail, time: SECOND, is_repeat: false, late: None };
        let verdict = upstream.send(offer, tokio::time::sleep(NEVER)).await;
        assert_eq!(verdict.blame(), expected, "{times}");
    }
}

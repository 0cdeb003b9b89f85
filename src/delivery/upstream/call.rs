//! Calls to the provider, each bounded in time.
//!
//! Adapters have no deadline of their own: when the time is over, the hand-over is revoked and the call dropped, and what
//! that proves is [`time_out`]'s to say. A second hand-over of the same attempt shares the deadline of the first.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::offer::{LateVerdict, Offer};
use super::settings::{Probe, Settings, transfer_time};
use super::{Upstream, time_out};
use crate::delivery::provider::{Delivery, HandOver, Mode};
use crate::model::message::Message;
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::millis::millis;

/// One mail for the provider, until when.
struct Request<'a> {
    message: &'a Message,
    deadline: Instant,
    mode: Mode,
    late: Option<&'a LateVerdict>,
}

impl Upstream {
    /// How long an attempt may take of what is `left` of the request's time. `None`: too little to prove anything. Where
    /// nobody waits it is worth waiting for long: a time-out after the hand-over says nothing.
    pub fn time_for(&self, message: &Message, left: Duration, is_awaited: bool) -> Option<Duration> {
        let Settings { attempt_timeout, connect_timeout, ref capabilities, .. } = self.settings;
        let timeout = if is_awaited { attempt_timeout } else { attempt_timeout.max(capabilities.longest_answer) };
        (left >= connect_timeout * 2).then(|| left.min(timeout + transfer_time(message.size())))
    }

    /// Hands over one mail. If `cut` comes first, this node has no time left for it.
    pub fn send(&self, offer: Offer<'_>, cut: impl Future<Output = ()>) -> impl Future<Output = Verdict> {
        let Offer { message, time, is_repeat, late } = offer;
        let (mode, now) = (if is_repeat { Mode::Repeat } else { Mode::First }, Instant::now());
        if !is_repeat {
            self.last_minute.count(millis(now.saturating_duration_since(self.epoch)));
        }
        self.bounded(Request { message, deadline: now + time, mode, late }, cut)
    }

    /// Hands over one test message.
    pub async fn probe(&self, test_message: &Message) -> Verdict {
        let mode = match self.settings.probe {
            Probe::Auto => Mode::Probe,
            Probe::Message => Mode::First,
        };
        let deadline = Instant::now() + self.settings.probe_timeout;
        self.bounded(Request { message: test_message, deadline, mode, late: None }, pending()).await
    }

    /// What was provably not processed is handed over once more, on another connection (RFC 9113 8.7).
    async fn bounded(&self, request: Request<'_>, cut: impl Future<Output = ()>) -> Verdict {
        let (mut cut, mut is_first) = (pin!(cut), true);
        loop {
            let verdict = self.hand_over(&request, cut.as_mut()).await;
            if !verdict.was_not_processed() || !std::mem::take(&mut is_first) {
                return verdict;
            }
        }
    }

    async fn hand_over(&self, request: &Request<'_>, cut: Pin<&mut impl Future<Output = ()>>) -> Verdict {
        let &Request { message, deadline, mode, late } = request;
        let hand_over = Arc::new(HandOver::begin(
            message.size(),
            late.map(|late| {
                let (late, name) = (Arc::clone(late), Arc::clone(&self.name));
                Box::new(move |verdict: &Verdict| late(&name, verdict)) as Box<dyn Fn(&Verdict) + Send + Sync>
            }),
        ));
        let delivery = Delivery { message, mode, hand_over: Arc::clone(&hand_over) };
        // An adapter may panic before its first await, too.
        let call = AssertUnwindSafe(async { self.provider.send(delivery).await }).catch_unwind();
        tokio::select! {
            biased;
            answer = call => match answer {
                Ok(verdict) => time_out::judge_answer(&hand_over, mode, verdict),
                Err(_) => Verdict::new(Outcome::Unknown, Reason::Panic),
            },
            // Before the time-out: an attempt that begins during a drain has no other deadline.
            () = cut => time_out::judge_cut(&hand_over),
            moving = time_out::over(&hand_over, deadline, self.settings.connect_timeout) => time_out::judge(&hand_over, moving),
        }
    }
}

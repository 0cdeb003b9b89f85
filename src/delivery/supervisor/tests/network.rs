//! An outage of our own network, which is no provider's fault.

use super::*;
use crate::delivery::upstream::Offer;

/// Answers no probe while its network is gone.
struct Networked {
    gone: Arc<AtomicU32>,
    reason: Reason,
}

impl Provider for Networked {
    fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
        Box::pin(async {
            match self.gone.load(Ordering::SeqCst) {
                0 => Verdict::new(Outcome::Accepted, Reason::Mock),
                _ => Verdict::new(Outcome::Unavailable, self.reason),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn waits_do_not_grow_while_no_provider_can_be_reached() {
    let poll: Mailbox = "poll@example.org".parse().unwrap();
    let backoff = Backoff { first: 5 * SECOND, longest: 300 * SECOND };
    let settings = Arc::new(Settings { backoff, from: poll.clone(), to: poll });
    for (reason, first_gone, trips_after) in [
        (Reason::Connect, 1, 1..=2),
        (Reason::Dns, 1, 1..=2),
        (Reason::Status(407), 1, 1..=2),
        (Reason::Tls, 1, 6..=8),
        (Reason::Connect, 0, 6..=8),
    ] {
        let gone = [Arc::new(AtomicU32::new(first_gone)), Arc::new(AtomicU32::new(1))];
        let upstream = |(index, gone): (usize, &Arc<AtomicU32>)| {
            let provider = Networked { gone: Arc::clone(gone), reason };
            Arc::new(Upstream::new(
                format!("u{index}"),
                "networked",
                Box::new(provider),
                limits(),
                &Metrics::default(),
                Events::new(1),
            ))
        };
        let all: Arc<[Arc<Upstream>]> = gone.iter().enumerate().map(upstream).collect();
        for upstream in all.iter() {
            tokio::spawn(supervise(Arc::clone(upstream), Arc::clone(&all), Arc::clone(&settings)));
        }
        tokio::task::yield_now().await;
        for upstream in all.iter() {
            let (mail, permit) = (small(), upstream.try_admit().expect("closed"));
            let offer = Offer { message: &mail, time: SECOND, is_repeat: false, late: None };
            let verdict = upstream.send(offer, std::future::pending()).await;
            upstream.settle(permit, &mail, ended(&verdict));
        }
        sleep(600 * SECOND).await;
        let trips = all[1].snapshot().trips;
        assert!(
            trips_after.contains(&trips),
            "{reason}: {trips} trips, the other one {}",
            if first_gone > 0 { "gone too" } else { "there" }
        );
    }
}

//! What is explained of upstreams whose rates are used up.

use super::super::rates::with_rates;
use super::*;
use crate::model::left_out::LeftOut;

#[tokio::test(start_paused = true)]
async fn spent_upstream_is_left_out_for_its_rates_and_an_explained_mail_takes_no_token() {
    let fixture = with_rates(Strategy::Priority, &["1/h", "2/s"], &[Act::Say(Outcome::Accepted)]);
    assert!(fixture.send().await.is_ok());
    let spent = Availability::LeftOut(LeftOut::RateSpent);
    for _ in 0..3 {
        let plan = fixture.dispatcher.explain(&submitted("a@example.org", None)).plan;
        let shown: Vec<_> = plan.iter().map(|place| (&*place.upstream, place.availability, place.share)).collect();
        assert_eq!(shown, [("u1", Availability::Ready, 1.0), ("u0", spent, 0.0)]);
        assert_eq!((plan[1].detail.as_deref(), plan[1].next_probe), (None, None), "its circuit is closed");
    }
    let left: Vec<_> = fixture.upstreams.iter().map(|upstream| upstream.tokens_left()).collect();
    assert_eq!(left, [Some(0), Some(2)]);
}

#[tokio::test(start_paused = true)]
async fn open_circuit_comes_before_a_spent_rate_and_its_next_probe_waits_for_no_token() {
    let fixture = with_rates(Strategy::Priority, &["1/d"], &[Act::Say(Outcome::Throttled)]);
    assert!(fixture.send().await.is_err(), "it throttles, which opens the circuit");
    fixture.upstreams[0].schedule_probe(10 * SECOND);
    let place = fixture.dispatcher.explain(&submitted("a@example.org", None)).plan.remove(0);
    assert_eq!((place.availability, place.next_probe), (Availability::LeftOut(LeftOut::Circuit), Some(10 * SECOND)));
}

//! Adaptive routing follows what mails cost, also before they end.

use futures_util::future::join_all;

use super::*;

#[tokio::test(start_paused = true)]
async fn an_upstream_that_hangs_gets_less_mail_before_its_first_call_has_ended() {
    let hangs = [Act::Hang; 250];
    let answers = [Act::SayAfter(SECOND / 10, Outcome::Accepted); 500];
    let any = Capabilities::ANY;
    let fixture = Fixture::of(Failover::Safe, Strategy::Adaptive, 5, &[(any, &hangs), (any, &answers)]);
    // Attempts have ten seconds.
    let mails = (0..250).map(|number| {
        let fixture = &fixture;
        async move {
            tokio::time::sleep(number * SECOND / 50).await;
            fixture.send().await
        }
    });
    join_all(mails).await;
    // An even share, halved each second down to a hundredth, of 50 mails a second.
    assert!((20..75).contains(&fixture.calls()[0]), "{:?}", fixture.calls());
}

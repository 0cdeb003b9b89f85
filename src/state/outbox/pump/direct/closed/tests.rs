//! What is closed, for how long, and what opens it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn domain(number: u32) -> Hmac {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Hmac(bytes)
}

fn site(name: &str) -> SiteKey {
    SiteKey::of(&[name.into()])
}

#[tokio::test(start_paused = true)]
async fn a_domain_is_closed_once_for_five_minutes_at_most_and_opened_with_its_site() {
    let (closed, now) = (Closed::default(), Instant::now());
    let close = |number, name, wait| closed.close(domain(number), site(name), now + wait);
    assert_eq!(close(1, "mx.a", SECOND), Some(SECOND));
    assert_eq!(close(1, "mx.a", 9 * SECOND), None, "it is closed");
    assert_eq!(close(2, "mx.b", 3600 * SECOND), Some(LONGEST));
    assert_eq!(closed.met_at(&["mx.c".to_owned(), "mx.b".to_owned()]), [(1, domain(2))]);
    tokio::time::advance(SECOND).await;
    assert_eq!(close(1, "mx.a", 3 * SECOND), Some(2 * SECOND));
    assert_eq!((closed.open("mx.a"), closed.open("mx.a")), (vec![domain(1)], Vec::new()));
    assert_eq!(close(1, "mx.a", 3 * SECOND), Some(2 * SECOND), "it was opened");
    closed.forget(&domain(1));
    assert_eq!(close(1, "mx.a", 3 * SECOND), Some(2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_is_bounded_and_what_is_over_makes_room() {
    let (closed, now) = (Closed::default(), Instant::now());
    let all = u32::try_from(MAX_DOMAINS).unwrap() + 10;
    assert!((0..all).all(|number| closed.close(domain(number), site("mx.a"), now + SECOND).is_some()));
    assert_eq!(closed.lock().entries.len(), MAX_DOMAINS);
    tokio::time::advance(SECOND).await;
    closed.close(domain(0), site("mx.a"), now + 2 * SECOND);
    assert_eq!(closed.lock().entries.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_forgotten_is_looked_for_once_a_second() {
    let closed = Closed::default();
    let fill = || {
        let first = u32::try_from(closed.lock().entries.len()).unwrap();
        let until = Instant::now() + Duration::from_millis(100);
        for number in first..=10_000 {
            closed.close(domain(number), site("mx.a"), until);
        }
        closed.lock().entries.len()
    };
    assert_eq!(fill(), MAX_DOMAINS);
    let looked = closed.lock().tidied;
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(fill(), MAX_DOMAINS);
    assert_eq!(closed.lock().tidied, looked);
    tokio::time::advance(Duration::from_millis(500)).await;
    closed.close(domain(1), site("mx.a"), Instant::now() + SECOND);
    let domains = closed.lock();
    assert_eq!((domains.entries.len(), domains.tidied), (1, Some(Instant::now())));
}

#[tokio::test(start_paused = true)]
async fn a_domain_that_had_no_place_opens_with_the_next_one_after_a_second_and_a_shut_one_does_not() {
    let (closed, now) = (Closed::default(), Instant::now());
    let (a, b) = (site("mx.a"), site("mx.b"));
    assert_eq!(closed.turn_away(domain(1), &a, now + 20 * SECOND), Some(20 * SECOND));
    assert_eq!(closed.turn_away(domain(1), &a, now + 20 * SECOND), None, "it is closed");
    assert_eq!(closed.close(domain(2), b.clone(), now + 20 * SECOND), Some(20 * SECOND));
    assert_eq!((closed.freed(&a), closed.freed(&b)), (None, None), "too soon, and another matter");
    tokio::time::advance(SECOND).await;
    assert_eq!((closed.freed(&a), closed.freed(&a), closed.freed(&b)), (Some((domain(1), 19 * SECOND)), None, None));
    assert_eq!(closed.turn_away(domain(1), &a, now + 20 * SECOND), Some(19 * SECOND), "it was opened");
    tokio::time::advance(19 * SECOND).await;
    assert_eq!(closed.freed(&a), None, "it is open by itself");
}

//! The wait for the answer to the end of a mail, by a clock of the test's.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use super::super::delivery::deliver;
use super::*;
use crate::delivery::smtp_client::wire::Wire;

/// Our end of a conversation that is ready for the lines of a mail, and the relay's; as much as `room` is under way.
async fn with_room(room: usize) -> (Session, BufReader<DuplexStream>) {
    let (ours, theirs) = duplex(room);
    let mut relay = BufReader::new(theirs);
    relay.write_all(b"220 hi\r\n250 hi\r\n").await.unwrap();
    (Session::greet(Wire::new(ours), "[127.0.0.1]").await.unwrap(), relay)
}

async fn ready() -> (Session, BufReader<DuplexStream>) {
    with_room(1 << 20).await
}

async fn read_to_the_end(relay: &mut BufReader<DuplexStream>) {
    let mut line = String::new();
    while line != ".\r\n" {
        line.clear();
        assert_ne!(relay.read_line(&mut line).await.unwrap(), 0, "hung up before the end of the mail");
    }
}

async fn delivery(session: Session, pool: &Arc<Pool<()>>) -> Verdict {
    deliver(session, Mail::of(&mail(), MetadataHeaders::None), vec![], &tracked(), Arc::clone(pool)).await
}

fn tracked() -> Arc<HandOver> {
    let hand_over = HandOver::begin(0, None);
    hand_over.track();
    Arc::new(hand_over)
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_the_end_of_a_mail_may_take_ten_minutes() {
    for (wait, verdict) in
        [(599, Verdict::accepted(Reason::Smtp(250), None)), (601, Verdict::new(Outcome::Unknown, Reason::Timeout))]
    {
        let (session, mut relay) = ready().await;
        let answering = async {
            read_to_the_end(&mut relay).await;
            tokio::time::sleep(Duration::from_secs(wait)).await;
            // After ten minutes nobody may listen any more.
            let _ = relay.write_all(b"250 ok\r\n").await;
        };
        let pool = Arc::default();
        let (told, ()) = tokio::join!(delivery(session, &pool), answering);
        assert_eq!(Verdict { provider_message_id: None, ..told }, verdict, "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_reply_is_read_after_the_call_has_ended() {
    let (session, mut relay) = ready().await;
    let pool = Arc::default();
    let reading = read_to_the_end(&mut relay);
    let (gone, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(10), delivery(session, &pool)), reading);
    assert!(gone.is_err(), "{gone:?}");
    assert!(pool.take(&()).is_none());
    tokio::time::sleep(Duration::from_secs(500)).await;
    relay.write_all(b"250 ok\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(pool.take(&()).is_some(), "it has not heard the answer");
}

#[tokio::test(start_paused = true)]
async fn unread_lines_are_unavailable() {
    let (session, mut relay) = with_room(64).await;
    let hand_over = tracked();
    let sending = deliver(session, Mail::of(&mail(), MetadataHeaders::None), vec![], &hand_over, Arc::default());
    assert!(tokio::time::timeout(Duration::from_secs(9), sending).await.is_err());
    assert!(hand_over.is_writing() && hand_over.revoke());
    let mut heard = String::new();
    while relay.read_line(&mut heard).await.unwrap() > 0 {}
    assert!(!heard.ends_with("\r\n.\r\n"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_revoked_is_not_sent() {
    let (session, mut relay) = ready().await;
    let hand_over = tracked();
    assert!(hand_over.revoke());
    let verdict = deliver(session, Mail::of(&mail(), MetadataHeaders::None), vec![], &hand_over, Arc::default()).await;
    assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::Timeout));
    let mut heard = String::new();
    while relay.read_line(&mut heard).await.unwrap() > 0 {}
    assert!(!heard.ends_with("\r\n.\r\n"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_in_the_middle_of_the_lines_proves_that_nothing_was_taken() {
    let (session, mut relay) = with_room(64).await;
    let hanging_up = async {
        let mut line = String::new();
        for _ in 0..3 {
            relay.read_line(&mut line).await.unwrap();
        }
        drop(relay);
        line
    };
    let pool = Arc::default();
    let (verdict, heard) = tokio::join!(delivery(session, &pool), hanging_up);
    assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::ConnectionLost), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_fifteen_seconds_with_a_goodbye() {
    let pool = Arc::<Pool<()>>::default();
    let (session, mut relay) = ready().await;
    pool.keep((), session);
    tokio::time::sleep(Duration::from_millis(14_900)).await;
    let session = pool.take(&()).expect("it is kept so long");
    pool.keep((), session);
    tokio::time::sleep(Duration::from_millis(15_100)).await;
    assert!(pool.take(&()).is_none());
    let mut heard = String::new();
    while relay.read_line(&mut heard).await.unwrap() > 0 {}
    assert_eq!(heard, "EHLO [127.0.0.1]\r\nQUIT\r\n");
}

//! A node that ends while a mail is under way.

use super::*;
use crate::runtime::shutdown::Settings;

/// What becomes of a mail to these addresses if the node ends meanwhile.
async fn interrupted(targets: &[Target], mail: &Mail) -> Report {
    let (transmitter, drain) = (transmitter(), Shutdown::default());
    let settings = Settings { delay: Duration::ZERO, deadline: Duration::from_millis(400) };
    // There is work that does not end before the last call.
    drain.spawn(std::future::pending());
    let both = async {
        tokio::join!(transmitter.send(targets, Level::Opportunistic, mail, super::TIME, &drain), drain.drain(settings))
    };
    tokio::time::timeout(TIME, both).await.expect("in time").0
}

#[tokio::test]
async fn a_mail_whose_end_was_not_written_is_given_up_when_the_node_ends_and_nobody_has_it() {
    for at in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"] {
        let (silent, other) = (Stub::that(at, Act::Silence).await, Stub::new(|_, _| None).await);
        let report = interrupted(&targets(&[silent.port, other.port]), &mail()).await;
        assert_eq!(told(&report), [(Outcome::Unavailable, Reason::Deadline)], "{at}");
        assert!(report.recipients[0].is_pending() && count(&silent, ".") == 0 && other.connections() == 0, "{at}");
    }
}

#[tokio::test]
async fn a_mail_whose_end_was_written_is_unknown_when_the_node_ends_and_what_is_known_of_others_is_told() {
    let stub = Stub::new(|_, line| match line {
        "RCPT TO:<c@example.net>" => Act::say("550 5.1.1 unknown"),
        "." => Some(Act::Silence),
        _ => None,
    })
    .await;
    let report = interrupted(&targets(&[stub.port]), &mail_to(&["b@example.net", "c@example.net"])).await;
    let refused = (Outcome::MessageRejected, Reason::Smtp(550));
    assert_eq!(told(&report), [(Outcome::Unknown, Reason::Deadline), refused]);
}

#[tokio::test]
async fn a_site_is_not_blamed_for_the_end_of_a_node() {
    let silent = Stub::that("CONNECT", Act::Silence).await;
    assert_eq!(interrupted(&targets(&[silent.port]), &mail()).await.contact, Contact::Untold);
}

//! What becomes of each recipient by what its server says, or does not say, on both stores.

use super::fixture::{alone, at, mail, queued, tells, told};
use crate::harness::Proxy;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::mx_host::{Act, MxHost};
use crate::harness::outbox::{becomes, id, queue, shown, time_after};

on_both_stores! {
    each_recipient_has_its_own_verdict_and_only_those_put_off_are_tried_again,
    attempts_that_are_used_up_are_the_reason_of_a_refusal,
    mail_that_is_put_off_until_its_time_is_over_is_expired,
    silence_after_a_mail_is_unknown_and_it_is_not_sent_again,
    connection_carries_the_next_mail_under_the_name_of_the_node,
}

async fn each_recipient_has_its_own_verdict_and_only_those_put_off_are_tried_again(database: &Database) {
    let full = std::sync::atomic::AtomicBool::new(true);
    let script = move |line: &str| match line {
        "RCPT TO:<gone@a.example>" => Act::Say("550 5.1.1 unknown"),
        "RCPT TO:<full@a.example>" if full.swap(false, std::sync::atomic::Ordering::SeqCst) => {
            Act::Say("452 4.2.2 full")
        }
        _ => Act::Usual,
    };
    let host = MxHost::that(script).await;
    let proxy = Proxy::start(at(database, &host, &["a.example"])).await;
    let id = queued(&proxy, "each", &["x@a.example", "gone@a.example", "full@a.example"]).await;
    let taken = "delivered smtp_250 2.0.0";
    tells(&proxy, &id, &[taken, "refused smtp_550 5.1.1", taken]).await;
    let all: std::collections::BTreeMap<_, _> =
        ["full@a.example", "x@a.example"].map(|address| (address.to_owned(), 1)).into();
    assert_eq!(host.taken("each"), all);
    let asked = ["x@", "gone@", "full@"].map(|name| host.heard(&format!("RCPT TO:<{name}")));
    assert_eq!(asked, [1, 1, 2]);
}

async fn attempts_that_are_used_up_are_the_reason_of_a_refusal(database: &Database) {
    let host = MxHost::that(|line| if line == "." { Act::Say("451 4.3.0 later") } else { Act::Usual }).await;
    let proxy = Proxy::start(at(database, &host, &["a.example"]).with("SMSP_OUTBOX_ATTEMPTS", "2")).await;
    let id = queued(&proxy, "used up", &["x@a.example"]).await;
    let mail = tells(&proxy, &id, &["refused attempts 4.3.0"]).await;
    assert_eq!((mail.at("/status"), mail.at("/delivery")), (&"refused".into(), &"none".into()), "{mail}");
}

async fn mail_that_is_put_off_until_its_time_is_over_is_expired(database: &Database) {
    let host = MxHost::that(|line| if line == "." { Act::Say("451 4.3.0 later") } else { Act::Usual }).await;
    let proxy = Proxy::start(at(database, &host, &["a.example"]).with("SMSP_OUTBOX_RETRY", "1h")).await;
    let mut late = mail("late", &["x@a.example"]);
    late["expires_at"] = time_after(std::time::Duration::from_secs(2)).into();
    let id = id(&queue(&proxy.client, &late).await.expect(202));
    let mail = becomes(&proxy.client, &id, "expired").await;
    assert!(told(&mail)[0].starts_with("expired "), "{mail}");
    assert_eq!((host.heard("DATA"), host.taken("late").len()), (1, 0));
}

async fn silence_after_a_mail_is_unknown_and_it_is_not_sent_again(database: &Database) {
    let host = MxHost::that(|line| if line == "." { Act::TakeAndStall } else { Act::Usual }).await;
    let proxy = Proxy::start(at(database, &host, &["a.example"]).with("SMSP_MX_FINAL_TIMEOUT", "1s")).await;
    let silent = queued(&proxy, "silent", &["x@a.example"]).await;
    tells(&proxy, &silent, &["unknown timeout -"]).await;
    // The domain itself goes on, and another round of the outbox has gone by.
    let next = queued(&proxy, "next", &["x@a.example"]).await;
    becomes(&proxy.client, &next, "unknown").await;
    assert_eq!(shown(&proxy.client, &silent).await.expect(200).at("/status"), "unknown");
    assert_eq!(host.taken("silent").into_values().collect::<Vec<_>>(), [1]);
}

async fn connection_carries_the_next_mail_under_the_name_of_the_node(database: &Database) {
    let host = MxHost::start().await;
    let proxy = Proxy::start(at(database, &host, &["a.example"])).await;
    assert_eq!(alone(database).get("SMSP_MX_HELO"), Some("mail.example.org"));
    for number in 0..3 {
        let id = queued(&proxy, &format!("mail {number}"), &["x@a.example"]).await;
        becomes(&proxy.client, &id, "accepted").await;
    }
    let counts = ["CONNECT", "EHLO mail.example.org", "RSET", "DATA"].map(|line| host.heard(line));
    assert_eq!(counts, [1, 1, 2, 3]);
}

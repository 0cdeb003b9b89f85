//! What is said to a relay, and how often: recipients apart, parameters, kept connections, probes.

use super::*;

async fn send(stub: &Stub, mail: &Message) -> Verdict {
    bare(smtp(stub.port).first(mail).await)
}

fn refuses(address: &'static str, answer: &'static str) -> impl Fn(usize, &str) -> Option<Act> {
    move |_, line| (line == format!("RCPT TO:<{address}>")).then(|| Act::say(answer)).flatten()
}

#[tokio::test]
async fn a_mail_that_some_get_is_accepted_and_tells_of_each() {
    let stub = Stub::new(refuses("c@example.net", "550 5.1.1 unknown")).await;
    let mail = mail_to(&["b@example.net", "c@example.net", "d@example.net"]);
    let verdict = send(&stub, &mail).await;
    let told: Vec<_> = verdict.recipients.iter().map(|r| (r.email.as_str(), r.outcome, r.reason)).collect();
    let (taken, refused) = ((Outcome::Accepted, Reason::Smtp(250)), (Outcome::MessageRejected, Reason::Smtp(550)));
    assert_eq!(
        told,
        [
            ("b@example.net", taken.0, taken.1),
            ("c@example.net", refused.0, refused.1),
            ("d@example.net", taken.0, taken.1)
        ]
    );
    assert_eq!((verdict.outcome, verdict.reason), taken);
}

#[tokio::test]
async fn a_recipient_who_is_put_off_does_not_keep_the_mail_from_the_others() {
    let stub = Stub::new(refuses("c@example.net", "450 4.2.0 greylisted")).await;
    let verdict = send(&stub, &mail_to(&["b@example.net", "c@example.net"])).await;
    let told: Vec<_> = verdict.recipients.iter().map(|r| (r.outcome, r.reason)).collect();
    assert_eq!(verdict.outcome, Outcome::Accepted);
    assert_eq!(told, [(Outcome::Accepted, Reason::Smtp(250)), (Outcome::Deferred, Reason::Smtp(450))]);
}

#[tokio::test]
async fn refused_recipients_keep_the_most_hopeful_outcome() {
    for (b, c, verdict) in [
        ("550 5.1.1 unknown", "450 4.2.0 greylisted", is(Outcome::Deferred, 450)),
        ("554 5.7.1 no relay", "450 4.2.0 greylisted", is(Outcome::Deferred, 450)),
        ("550 5.1.1 unknown", "554 5.7.1 no relay", is(Outcome::NotCapable, 554)),
        ("450 4.2.0 greylisted", "451 4.3.2 closing down", is(Outcome::Throttled, 451)),
        ("450 4.2.0 greylisted", "530 5.7.0 who are you", is(Outcome::AccountRefused, 530)),
        // It has judged another: so it may have meant the recipient.
        ("504 5.5.2 what", "554 5.7.1 no relay", is(Outcome::NotCapable, 554)),
    ] {
        let stub = Stub::new(move |_, line| match line {
            "RCPT TO:<b@example.net>" => Act::say(b),
            "RCPT TO:<c@example.net>" => Act::say(c),
            _ => None,
        })
        .await;
        let verdict_of = async |to: &[&str]| send(&stub, &mail_to(to)).await;
        assert_eq!(verdict_of(&["b@example.net", "c@example.net"]).await, verdict, "{b} {c}");
        assert_eq!(verdict_of(&["c@example.net", "b@example.net"]).await, verdict, "{c} {b}");
    }
}

#[tokio::test]
async fn refused_smtputf8_is_not_capable() {
    for (at, answer) in
        [("MAIL", "504 5.5.4 what"), ("MAIL", "501 5.5.4 what"), ("MAIL", "500 what"), ("RCPT", "500 5.5.2 what")]
    {
        let stub = Stub::that(at, Act::Say(answer.to_owned())).await;
        let verdict = send(&stub, &mail_to(&["用户@example.net"])).await;
        assert_eq!(verdict.outcome, Outcome::NotCapable, "{at} {answer}");
        assert_ne!(send(&stub, &mail()).await.outcome, Outcome::NotCapable, "{at} {answer}");
    }
}

#[tokio::test]
async fn a_mail_that_all_get_tells_of_none_and_keeps_our_message_id() {
    let (stub, mail) = (Stub::new(|_, _| None).await, mail_to(&["b@example.net", "c@example.net"]));
    assert_eq!(send(&stub, &mail).await, Verdict::accepted(Reason::Smtp(250), Some(mail.message_id())));
}

#[tokio::test]
async fn message_is_rejected_only_if_every_recipient_is() {
    let mail = mail_to(&["b@example.net", "c@example.net"]);
    let stub = Stub::that("RCPT", Act::Say("550 5.1.1 unknown".to_owned())).await;
    assert_eq!(send(&stub, &mail).await, is(Outcome::MessageRejected, 550));
    let stub = Stub::new(|_, line| match line {
        "RCPT TO:<b@example.net>" => Act::say("550 5.1.1 unknown"),
        "RCPT TO:<c@example.net>" => Act::say("451 4.7.1 greylisted"),
        _ => None,
    })
    .await;
    assert_eq!(send(&stub, &mail).await, is(Outcome::Deferred, 451));
    assert!(!stub.heard().contains(&"DATA".to_owned()), "{:?}", stub.heard());
}

#[tokio::test]
async fn a_relay_that_hangs_up_among_the_recipients_has_taken_the_mail_for_none() {
    let stub = Stub::new(refuses("c@example.net", "421 4.7.0 goodbye")).await;
    assert_eq!(send(&stub, &mail_to(&["b@example.net", "c@example.net"])).await, is(Outcome::Throttled, 421));
}

#[tokio::test]
async fn what_bounces_goes_to_the_bounce_address_and_the_head_names_the_author() {
    let bouncing = |address: &str| mail().with_bounce_address(address.parse().unwrap());
    let stub = Stub::new(|_, _| None).await;
    assert_eq!(send(&stub, &bouncing("bounces@mailhost")).await.outcome, Outcome::Accepted);
    let heard = stub.heard();
    assert!(heard.iter().any(|line| line.starts_with("MAIL FROM:<bounces@mailhost> ")), "{heard:?}");
    assert!(heard.contains(&"From: a@example.org".to_owned()), "{heard:?}");
    assert!(heard.iter().filter(|line| line.contains("bounces@")).count() == 1, "{heard:?}");
    let plain = Verdict::new(Outcome::NotCapable, Reason::Smtputf8);
    assert_eq!(announced("250 stub", &bouncing("ü@example.org")).await, Err(plain), "a bounce address needs it too");
}

#[tokio::test]
async fn helo_name_is_the_operators() {
    for (refusal, said) in [(None, &["EHLO"][..]), (Some("502 what"), &["EHLO", "HELO"])] {
        let stub =
            Stub::new(move |_, line| line.starts_with("EHLO").then(|| refusal.and_then(Act::say)).flatten()).await;
        let smtp = smtp(stub.port);
        let named = Smtp { relay: Relay { helo: Some("mail.example.org".to_owned()), ..smtp.relay }, ..smtp };
        assert_eq!(named.first(&mail()).await.outcome, Outcome::Accepted);
        let said: Vec<_> = said.iter().map(|word| format!("{word} mail.example.org")).collect();
        assert_eq!(stub.heard()[..said.len()], said, "{refusal:?}");
    }
}

/// What is sent as MAIL to a relay with these extensions.
async fn announced(extensions: &'static str, mail: &Message) -> Result<String, Verdict> {
    let stub = Stub::that("EHLO", Act::Say(extensions.to_owned())).await;
    let verdict = send(&stub, mail).await;
    let line = stub.heard().into_iter().find(|line| line.starts_with("MAIL"));
    line.ok_or(verdict)
}

#[tokio::test]
async fn a_relay_is_told_only_what_it_offers_to_hear() {
    let ascii = mail();
    let utf8 = mail_to(&["用户@example.net"]);
    let size = super::super::mail::Mail::of(&ascii, MetadataHeaders::None).file.len();
    assert_eq!(announced("250 stub", &ascii).await, Ok("MAIL FROM:<a@example.org>".to_owned()));
    assert_eq!(
        announced("250-stub\r\n250-size 0\r\n250 SMTPUTF8", &ascii).await,
        Ok(format!("MAIL FROM:<a@example.org> SIZE={size}"))
    );
    assert_eq!(
        announced("250-stub\r\n250-8BITMIME\r\n250 SMTPUTF8", &utf8).await,
        Ok("MAIL FROM:<a@example.org> BODY=8BITMIME SMTPUTF8".to_owned())
    );
    let attached = with_file("message/rfc822", "Subject: s\n\nü");
    let eight_bit = announced("250-stub\r\n250 8BITMIME", &attached).await;
    assert_eq!(eight_bit, Ok("MAIL FROM:<a@example.org> BODY=8BITMIME".to_owned()));
    for (extensions, mail, reason) in [
        ("250-stub\r\n250 SIZE 99", &ascii, Reason::Size),
        ("250-stub\r\n250 8BITMIME", &utf8, Reason::Smtputf8),
        ("250 stub", &attached, Reason::AttachmentType),
    ] {
        assert_eq!(announced(extensions, mail).await, Err(Verdict::new(Outcome::NotCapable, reason)));
    }
}

#[tokio::test]
async fn a_login_goes_the_way_that_the_relay_offers() {
    for (extensions, said) in [
        ("250-stub\r\n250 AUTH LOGIN PLAIN", vec!["AUTH PLAIN AHVzZXIAcGFzcw=="]),
        ("250-stub\r\n250 auth login CRAM-MD5", vec!["AUTH LOGIN", "dXNlcg==", "cGFzcw=="]),
    ] {
        let stub = Stub::new(move |_, line| match line {
            "AUTH LOGIN" => Act::say("334 VXNlcm5hbWU6"),
            "dXNlcg==" => Act::say("334 what else"),
            "cGFzcw==" => Act::say("235 ok"),
            _ if line.starts_with("EHLO") => Act::say(extensions),
            _ => None,
        })
        .await;
        assert_eq!(with_login(smtp(stub.port)).first(&mail()).await.outcome, Outcome::Accepted);
        assert_eq!(stub.heard()[1..=said.len()], said, "{extensions}");
    }
    let stub = Stub::that("EHLO", Act::Say("250-stub\r\n250 AUTH CRAM-MD5".to_owned())).await;
    let verdict = with_login(smtp(stub.port)).first(&mail()).await;
    assert_eq!(verdict, Verdict::new(Outcome::AccountRefused, Reason::NotSent));
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_mail() {
    let stub = Stub::new(|_, _| None).await;
    let smtp = smtp(stub.port);
    for _ in 0..3 {
        assert_eq!(smtp.first(&mail()).await.outcome, Outcome::Accepted);
    }
    let greetings = stub.heard().iter().filter(|line| line.starts_with("EHLO")).count();
    assert_eq!((stub.connections(), greetings), (1, 1), "{:?}", stub.heard());
}

#[tokio::test]
async fn a_kept_connection_that_has_gone_costs_a_new_one_and_nothing_else() {
    for gone in [Act::Close, Act::Say("421 4.4.2 timeout".to_owned())] {
        let stub =
            Stub::new(move |number, line| (number == 1 && line.starts_with("MAIL FROM:<again@")).then(|| gone.clone()))
                .await;
        let smtp = smtp(stub.port);
        assert_eq!(smtp.first(&mail()).await.outcome, Outcome::Accepted);
        let draft = Draft { to: vec!["b@example.net".parse().unwrap()], ..Draft::default() };
        let again =
            Message::new(crate::runtime::ids::fresh().into(), "again@example.org".parse().unwrap(), draft).unwrap();
        assert_eq!(smtp.first(&again).await.outcome, Outcome::Accepted, "{:?}", stub.heard());
        assert_eq!(stub.connections(), 2, "{:?}", stub.heard());
    }
}

#[tokio::test]
async fn a_new_connection_that_breaks_is_not_tried_again() {
    let stub = Stub::that("MAIL", Act::Close).await;
    send(&stub, &mail()).await;
    assert_eq!(stub.connections(), 1);
}

#[tokio::test]
async fn a_connection_on_which_a_mail_was_refused_is_not_kept() {
    let stub = Stub::new(|number, line| if number == 1 && line == "." { Act::say("554 no") } else { None }).await;
    let smtp = smtp(stub.port);
    assert_eq!(smtp.first(&mail()).await.outcome, Outcome::NotCapable);
    assert_eq!(smtp.first(&mail()).await.outcome, Outcome::Accepted);
    assert_eq!(stub.connections(), 2);
}

#[tokio::test]
async fn a_probe_goes_as_far_as_the_recipient_and_sends_nothing() {
    let stub = Stub::new(|_, _| None).await;
    let verdict = with_login(smtp(stub.port)).rehearsed(&mail()).await;
    assert_eq!(verdict, Verdict::accepted(Reason::Smtp(250), None));
    let heard = stub.heard();
    let words: Vec<_> = heard.iter().map(|line| line.split([' ', ':']).next().unwrap_or_default()).collect();
    assert_eq!(words[..5], ["EHLO", "AUTH", "MAIL", "RCPT", "RSET"], "{heard:?}");
    assert!(words[5..].iter().all(|word| *word == "QUIT"), "{heard:?}");
}

#[tokio::test]
async fn a_probe_is_judged_by_the_same_table() {
    for (at, answer, verdict) in [
        ("AUTH", "535 5.7.8 no", is(Outcome::AccountRefused, 535)),
        ("MAIL", "550 5.7.1 no", is(Outcome::SenderRejected, 550)),
        ("RCPT", "550 5.1.1 no", is(Outcome::MessageRejected, 550)),
        ("RCPT", "451 4.3.0 later", is(Outcome::Deferred, 451)),
    ] {
        let stub = Stub::that(at, Act::Say(answer.to_owned())).await;
        assert_eq!(bare(with_login(smtp(stub.port)).rehearsed(&mail()).await), verdict, "{at} {answer}");
    }
}

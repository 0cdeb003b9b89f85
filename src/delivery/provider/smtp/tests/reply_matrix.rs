//! Every row of the table over a real dialogue: at which command, what is answered, of what it speaks, what it comes to.

use crate::model::outcome::FailoverSafety;

use super::*;
use crate::model::outcome::{Blame, Subject};
use Outcome::{
    AccountRefused, Deferred, MessageRejected, NotCapable, SenderRejected, Throttled, Unavailable, Unclassified,
    Unlisted,
};
use Subject::{Account, Content, Recipient, Sender, Size, System};

type Row = (&'static str, Option<Subject>, Outcome);

async fn check(at: &'static str, rows: &[Row]) {
    for (text, subject, outcome) in rows {
        let stub = Stub::that(at, Act::Say((*text).to_owned())).await;
        let verdict = with_login(smtp(stub.port)).first(&mail()).await;
        let code = text[..3].parse().unwrap();
        assert_eq!((verdict.outcome, verdict.reason), (*outcome, Reason::Smtp(code)), "{at}: {text}");
        assert_eq!(verdict.subject, *subject, "{at}: {text}");
        let enhanced = text[4..].split(' ').next().filter(|word| word.matches('.').count() == 2);
        assert_eq!(verdict.code.map(|code| code.to_string()).as_deref(), enhanced, "{at}: {text}");
        let of_the_mail = subject.is_none_or(Subject::is_of_the_message) && *outcome != Unclassified;
        assert_eq!(verdict.blame() == Blame::Neutral, of_the_mail, "{at}: {text}");
        assert_eq!(verdict.blame_of_probe() == Blame::Success, of_the_mail, "{at}: {text}");
        assert_eq!(opens(&verdict, 5), !of_the_mail, "{at}: {text}");
        assert_eq!(outcome.failover_safety() == FailoverSafety::Safe, *outcome != MessageRejected, "{at}: {text}");
    }
}

/// What speaks of the account or the relay, whatever was asked.
#[tokio::test]
async fn account_and_system_are_blamed_at_every_stage() {
    let everywhere: &[Row] = &[
        ("421 4.7.0 goodbye", Some(System), Throttled),
        ("421 goodbye", Some(System), Throttled),
        ("530 5.7.0 who are you", Some(Account), AccountRefused),
        ("535 5.7.8 bad login", Some(Account), AccountRefused),
        ("538 no TLS", Some(Account), AccountRefused),
        ("550 5.7.8 bad login", Some(Account), AccountRefused),
        ("534 5.7.9 application password needed", Some(Account), AccountRefused),
        ("554 5.7.11 no TLS", Some(Account), AccountRefused),
        ("534 5.7.14 log in with a browser", Some(Account), AccountRefused),
        ("550 5.4.5 Daily user sending limit exceeded", Some(Account), Throttled),
        ("451 4.3.2 closing down", Some(System), Throttled),
        ("554 5.3.2 closed", Some(System), Unavailable),
        ("454 Throttling failure: Maximum sending rate exceeded", Some(Account), Throttled),
        ("454 Throttling failure: Daily message quota exceeded.", Some(Account), Throttled),
        ("450 4.7.1 <b@example.net>: too many messages", Some(Account), Throttled),
        ("452 4.3.1 Rate limit", Some(Account), Throttled),
    ];
    for at in ["MAIL", "RCPT", "DATA", "."] {
        check(at, everywhere).await;
    }
    for at in ["MAIL", "DATA", "."] {
        let rows = [
            ("525 5.7.13 disabled", Some(Account), AccountRefused),
            ("554 5.7.13 user account disabled", Some(Account), AccountRefused),
            ("554 5.3.5 misconfigured", Some(System), Unavailable),
            ("452 account: quota exceeded", Some(Account), Throttled),
        ];
        check(at, &rows).await;
    }
}

#[tokio::test]
async fn a_reply_to_mail_speaks_of_the_sender() {
    let rows = [
        ("450 later", Some(Sender), Deferred),
        ("451 4.3.0 later", Some(Sender), Deferred),
        ("450 4.1.8 domain not found", Some(Sender), Deferred),
        ("454 4.7.0 later", Some(Sender), Deferred),
        ("452 4.3.1 full", Some(Size), Deferred),
        ("452 full", Some(Size), Deferred),
        ("451 4.3.4 large", Some(Size), Deferred),
        ("552 5.3.4 too large", Some(Size), NotCapable),
        ("552 too large", Some(Size), NotCapable),
        ("554 5.3.4 too large", Some(Size), NotCapable),
        ("552 5.2.3 message length exceeds the limit", Some(Size), NotCapable),
        ("550 Message too large", Some(Size), NotCapable),
        ("451 4.2.3 large", Some(Size), Deferred),
        ("500 Line too long", Some(Sender), NotCapable),
        ("500 5.5.2 Line too long", Some(Sender), NotCapable),
        ("501 Path too long", Some(Sender), NotCapable),
        ("501 5.1.7 local part too long", Some(Sender), NotCapable),
        ("501 5.1.7 bad address", Some(Sender), MessageRejected),
        ("501 5.5.4 bad address", Some(Sender), MessageRejected),
        ("501 what", Some(Sender), MessageRejected),
        ("553 5.5.4 domain name needed", Some(Sender), MessageRejected),
        ("550 5.7.1 not yours", Some(Sender), SenderRejected),
        ("553 5.7.1 not owned by user", Some(Sender), SenderRejected),
        ("554 no", Some(Sender), SenderRejected),
        ("571 5.7.1 no", Some(Sender), SenderRejected),
        ("501 5.7.1 no", Some(Sender), SenderRejected),
        ("551 5.1.8 no such domain", Some(Sender), SenderRejected),
        ("550 5.1.0 Gmail account relay", Some(Sender), SenderRejected),
        ("504 5.1.7 need fully-qualified address", Some(Sender), SenderRejected),
        ("553 5.6.7 letters", Some(Sender), NotCapable),
        ("555 5.5.4 no such parameter", Some(Sender), NotCapable),
        ("555 no such parameter", Some(Sender), NotCapable),
        ("500 what", None, Unclassified),
        ("502 5.5.1 what", None, Unclassified),
        ("503 out of order", None, Unclassified),
        ("504 5.5.2 helo", None, Unclassified),
        ("599 what", None, Unlisted),
        ("556 5.9.9 what", None, Unlisted),
    ];
    check("MAIL", &rows).await;
}

#[tokio::test]
async fn a_reply_to_rcpt_speaks_of_the_recipient() {
    let rows = [
        ("450 4.1.2 Domain not found", Some(Recipient), Deferred),
        ("450 4.2.0 greylisted", Some(Recipient), Deferred),
        ("452 4.2.2 mailbox full", Some(Recipient), Deferred),
        ("451 4.7.1 greylisted", Some(Recipient), Deferred),
        ("450 4.1.1 verification in progress", Some(Recipient), Deferred),
        ("452 4.5.3 too many recipients", Some(Recipient), Deferred),
        ("452 4.3.1 full", Some(Recipient), Deferred),
        ("452 quota exceeded", Some(Recipient), Deferred),
        ("450 later", Some(Recipient), Deferred),
        ("450 4.1.8 sender domain not found", Some(Sender), Deferred),
        ("552 too many recipients", Some(Recipient), Deferred),
        ("552 5.5.3 too many recipients", Some(Recipient), Deferred),
        ("550 5.5.3 no more of them", Some(Recipient), Deferred),
        ("550 Too many recipients", Some(Recipient), Deferred),
        ("554 5.7.1 too many recipients", Some(Recipient), Deferred),
        ("552 5.3.4 too large", Some(Size), NotCapable),
        ("552 5.2.3 too large for this mailbox", Some(Size), NotCapable),
        ("500 line too long", Some(Recipient), NotCapable),
        ("501 path too long", Some(Recipient), NotCapable),
        ("501 5.1.3 local part too long", Some(Recipient), NotCapable),
        ("550 5.1.1 unknown", Some(Recipient), MessageRejected),
        ("550 no such user", Some(Recipient), MessageRejected),
        ("553 5.1.3 what", Some(Recipient), MessageRejected),
        ("556 5.1.10 null MX", Some(Recipient), MessageRejected),
        ("556 no mail", Some(Recipient), MessageRejected),
        ("501 5.1.3 bad address", Some(Recipient), MessageRejected),
        ("501 5.5.2 bad address", Some(Recipient), MessageRejected),
        ("551 not local", Some(Recipient), MessageRejected),
        ("552 5.2.2 mailbox full", Some(Recipient), MessageRejected),
        ("550 5.5.0 mailbox unavailable", Some(Recipient), MessageRejected),
        ("554 5.7.1 <b>: Relay access denied", Some(Recipient), NotCapable),
        ("550 relaying denied", Some(Recipient), NotCapable),
        ("553 sorry, not in my list of allowed rcpthosts (#5.7.1)", Some(Recipient), NotCapable),
        ("550 5.7.64 TenantAttribution; Relay Access Denied", Some(Recipient), NotCapable),
        ("554 5.7.1 <x>: Client host rejected: Access denied", Some(Recipient), NotCapable),
        ("550 5.7.1 account suspended", Some(Recipient), NotCapable),
        ("525 5.7.13 account disabled", Some(Recipient), NotCapable),
        ("554 5.3.5 mail loops back to me", Some(Recipient), NotCapable),
        ("554 5.1.8 bad outbound sender", Some(Sender), SenderRejected),
        ("550 5.4.1 access denied", Some(Recipient), NotCapable),
        ("553 5.6.7 letters", Some(Recipient), NotCapable),
        ("554 failed", Some(Recipient), NotCapable),
        ("554 5.0.0 failed", Some(Recipient), NotCapable),
        ("555 what", Some(Recipient), NotCapable),
        ("541 filtered", Some(Recipient), NotCapable),
        ("503 5.7.1 first this", Some(Recipient), NotCapable),
        ("500 what", None, Unclassified),
        ("502 what", None, Unclassified),
        ("503 5.5.1 out of order", None, Unclassified),
        ("504 5.5.2 <x>: Helo command rejected", None, Unclassified),
        ("571 no", None, Unlisted),
        ("554 5.9.9 what", None, Unlisted),
    ];
    check("RCPT", &rows).await;
}

#[tokio::test]
async fn a_reply_to_data_or_to_the_end_of_a_mail_speaks_of_the_mail() {
    let rows = [
        ("451 4.3.0 later", Some(Content), Deferred),
        ("452 full", Some(Content), Deferred),
        ("450 4.7.1 later", Some(Content), Deferred),
        ("451 4.1.7 later", Some(Sender), Deferred),
        ("450 4.2.1 later", Some(Recipient), Deferred),
        ("450 4.4.3 later", Some(Recipient), Deferred),
        ("452 4.3.4 later", Some(Size), Deferred),
        ("450 mailbox: quota exceeded", Some(Content), Deferred),
        ("552 5.3.4 too large", Some(Size), NotCapable),
        ("552 too large", Some(Size), NotCapable),
        ("552 5.2.3 message length exceeds the limit", Some(Size), NotCapable),
        ("552 5.3.1 full", Some(Size), NotCapable),
        ("554 5.6.0 header line too long", Some(Size), NotCapable),
        ("550 5.5.0 message too big", Some(Size), NotCapable),
        ("550 maximum allowed line length is 998 octets", Some(Size), NotCapable),
        ("550 5.5.3 what", Some(Recipient), NotCapable),
        ("552 too many recipients", Some(Recipient), NotCapable),
        ("452 4.5.3 too many recipients", Some(Recipient), Deferred),
        ("554 5.6.0 malformed", Some(Content), MessageRejected),
        ("550 5.6.1 media", Some(Content), NotCapable),
        ("554 5.6.3 conversion", Some(Content), NotCapable),
        ("550 5.6.7 letters", Some(Content), NotCapable),
        ("550 5.6.9 letters", Some(Content), NotCapable),
        ("554 5.7.1 spam", Some(Content), NotCapable),
        ("550 5.7.60 Client does not have permissions to send as this sender", Some(Sender), SenderRejected),
        ("554 5.2.252 SendAsDenied; not allowed", Some(Sender), SenderRejected),
        ("550 5.1.8 bad sender", Some(Sender), SenderRejected),
        ("554 Message rejected: Email address is not verified.", Some(Sender), SenderRejected),
        ("550 The from address does not match a verified Sender Identity", Some(Sender), SenderRejected),
        ("550 5.7.0 Mail relay denied", Some(Content), NotCapable),
        ("550 5.7.1 your account needs authentication", Some(Content), NotCapable),
        ("554 5.7.1 <sender@example.org>: no", Some(Content), NotCapable),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", Some(Recipient), MessageRejected),
        ("554 5.2.2 mailbox full", Some(Recipient), MessageRejected),
        ("550 5.4.1 access denied", Some(Recipient), NotCapable),
        ("554 no such user", Some(Content), NotCapable),
        ("554 transaction failed", Some(Content), NotCapable),
        ("550 no", Some(Content), NotCapable),
        ("550 relay account authentication", Some(Content), NotCapable),
        ("500 line too long", Some(Size), NotCapable),
        ("500 what", None, Unlisted),
        ("503 5.5.1 no valid recipients", None, Unlisted),
        ("554 5.3.0 what", None, Unlisted),
        ("571 no", None, Unlisted),
    ];
    check("DATA", &rows).await;
    check(".", &rows).await;
}

#[tokio::test]
async fn a_reply_that_is_out_of_step_is_no_judgement() {
    for (at, text, outcome) in
        [("MAIL", "354 what", Unavailable), ("DATA", "250 what", Unavailable), (".", "354 what", Outcome::Unknown)]
    {
        let stub = Stub::that(at, Act::Say(text.to_owned())).await;
        let verdict = smtp(stub.port).first(&mail()).await;
        assert_eq!(verdict, is(outcome, text[..3].parse().unwrap()), "{at}: {text}");
    }
}

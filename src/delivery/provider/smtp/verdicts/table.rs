//! What each refusal speaks of, and what it comes to: one row for each kind of reply, the first that fits decides.
//!
//! A reply to MAIL, RCPT, DATA or the end of a mail comes after text that a caller chose, so it speaks of that mail: of its
//! sender, a recipient, its content or size (RFC 3463 3.2 to 3.8, RFC 5321 4.2.2 and 4.3.2). That blames nobody, for good or
//! for now: else a caller who writes to a full mailbox would close the relay to all callers. Only these speak of the
//! relay or of the account, at whatever stage:
//!
//! - 421, with which a relay may answer anything and hangs up (RFC 5321 3.8), and x.3.2, "system not accepting messages";
//! - 530, 535, 538 and 5.7.8, 5.7.9, 5.7.11, 5.7.14: AUTH is missing, wrong or too weak (RFC 4954 6, RFC 5248). 525 and
//!   5.7.13, a disabled account, except of a recipient, who may have one too;
//! - 5.4.5, with which Gmail says that the account's day is used up (RFC 3463 3.5 has no use for it in class 5);
//! - a rate or quota in words, for now, and only with words that no caller can put there (see [`super::super::reply_text`]):
//!   many relays have no code for it;
//! - 5.3.5, a relay's own misconfiguration, except of a recipient, whose domain may lead back to the relay.
//!
//! In no row, and a failure all the same, are 500 and 502 to 504 at MAIL and RCPT without a code that says more: the dialogue
//! is wrong, not the mail. x.3.0 and x.3.1 blame nobody: whether a filter has an answer, or there is room, depends on the
//! mail. Where a refusal is this relay's choice rather than the mail's fault, it is `not_capable`, and another may try: what it
//! has no room, length or number for, and what it cannot convert (5.6.1 to 5.6.10, RFC 3463 3.7 and RFC 6531 3.6.1).

use super::super::reply_text;
use crate::delivery::smtp_client::reply::Reply;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::{Outcome, Subject};

use Enhanced::{Is, NotOf, Of, Plain};
use Stage::{Auth, Data, End, Mail, Opening, Rcpt};
use Subject::{Account, Content, Recipient, Sender, Size, System};
use Text::{Says, SaysBut};

/// One kind of reply.
struct Row {
    at: &'static [Stage],
    codes: &'static [(u16, u16)],
    enhanced: Enhanced,
    text: Text,
    subject: Subject,
    outcome: fn(Subject) -> Outcome,
}

/// Which enhanced codes fit: subject, or subject and detail.
enum Enhanced {
    Any,
    /// None, or one that says no more than the code does: x.0.x, or x.5.x, of the protocol.
    Plain,
    /// One of these subjects.
    Of(&'static [u16]),
    /// None, or none of these subjects.
    NotOf(&'static [u16]),
    /// One of these.
    Is(&'static [(u16, u16)]),
}

/// Which of the relay's own words fit.
enum Text {
    Any,
    /// One of these.
    Says(&'static [&'static str]),
    /// One of the first, and none of the second.
    SaysBut(&'static [&'static str], &'static [&'static str]),
}

const ANY: &[(u16, u16)] = &[(200, 599)];
const FOR_NOW: &[(u16, u16)] = &[(400, 499)];
const FOR_GOOD: &[(u16, u16)] = &[(500, 599)];
const MAILS: &[Stage] = &[Mail, Rcpt, Data, End];
const TEXT: &[Stage] = &[Data, End];
const NOT_RCPT: &[Stage] = &[Mail, Data, End];

/// Each of two words or more: one alone may be the local part of an address.
const RATE: Text = SaysBut(
    &[
        "throttling failure",
        "throttling error",
        "request throttled",
        "been throttled",
        "being throttled",
        "is throttled",
        "are throttled",
        "throttled due",
        "rate limit",
        "sending rate",
        "too many messages",
        "too many connections",
        "too many emails",
        "too many mails",
        "message quota",
    ],
    OF_A_RECIPIENT,
);
const QUOTA: Text = SaysBut(&["quota exceeded"], OF_A_RECIPIENT);
const OF_A_RECIPIENT: &[&str] = &["mailbox", "recipient"];
/// The latter is qmail's.
const RELAY: Text = Says(&["relay", "rcpthosts"]);
const SENDER: Text = Says(&["sender", "send as", "verified"]);
/// Exchange, of an account that sends as another.
const SEND_AS: Text = Says(&["send as", "sendas"]);
/// SES and SendGrid have no enhanced code for a sender that they do not know.
const VERIFIED: Text = Says(&["not verified", "verified sender"]);

/// One recipient more than it takes in a transaction (RFC 5321 4.5.3.1.10).
const TOO_MANY: Text = Says(&["too many recipients"]);
/// A limit of this relay (RFC 5321 4.5.3.1.9, "line too long", "path too long").
const LARGE: Text = Says(&["too large", "too big"]);
const LONG: Text = Says(&["too long", "line length"]);

/// Another relay may have no trouble with it.
fn elsewhere(_: Subject) -> Outcome {
    Outcome::NotCapable
}

/// The address itself is wrong, wherever it is offered.
fn malformed(_: Subject) -> Outcome {
    Outcome::MessageRejected
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    // The relay and the account.
    row(&[Opening],  ANY,                        Enhanced::Any,                            Text::Any, System,    Subject::refused),
    row(&[Auth],     &[(421, 421)],              Enhanced::Any,                            Text::Any, System,    Subject::deferred),
    row(MAILS,       &[(421, 421)],              Enhanced::Any,                            Text::Any, System,    Subject::deferred),
    row(&[Auth],     FOR_NOW,                    Enhanced::Any,                            Text::Any, Account,   Subject::deferred),
    row(&[Auth],     FOR_GOOD,                   Enhanced::Any,                            Text::Any, Account,   Subject::refused),
    row(MAILS,       &[(530, 530), (535, 535), (538, 538)], Enhanced::Any,                 Text::Any, Account,   Subject::refused),
    row(MAILS,       FOR_GOOD,                   Is(&[(7, 8), (7, 9), (7, 11), (7, 14)]),  Text::Any, Account,   Subject::refused),
    row(NOT_RCPT,    &[(525, 525)],              Enhanced::Any,                            Text::Any, Account,   Subject::refused),
    row(NOT_RCPT,    FOR_GOOD,                   Is(&[(7, 13)]),                           Text::Any, Account,   Subject::refused),
    row(MAILS,       FOR_GOOD,                   Is(&[(4, 5)]),                            Text::Any, Account,   Subject::deferred),
    row(MAILS,       FOR_NOW,                    Is(&[(3, 2)]),                            Text::Any, System,    Subject::deferred),
    row(MAILS,       FOR_GOOD,                   Is(&[(3, 2)]),                            Text::Any, System,    Subject::refused),
    row(NOT_RCPT,    FOR_GOOD,                   Is(&[(3, 5)]),                            Text::Any, System,    Subject::refused),
    row(MAILS,       FOR_NOW,                    NotOf(&[1, 2, 6]),                        RATE,      Account,   Subject::deferred),
    row(NOT_RCPT,    FOR_NOW,                    NotOf(&[1, 2, 6]),                        QUOTA,     Account,   Subject::deferred),
    // The mail, for now.
    row(MAILS,       FOR_NOW,                    Is(&[(1, 7), (1, 8)]),                    Text::Any, Sender,    Subject::deferred),
    row(MAILS,       FOR_NOW,                    Is(&[(2, 3), (3, 4)]),                    Text::Any, Size,      Subject::deferred),
    row(TEXT,        FOR_NOW,                    Is(&[(5, 3)]),                            Text::Any, Recipient, Subject::deferred),
    row(TEXT,        FOR_NOW,                    Of(&[1, 2, 4]),                           Text::Any, Recipient, Subject::deferred),
    row(&[Mail],     &[(452, 452)],              Enhanced::Any,                            Text::Any, Size,      Subject::deferred),
    row(&[Mail],     FOR_NOW,                    Enhanced::Any,                            Text::Any, Sender,    Subject::deferred),
    row(&[Rcpt],     FOR_NOW,                    Enhanced::Any,                            Text::Any, Recipient, Subject::deferred),
    row(TEXT,        FOR_NOW,                    Enhanced::Any,                            Text::Any, Content,   Subject::deferred),
    // Sizes, lengths and counts, for good: never a fault of the mail itself.
    row(MAILS,       FOR_GOOD,                   Is(&[(2, 3), (3, 4)]),                    Text::Any, Size,      Subject::refused),
    row(&[Rcpt],     FOR_GOOD,                   Is(&[(5, 3)]),                            Text::Any, Recipient, Subject::deferred),
    row(&[Rcpt],     FOR_GOOD,                   Enhanced::Any,                            TOO_MANY,  Recipient, Subject::deferred),
    row(TEXT,        FOR_GOOD,                   Is(&[(5, 3)]),                            Text::Any, Recipient, elsewhere),
    row(TEXT,        FOR_GOOD,                   Enhanced::Any,                            TOO_MANY,  Recipient, elsewhere),
    row(MAILS,       FOR_GOOD,                   NotOf(&[1, 2]),                           LARGE,     Size,      Subject::refused),
    row(&[Mail],     FOR_GOOD,                   Enhanced::Any,                            LONG,      Sender,    elsewhere),
    row(&[Rcpt],     FOR_GOOD,                   Enhanced::Any,                            LONG,      Recipient, elsewhere),
    row(TEXT,        FOR_GOOD,                   NotOf(&[1, 2]),                           LONG,      Size,      Subject::refused),
    // The sender, for good. 500 and 502 to 504 are of the dialogue, here and at RCPT, and in no row.
    row(&[Mail],     &[(501, 501)],              Of(&[1]),                                 Text::Any, Sender,    malformed),
    row(&[Mail],     &[(501, 501)],              Plain,                                    Text::Any, Sender,    malformed),
    row(&[Mail],     &[(553, 553)],              Of(&[5]),                                 Text::Any, Sender,    malformed),
    row(&[Mail],     &[(552, 552)],              Enhanced::Any,                            Text::Any, Size,      Subject::refused),
    row(&[Mail],     FOR_GOOD,                   Is(&[(1, 7), (1, 8)]),                    Text::Any, Sender,    Subject::refused),
    row(&[Mail],     FOR_GOOD,                   Of(&[6]),                                 Text::Any, Sender,    elsewhere),
    row(&[Mail],     &[(555, 555)],              Plain,                                    Text::Any, Sender,    elsewhere),
    row(&[Mail],     &[(550, 550), (553, 554)],  Enhanced::Any,                            Text::Any, Sender,    Subject::refused),
    row(&[Mail],     &[(501, 501), (505, 599)],  Of(&[1, 7]),                              Text::Any, Sender,    Subject::refused),
    // A recipient, for good.
    row(&[Rcpt],     FOR_GOOD,                   Is(&[(1, 7), (1, 8)]),                    Text::Any, Sender,    Subject::refused),
    row(&[Rcpt],     &[(552, 552)],              Plain,                                    Text::Any, Recipient, Subject::deferred),
    row(&[Rcpt],     FOR_GOOD,                   Is(&[(3, 5)]),                            Text::Any, Recipient, elsewhere),
    row(&[Rcpt],     FOR_GOOD,                   Of(&[4, 6, 7]),                           Text::Any, Recipient, elsewhere),
    row(&[Rcpt],     FOR_GOOD,                   Plain,                                    RELAY,     Recipient, elsewhere),
    row(&[Rcpt],     FOR_GOOD,                   Of(&[1, 2]),                              Text::Any, Recipient, Subject::refused),
    row(&[Rcpt],     &[(501, 501), (550, 551), (553, 553), (556, 556)], Plain,             Text::Any, Recipient, Subject::refused),
    row(&[Rcpt],     &[(541, 541), (554, 555)],  Plain,                                    Text::Any, Recipient, elsewhere),
    // What was learnt only at DATA or from the mail itself, for good.
    row(TEXT,        FOR_GOOD,                   Is(&[(1, 7), (1, 8)]),                    Text::Any, Sender,    Subject::refused),
    row(TEXT,        FOR_GOOD,                   Of(&[7]),                                 SENDER,    Sender,    Subject::refused),
    row(TEXT,        FOR_GOOD,                   Of(&[2]),                                 SEND_AS,   Sender,    Subject::refused),
    row(TEXT,        &[(550, 550), (554, 554)],  Plain,                                    VERIFIED,  Sender,    Subject::refused),
    row(TEXT,        &[(552, 552)],              Plain,                                    Text::Any, Size,      Subject::refused),
    row(TEXT,        &[(552, 552)],              Of(&[3]),                                 Text::Any, Size,      Subject::refused),
    row(TEXT,        FOR_GOOD,                   Of(&[1, 2]),                              Text::Any, Recipient, Subject::refused),
    row(TEXT,        FOR_GOOD,                   Of(&[4]),                                 Text::Any, Recipient, elsewhere),
    row(TEXT,        FOR_GOOD,                   Is(&[(6, 0)]),                            Text::Any, Content,   Subject::refused),
    row(TEXT,        FOR_GOOD,                   Of(&[6]),                                 Text::Any, Content,   elsewhere),
    row(TEXT,        FOR_GOOD,                   Of(&[7]),                                 Text::Any, Content,   elsewhere),
    row(TEXT,        &[(550, 550), (554, 554)],  Plain,                                    Text::Any, Content,   elsewhere),
];

const fn row(
    at: &'static [Stage],
    codes: &'static [(u16, u16)],
    enhanced: Enhanced,
    text: Text,
    subject: Subject,
    outcome: fn(Subject) -> Outcome,
) -> Row {
    Row { at, codes, enhanced, text, subject, outcome }
}

/// Does a text hold words of [`RATE`] or [`QUOTA`]?
pub(in crate::delivery::provider::smtp) fn speaks_of_a_rate(text: &str) -> bool {
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    [RATE, QUOTA]
        .iter()
        .any(|words| matches!(words, SaysBut(phrases, _) if phrases.iter().any(|phrase| text.contains(phrase))))
}

/// What the first row that fits says.
pub(super) fn find(stage: Stage, reply: &Reply) -> Option<(Subject, Outcome)> {
    let row = ROWS.iter().find(|row| row.fits(stage, reply))?;
    Some((row.subject, (row.outcome)(row.subject)))
}

impl Row {
    fn fits(&self, stage: Stage, reply: &Reply) -> bool {
        let has_code = self.codes.iter().any(|&(from, to)| (from..=to).contains(&reply.code));
        self.at.contains(&stage) && has_code && self.enhanced.fits(reply.enhanced()) && self.text.fits(reply)
    }
}

impl Enhanced {
    fn fits(&self, code: Option<(u16, u16)>) -> bool {
        match (self, code) {
            (Self::Any, _) | (Plain | NotOf(_), None) => true,
            (Plain, Some((subject, _))) => matches!(subject, 0 | 5),
            (Of(subjects), Some((subject, _))) => subjects.contains(&subject),
            (NotOf(subjects), Some((subject, _))) => !subjects.contains(&subject),
            (Is(codes), Some(code)) => codes.contains(&code),
            (Of(_) | Is(_), None) => false,
        }
    }
}

impl Text {
    fn fits(&self, reply: &Reply) -> bool {
        let says = |phrases: &[&str]| {
            let own = reply_text::own(reply);
            phrases.iter().any(|phrase| own.contains(phrase))
        };
        match self {
            Self::Any => true,
            Says(phrases) => says(phrases),
            SaysBut(phrases, others) => says(phrases) && !says(others),
        }
    }
}

//! The catalogue of faults: what a provider does with a mail instead of its work, and what the proxy may call that.
//!
//! Some are half lies: the mail is accepted, and the caller is never told. Others look worse than they are.

use std::time::Duration;

use crate::harness::Reply;
use crate::harness::stub_provider::Step;

/// Which API a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mailgun,
    SendGrid,
    /// Takes a mail once under its key, and says so to whoever asks again.
    Resend,
}

impl Kind {
    /// As in `SMSP_PROVIDERS`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mailgun => "mailgun",
            Self::SendGrid => "sendgrid",
            Self::Resend => "resend",
        }
    }
}

/// Does the provider keep the mail?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    Yes,
    No,
    /// As the dice say.
    Perhaps,
}

/// Outcomes with their reasons, as receipts have them; a time-out is always possible.
pub(crate) type Outcomes = &'static [&'static str];

/// One thing that goes wrong.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Is the request read first?
    pub(crate) reads: bool,
    /// Does it strike only on a connection that has had a request before?
    pub(crate) kept: bool,
    pub(crate) accepts: Accepts,
    /// What a Mailgun and what a SendGrid that does this may be called; a Resend is like the one or the other.
    outcomes: [Outcomes; 2],
    steps: fn(Kind) -> Vec<Step>,
}

impl Fault {
    pub(crate) fn steps(&self, kind: Kind) -> Vec<Step> {
        (self.steps)(kind)
    }

    pub(crate) fn outcomes(&self, kind: Kind) -> Outcomes {
        let like_sendgrid = kind == Kind::SendGrid || (kind == Kind::Resend && self.name == SENDER);
        self.outcomes[usize::from(like_sendgrid)]
    }

    /// Does it say that the message itself is wrong? Then nobody else is asked.
    pub(crate) fn ends_the_mail(&self) -> bool {
        self.outcomes.iter().any(|outcomes| outcomes[0].starts_with("message_rejected"))
    }
}

const LOST: [Outcomes; 2] = [&["unknown:connection_lost"]; 2];
const TIMEOUT: [Outcomes; 2] = [&["unknown:timeout"]; 2];
const ACCEPTED: [Outcomes; 2] = [WELL; 2];
/// Mailgun's acceptance is in the body, SendGrid's in the status.
const CUT: [Outcomes; 2] =
    [&["unknown:unreadable_answer", "unknown:connection_lost"], &["accepted:http_202", "unknown:connection_lost"]];

/// A refusal for which Mailgun has no words of its own.
const SENDER: &str = "403 of the sender";

/// What a provider without a fault may be called.
pub(crate) const WELL: Outcomes = &["accepted:http_200", "accepted:http_202"];

/// What a provider without a fault does.
pub(crate) fn well(kind: Kind) -> Step {
    match kind {
        Kind::Mailgun => Reply::mailgun_accepts().into(),
        Kind::SendGrid => Reply::sendgrid_accepts().into(),
        Kind::Resend => Reply::resend_accepts().into(),
    }
}

const fn unread(name: &'static str, outcomes: [Outcomes; 2], steps: fn(Kind) -> Vec<Step>) -> Fault {
    Fault { name, reads: false, kept: false, accepts: Accepts::No, outcomes, steps }
}

const fn read(name: &'static str, accepts: Accepts, outcomes: [Outcomes; 2], steps: fn(Kind) -> Vec<Step>) -> Fault {
    Fault { name, reads: true, kept: false, accepts, outcomes, steps }
}

use Accepts::{No, Perhaps, Yes};

/// Those that strike mail by mail; a port that refuses, swallows or flaps is a matter of the whole provider.
pub(crate) static FAULTS: [Fault; 34] = [
    unread("closed unread", LOST, |_| vec![Step::Close]),
    unread("reset unread", LOST, |_| vec![Step::Reset]),
    unread("reset half read", LOST, |_| vec![Step::Read(256), Step::Reset]),
    unread("413 unread", [&["message_rejected:http_413", "unknown:connection_lost"]; 2], |_| {
        vec![Reply::new(413, "").with("connection", "close").into(), Step::Pause(PAUSE), Step::Close]
    }),
    Fault { kept: true, ..unread("kept connection closed", LOST, |_| vec![Step::Close]) },
    read("closed after the answer", Yes, ACCEPTED, |kind| {
        vec![well(kind), Step::Pause(Duration::from_millis(1)), Step::Close]
    }),
    read("accepted, silence", Yes, TIMEOUT, |_| vec![Step::Silence]),
    read("silence", No, TIMEOUT, |_| vec![Step::Silence]),
    read("accepted, reset", Yes, LOST, |_| vec![Step::Reset]),
    read("reset", No, LOST, |_| vec![Step::Reset]),
    read("accepted, closed", Yes, LOST, |_| vec![Step::Close]),
    read("closed", No, LOST, |_| vec![Step::Close]),
    read("500, accepted", Yes, [&["unknown:http_500"]; 2], |kind| vec![refusal(kind, 500, "Internal Server Error")]),
    read("500", No, [&["unknown:http_500"]; 2], |kind| vec![refusal(kind, 500, "Internal Server Error")]),
    read("502 in HTML", Perhaps, [&["unknown:http_502"]; 2], |_| vec![page(502)]),
    read("503", Perhaps, [&["unknown:http_503"]; 2], |_| vec![page(503)]),
    read("504", Perhaps, [&["unknown:http_504"]; 2], |_| vec![page(504)]),
    read("408", Perhaps, [&["unknown:http_408"]; 2], |_| vec![page(408)]),
    read("429", No, [&["throttled:http_429"]; 2], |kind| {
        let text = "too many requests, try again after 1 seconds";
        vec![refuses(kind, 429, text).with("retry-after", "1").into()]
    }),
    read("401", No, [&["account_refused:http_401"]; 2], |kind| vec![refusal(kind, 401, "Forbidden")]),
    read(SENDER, No, [&["unclassified:http_403"], &["sender_rejected:http_403"]], |kind| {
        vec![refusal(kind, 403, "The from address does not match a verified Sender Identity.")]
    }),
    read("403 of the account", No, [&["account_refused:http_403"]; 2], |kind| {
        vec![refusal(kind, 403, "The account is suspended")]
    }),
    read("404", No, [&["account_refused:http_404"]; 2], |kind| vec![refusal(kind, 404, "Not Found")]),
    read("400", No, [&["message_rejected:http_400"]; 2], |kind| vec![refusal(kind, 400, "to is not an address")]),
    read("307", No, [&["unavailable:wrong_base_url"]; 2], |_| vec![elsewhere(307)]),
    read("303", Perhaps, [&["unknown:http_303"]; 2], |_| vec![elsewhere(303)]),
    read("200 without sense", Yes, [&["unknown:unreadable_answer"]; 2], |_| vec![Reply::new(200, "{\"id\"").into()]),
    read("half a body, reset", Yes, CUT, |kind| vec![yes(kind, "{\"id\": \"<1@"), Step::Reset]),
    read("no body, silence", Yes, [&["unknown:timeout"], CUT[1]], |kind| vec![yes(kind, ""), Step::Silence]),
    read("dripping body", Yes, [&["unknown:timeout"], CUT[1]], |kind| vec![yes(kind, ""), Step::Drip(PAUSE)]),
    read("endless body", Yes, CUT, |kind| vec![yes(kind, ""), Step::Flood]),
    read("not HTTP", Perhaps, LOST, |_| vec![Step::Write(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), Step::Close]),
    read("102, closed", Perhaps, LOST, |_| vec![Step::Write(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()), Step::Close]),
    read("slow", Yes, ACCEPTED, |kind| vec![Step::Pause(Duration::from_millis(150)), well(kind)]),
];

/// Says yes and forgets the mail: no proxy can see that.
pub(crate) static FORGETS: Fault = read("forgets", No, ACCEPTED, |kind| vec![well(kind)]);
/// Says no and keeps it.
pub(crate) static KEEPS: Fault =
    read("keeps", Yes, [&["account_refused:http_401"]; 2], |kind| vec![refusal(kind, 401, "Forbidden")]);
/// Says that the mail itself is wrong and keeps it.
pub(crate) static KEEPS_THE_WRONG: Fault =
    read("keeps the wrong", Yes, [&["message_rejected:http_400"]; 2], |kind| vec![refusal(kind, 400, "no address")]);

/// One of the catalogue.
pub(crate) fn named(name: &str) -> &'static Fault {
    FAULTS.iter().find(|fault| fault.name == name).unwrap_or_else(|| panic!("no fault is called {name}"))
}

const PAUSE: Duration = Duration::from_millis(50);

fn refuses(kind: Kind, status: u16, message: &str) -> Reply {
    match kind {
        Kind::Mailgun => Reply::mailgun_refuses(status, message),
        Kind::SendGrid => Reply::sendgrid_refuses(status, message),
        Kind::Resend => Reply::resend_refuses(status, name(status, message), message),
    }
}

/// What Resend's table of errors calls it.
fn name(status: u16, message: &str) -> &'static str {
    match status {
        401 => "invalid_api_key",
        403 if message.contains("suspended") => "suspended_api_key",
        404 => "not_found",
        429 => "rate_limit_exceeded",
        500.. => "internal_server_error",
        _ => "validation_error",
    }
}

fn refusal(kind: Kind, status: u16, message: &str) -> Step {
    refuses(kind, status, message).into()
}

/// Of a gateway.
fn page(status: u16) -> Step {
    Reply::new(status, "<html>Bad Gateway</html>").with("content-type", "text/html").into()
}

fn elsewhere(status: u16) -> Step {
    Reply::new(status, "").with("location", "http://127.0.0.1:1/").into()
}

/// The accepting status, and the start of a body that was to be longer.
fn yes(kind: Kind, start: &str) -> Step {
    let status = if kind == Kind::SendGrid { 202 } else { 200 };
    let text = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: 1000000000\r\n\r\n{start}");
    Step::Write(text.into_bytes())
}

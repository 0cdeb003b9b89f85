//! All faults. Some are half lies: the mail is accepted, and the caller is never told. Others look worse than they are.

use std::time::Duration;

use super::definition::Accepts::{self, No, Perhaps, Yes};
use super::definition::{Fault, Kind, Outcomes, SENDER, WELL};
use super::replies::{elsewhere, page, refusal, refuses, well, yes};
use crate::harness::Reply;
use crate::harness::stub_provider::Step;

const PAUSE: Duration = Duration::from_millis(50);
/// Longer than an attempt.
const LONG: Duration = Duration::from_secs(1);
/// Longer than a provider may take nothing of a mail.
const TOO_LONG: Duration = Duration::from_secs(20);

const LOST: [Outcomes; 2] = [&["unknown:connection_lost"]; 2];
const TIMEOUT: [Outcomes; 2] = [&["unknown:timeout"]; 2];
/// A busy machine may see the end first.
const LOST_LATE: [Outcomes; 2] = [&["unknown:timeout", "unknown:connection_lost"]; 2];
/// The end of a mail that is larger than every buffer on its way is never handed over.
const WITHHELD: [Outcomes; 2] = [&["unavailable:timeout", "unavailable:still_sending"]; 2];
const ACCEPTED: [Outcomes; 2] = [WELL; 2];
/// Mailgun's acceptance is in the body, SendGrid's in the status.
const CUT: [Outcomes; 2] =
    [&["unknown:unreadable_answer", "unknown:connection_lost"], &["accepted:http_202", "unknown:connection_lost"]];

const fn unread(name: &'static str, outcomes: [Outcomes; 2], steps: fn(Kind) -> Vec<Step>) -> Fault {
    Fault { name, reads: false, kept: false, accepts: Accepts::No, outcomes, steps }
}

const fn read(name: &'static str, accepts: Accepts, outcomes: [Outcomes; 2], steps: fn(Kind) -> Vec<Step>) -> Fault {
    Fault { name, reads: true, kept: false, accepts, outcomes, steps }
}

/// Those that strike mail by mail; a port that refuses, swallows or flaps is a matter of the whole provider.
pub(crate) static FAULTS: [Fault; 35] = [
    unread("closed unread", LOST, |_| vec![Step::Close]),
    unread("reset unread", LOST, |_| vec![Step::Reset]),
    unread("reset half read", LOST, |_| vec![Step::Read(256), Step::Reset]),
    unread("half read, stalls", LOST_LATE, |_| vec![Step::Read(256), Step::Pause(LONG), Step::Close]),
    unread("413 unread", [&["not_capable:http_413", "unknown:connection_lost"]; 2], |_| {
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
    read(SENDER, No, [&["unlisted:http_403"], &["sender_rejected:http_403"]], |kind| {
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

/// Takes the start of a mail that is larger than all buffers, and then no more.
pub(crate) static STALLS_IN_MUCH: Fault =
    unread("stalls in a large mail", WITHHELD, |_| vec![Step::Read(256 << 10), Step::Pause(TOO_LONG), Step::Close]);
/// Says yes and forgets the mail: no proxy can see that.
pub(crate) static FORGETS: Fault = read("forgets", No, ACCEPTED, |kind| vec![well(kind)]);
/// Says no and keeps it.
pub(crate) static KEEPS: Fault =
    read("keeps", Yes, [&["account_refused:http_401"]; 2], |kind| vec![refusal(kind, 401, "Forbidden")]);
/// Says that the mail itself is wrong and keeps it.
pub(crate) static KEEPS_THE_WRONG: Fault =
    read("keeps the wrong", Yes, [&["message_rejected:http_400"]; 2], |kind| vec![refusal(kind, 400, "no address")]);

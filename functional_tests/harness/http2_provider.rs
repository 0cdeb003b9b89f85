//! A provider that speaks HTTP/2 frame by frame over plain TCP; a TLS listener in front of it agrees on the protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::raw_provider::{Conversation, RawProvider};

/// RFC 9113, sections 3.4, 6 and 7.
const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
pub(crate) const NO_ERROR: u8 = 0;
pub(crate) const INTERNAL_ERROR: u8 = 2;
pub(crate) const REFUSED_STREAM: u8 = 7;
pub(crate) const CANCEL: u8 = 8;
/// `:status 202` (RFC 7541: an indexed name, a literal value).
const STATUS_202: &[u8] = b"\x48\x03202";

/// What it does with every request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Takes the mail, as SendGrid does.
    Accepts,
    /// Resets the first stream of all as refused, and takes every later mail.
    RefusesOnce,
    /// Says goodbye to the first request of all, which it did not process, and takes every later mail.
    LeavesOnce,
    /// Answers neither the first request of all nor any PING on its connection, and takes every later mail.
    FallsSilentOnce,
    /// Resets the stream once the request is read to its end.
    Resets(u8),
    /// Resets the stream on seeing its head.
    ResetsEarly(u8),
    /// Says goodbye once the request is read, naming this as the last stream that it processed, and closes.
    Leaves { code: u8, last: u8 },
    /// Says goodbye before anything was asked.
    LeavesAtOnce,
}

pub(crate) async fn start(answer: Answer) -> RawProvider {
    let requests = Arc::new(AtomicUsize::new(0));
    RawProvider::start(move |conversation| converse(conversation, answer, Arc::clone(&requests))).await
}

async fn converse(mut conversation: Conversation, answer: Answer, requests: Arc<AtomicUsize>) {
    let (mut read, mut seen) = (Vec::new(), 0);
    conversation.write(frame(SETTINGS, 0, 0, &[])).await;
    if matches!(answer, Answer::LeavesAtOnce) {
        conversation.write(goodbye(NO_ERROR, 0)).await;
        return conversation.ends().await;
    }
    let whole = !matches!(answer, Answer::ResetsEarly(_));
    conversation.write(frame(SETTINGS, ACK, 0, &[])).await;
    while let Some(stream) = request(&mut conversation, &mut read, seen, whole).await {
        seen = stream;
        let first = requests.fetch_add(1, Ordering::SeqCst) == 0;
        let answer = match answer {
            Answer::RefusesOnce if first => Answer::Resets(REFUSED_STREAM),
            Answer::LeavesOnce if first => Answer::Leaves { code: NO_ERROR, last: 0 },
            Answer::FallsSilentOnce if first => return conversation.ends().await,
            Answer::RefusesOnce | Answer::LeavesOnce | Answer::FallsSilentOnce => Answer::Accepts,
            always => always,
        };
        match answer {
            Answer::Resets(code) | Answer::ResetsEarly(code) => {
                conversation.write(frame(RST_STREAM, 0, stream, &[0, 0, 0, code])).await;
            }
            Answer::Leaves { code, last } => {
                conversation.write(goodbye(code, last)).await;
                return;
            }
            _ => {
                conversation.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS_202)).await;
            }
        }
    }
}

fn goodbye(code: u8, last: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, code])
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The stream of the next request behind this one, once its head, or the whole of it, is here.
async fn request(conversation: &mut Conversation, read: &mut Vec<u8>, after: u8, whole: bool) -> Option<u8> {
    loop {
        let mut rest = read.get(PREFACE..).unwrap_or_default();
        while let Some((length, kind, flags, stream)) = head(rest) {
            let Some(behind) = rest.get(9 + length..) else { break };
            let is_due = if whole { kind <= HEADERS && flags & END_STREAM > 0 } else { kind == HEADERS };
            if is_due && stream > after {
                return Some(stream);
            }
            rest = behind;
        }
        if conversation.read(read).await == 0 {
            return None;
        }
    }
}

fn head(bytes: &[u8]) -> Option<(usize, u8, u8, u8)> {
    let [a, b, c, kind, flags, _, _, _, stream, ..] = *bytes else { return None };
    Some((usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c), kind, flags, stream))
}

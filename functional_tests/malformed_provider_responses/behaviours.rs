//! What hostile providers do with a connection.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;

use super::status::Status;
use crate::harness::Conversation;

/// Plays one connection.
pub(super) type Behaviour = fn(Conversation, Status) -> Playing;
pub(super) type Playing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Never silent for long, and never done.
const DRIP: Duration = Duration::from_millis(50);
const GIB: usize = 1 << 30;

/// Reads the request, writes this, and stays.
fn says(mut conversation: Conversation, text: String) -> Playing {
    Box::pin(async move {
        conversation.request().await;
        conversation.write(text).await;
        conversation.ends().await;
    })
}

/// Reads the request, writes the first part once and the other again and again, so far apart.
fn repeats(mut conversation: Conversation, once: String, again: Vec<u8>, apart: Duration) -> Playing {
    Box::pin(async move {
        conversation.request().await;
        conversation.write(once).await;
        while conversation.write(&again).await {
            sleep(apart).await;
        }
    })
}

/// Reads the request, writes this, and ends the connection.
fn breaks_off(mut conversation: Conversation, text: String, by_reset: bool) -> Playing {
    Box::pin(async move {
        conversation.request().await;
        conversation.write(text).await;
        if by_reset {
            // What was written should arrive before the reset does.
            sleep(DRIP).await;
            conversation.reset();
        }
    })
}

/// Reads the head of the request, and some of its body.
fn stops_reading(mut conversation: Conversation, by_reset: bool) -> Playing {
    Box::pin(async move {
        conversation.read(&mut Vec::with_capacity(4096)).await;
        if by_reset {
            conversation.reset();
        }
    })
}

fn head(status: Status, length: usize) -> String {
    format!("{}content-length: {length}\r\n\r\n", status.line())
}

pub(super) fn drips_head(conversation: Conversation, status: Status) -> Playing {
    repeats(conversation, format!("{}x-drip: ", status.line()), b"x".to_vec(), DRIP)
}

pub(super) fn drips_body(conversation: Conversation, status: Status) -> Playing {
    repeats(conversation, head(status, GIB), b" ".to_vec(), DRIP)
}

pub(super) fn writes_for_ever(conversation: Conversation, status: Status) -> Playing {
    repeats(conversation, head(status, GIB), vec![b'x'; 64 << 10], Duration::ZERO)
}

pub(super) fn writes_headers_for_ever(conversation: Conversation, status: Status) -> Playing {
    repeats(conversation, status.line().to_owned(), b"x-header: value\r\n".repeat(64), Duration::ZERO)
}

pub(super) fn writes_one_header_for_ever(conversation: Conversation, status: Status) -> Playing {
    repeats(conversation, format!("{}x-header: ", status.line()), vec![b'x'; 1 << 10], Duration::ZERO)
}

pub(super) fn informs_for_ever(conversation: Conversation, _: Status) -> Playing {
    repeats(conversation, String::new(), b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".to_vec(), Duration::ZERO)
}

pub(super) fn writes_zeros(conversation: Conversation, _: Status) -> Playing {
    repeats(conversation, String::new(), vec![0; 64], Duration::ZERO)
}

pub(super) fn speaks_ssh(conversation: Conversation, _: Status) -> Playing {
    says(conversation, "SSH-2.0-OpenSSH_9.9\r\n".to_owned())
}

pub(super) fn writes_no_json(conversation: Conversation, status: Status) -> Playing {
    says(conversation, head(status, 6) + "{]\0\u{7f}\r\n")
}

pub(super) fn nests_deeply(conversation: Conversation, status: Status) -> Playing {
    let body = "{\"id\":[".repeat(8000);
    says(conversation, head(status, body.len()) + &body)
}

pub(super) fn writes_bad_chunks(conversation: Conversation, status: Status) -> Playing {
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", status.line());
    says(conversation, head + "7\r\n{\"id\":\r\nffffffffffffffffff\r\n")
}

pub(super) fn closes_after_head(conversation: Conversation, status: Status) -> Playing {
    breaks_off(conversation, head(status, 100), false)
}

pub(super) fn closes_in_body(conversation: Conversation, status: Status) -> Playing {
    breaks_off(conversation, head(status, 100) + "{\"id\":\"<1@mg", false)
}

pub(super) fn resets_after_head(conversation: Conversation, status: Status) -> Playing {
    breaks_off(conversation, head(status, 100), true)
}

pub(super) fn resets_in_body(conversation: Conversation, status: Status) -> Playing {
    breaks_off(conversation, head(status, 100) + "{\"id\":\"<1@mg", true)
}

pub(super) fn resets_in_request(conversation: Conversation, _: Status) -> Playing {
    stops_reading(conversation, true)
}

pub(super) fn closes_in_request(conversation: Conversation, _: Status) -> Playing {
    stops_reading(conversation, false)
}

//! What a call that came to no answer proves: the one place that tells "nobody has the mail" from "somebody may".
//!
//! Nothing was sent while the name was looked up, the connection made, a proxy asked for a tunnel, TLS agreed on; a proxy
//! that refuses the tunnel has nothing either (RFC 9110 9.3.6). Nothing was taken where the client
//! hands the message back unstarted, or where the peer says, in HTTP/2's own words, that it did not process the stream.
//! Whatever else broke may have been taken. A time-out is judged by the caller of the adapter, which keeps the time.

use std::error::Error;

use h2::Reason as Code;
use hyper_util::client::legacy;

use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::net::no_connection::{NoConnection, causes};

type Cause = dyn Error + 'static;

/// The verdict on a call without an answer.
pub(super) fn judge(error: &reqwest::Error) -> Verdict {
    let any = |proof: fn(&Cause) -> bool| causes(error).any(proof);
    let (outcome, reason) = if error.is_builder() {
        // Messages are valid by construction, so it is the key or the URL.
        (Outcome::AccountRefused, Reason::NotSent)
    } else if let Some(why) = NoConnection::of(error) {
        (Outcome::Unavailable, reason(why))
    } else if any(is_unprocessed_stream) {
        (Outcome::Unavailable, Reason::RefusedStream)
    } else if any(is_unstarted) {
        (Outcome::Unavailable, Reason::NotSent)
    } else {
        (Outcome::Unknown, Reason::ConnectionLost)
    };
    Verdict::new(outcome, reason)
}

fn reason(why: NoConnection) -> Reason {
    match why {
        NoConnection::LocalLimit => Reason::LocalLimit,
        NoConnection::Dns => Reason::Dns,
        NoConnection::Tls => Reason::Tls,
        NoConnection::Connect => Reason::Connect,
    }
}

/// The error and its causes, for the operator of a probe: by what a proxy or a certificate is refused. The URL is left out.
pub(super) fn summary(error: &reqwest::Error) -> String {
    let words = causes(error).skip(1).map(ToString::to_string).collect::<Vec<_>>();
    format!("no answer: {}", words.join(": "))
}

/// RFC 9113 8.7: a stream that the peer refuses, or that lies beyond the last one that its GOAWAY names (h2 gives that
/// error to no other), was not processed.
fn is_unprocessed_stream(cause: &Cause) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Code::REFUSED_STREAM);
        let beyond = error.is_go_away() && error.reason() == Some(Code::NO_ERROR);
        error.is_remote() && (refused || beyond)
    })
}

/// hyper hands a message back that it has not begun to write, and hyper-util names no connection in the errors of a
/// request that never got one.
fn is_unstarted(cause: &Cause) -> bool {
    let handed_back = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
    handed_back || cause.downcast_ref::<legacy::Error>().is_some_and(|error| error.connect_info().is_none())
}

#[cfg(test)]
mod tests;

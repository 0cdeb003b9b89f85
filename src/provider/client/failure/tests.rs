//! Errors as the libraries make them; what needs a whole provider is in `functional_tests/transport`.

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// What one request on a connection comes to whose other side does this.
async fn error(other_side: impl AsyncFnOnce(tokio::io::DuplexStream), drive: bool) -> hyper::Error {
    let (ours, theirs) = duplex(4096);
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(ours)).await.unwrap();
    let sending = sender.send_request(hyper::Request::new(Empty::new()));
    let driving = async {
        if drive {
            // Its error is the request's.
            let _ = connection.await;
        }
    };
    tokio::join!(sending, driving, other_side(theirs)).0.unwrap_err()
}

#[tokio::test]
async fn a_message_that_is_handed_back_was_never_sent() {
    let error = error(async |_| (), false).await;
    assert!(causes(&error).any(is_unstarted), "{error:?}");
}

#[tokio::test]
async fn a_message_that_was_begun_is_not_handed_back() {
    let close = async |mut theirs: tokio::io::DuplexStream| {
        theirs.read_exact(&mut [0; 8]).await.unwrap();
    };
    let garbage = async |mut theirs: tokio::io::DuplexStream| {
        theirs.read_exact(&mut [0; 8]).await.unwrap();
        theirs.write_all(b"\0\0\0").await.unwrap();
    };
    for error in [error(close, true).await, error(garbage, true).await] {
        assert!(!causes(&error).any(is_unstarted), "{error:?}");
    }
}

#[test]
fn only_the_peer_s_own_words_speak_of_a_stream_that_it_did_not_process() {
    for code in [Code::REFUSED_STREAM, Code::NO_ERROR] {
        assert!(!is_unprocessed_stream(&h2::Error::from(code)), "{code:?} is ours");
    }
}

#[test]
fn a_handshake_is_found_behind_any_wrapping_and_a_refused_connection_is_none() {
    let wrapped = |kind| io::Error::other(io::Error::other(io::Error::new(kind, "inside")));
    assert!(causes(&wrapped(io::ErrorKind::InvalidData)).any(is_broken_handshake));
    for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut, io::ErrorKind::NetworkUnreachable] {
        assert!(!causes(&wrapped(kind)).any(is_broken_handshake), "{kind:?}");
    }
}

//! Errors as the libraries make them; what needs a whole provider is in `functional_tests/transport`.

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

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

/// The provider takes the connection and ends it before the client has done anything with it.
#[tokio::test]
async fn a_connection_that_was_closed_before_its_first_use_got_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let close = async { drop(listener.accept().await.unwrap()) };
    let connector = tower::service_fn(move |_: hyper::Uri| {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.peek(&mut [0]).await.map(|_| TokioIo::new(stream))
        })
    });
    let client = legacy::Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector);
    let error = tokio::join!(client.get("http://provider.example/".parse().unwrap()), close).0.unwrap_err();
    assert!(!error.is_connect() && causes(&error).any(is_unstarted), "{error:?}");
}

/// What the other side says when it leaves is a proof; the same words of our own are none.
#[tokio::test]
async fn only_the_peer_can_say_that_it_did_not_process_a_stream() {
    let (ours, theirs) = duplex(4096);
    let client = async {
        let (sender, connection) = h2::client::handshake(ours).await.unwrap();
        let (_, body) = sender.ready().await.unwrap().send_request(hyper::Request::default(), false).unwrap();
        // It ends as the test does.
        let _ = connection.await;
        drop(body);
    };
    let leaving = async {
        let mut connection = h2::server::handshake(theirs).await.unwrap();
        let (request, _answer) = connection.accept().await.unwrap().unwrap();
        connection.abrupt_shutdown(Code::NO_ERROR);
        request.into_body().data().await.unwrap().unwrap_err()
    };
    let error = tokio::select! {
        error = leaving => error,
        () = client => unreachable!("it waits for the other side"),
    };
    assert!(error.is_go_away() && error.reason() == Some(Code::NO_ERROR), "{error:?}");
    assert!(!is_unprocessed_stream(&error), "{error:?}");
}

#[test]
fn a_handshake_is_found_behind_any_wrapping_and_a_refused_connection_is_none() {
    let wrapped = |kind| io::Error::other(io::Error::other(io::Error::new(kind, "inside")));
    assert!(causes(&wrapped(io::ErrorKind::InvalidData)).any(is_broken_handshake));
    for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut, io::ErrorKind::NetworkUnreachable] {
        assert!(!causes(&wrapped(kind)).any(is_broken_handshake), "{kind:?}");
    }
}

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

/// What one call of our own client comes to, through a proxy that reads the head of a request and answers so.
async fn verdict_behind_a_proxy(url: &str, answer: &'static [u8], reset: bool) -> (bool, Verdict) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = super::super::super::EgressProxy::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(answer).await.unwrap();
        if reset {
            stream.set_zero_linger().unwrap();
        }
    };
    let client = reqwest::Client::builder().proxy(proxy.to_client()).build().unwrap();
    let error = tokio::join!(client.post(url).send(), answering).0.unwrap_err();
    (error.is_connect(), judge(&error))
}

#[tokio::test]
async fn a_proxy_that_makes_no_tunnel_proves_that_no_connection_was_made() {
    for (answer, reset) in [
        (&b"HTTP/1.1 403 Forbidden\r\n\r\n"[..], false),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", false),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", false),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", false),
        (b"SSH-2.0-OpenSSH_9.2\r\n", false),
        (b"HTTP/1.1 20", false),
        (b"", false),
        (b"", true),
        (b"HTTP/1.1 20", true),
    ] {
        let (is_connect, verdict) = verdict_behind_a_proxy("https://api.provider.example/", answer, reset).await;
        let shown = String::from_utf8_lossy(answer);
        assert!(is_connect, "{shown:?} {reset}");
        assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::Connect), "{shown:?} {reset}");
    }
}

/// The tunnel is there, so whatever breaks then is the provider's TLS, or may have been the mail itself.
#[tokio::test]
async fn what_breaks_behind_a_tunnel_is_judged_as_without_a_proxy() {
    for (url, outcome, reason) in [
        ("https://api.provider.example/", Outcome::Unavailable, Reason::Tls),
        ("http://api.provider.example/", Outcome::Unknown, Reason::ConnectionLost),
    ] {
        let answer = if url.starts_with("https") { &b"HTTP/1.1 200 OK\r\n\r\n"[..] } else { b"" };
        let (_, verdict) = verdict_behind_a_proxy(url, answer, true).await;
        assert_eq!(verdict, Verdict::new(outcome, reason), "{url}");
    }
}

#[test]
fn a_connection_that_was_not_made_has_one_word_for_its_reason_everywhere() {
    for why in [NoConnection::LocalLimit, NoConnection::Dns, NoConnection::Tls, NoConnection::Connect] {
        assert_eq!(reason(why).to_string(), why.as_str());
    }
}

#[test]
fn a_summary_names_the_causes_and_no_url() {
    let error = reqwest::Client::new().post("http://canary.example/").header("a\n", "b").build().unwrap_err();
    let summary = summary(&error);
    assert!(summary.starts_with("no answer: ") && !summary.contains("canary"), "{summary}");
}

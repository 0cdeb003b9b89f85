//! What it proves when no connection is made.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::super::call::{Delivery, Mode};
use super::stub::{adapter, mail};
use crate::model::outcome::{Outcome, Reason, Verdict};

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let silent = async {
        let (stream, _) = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    };
    let (adapter, mail) = (adapter("sendgrid", &base_url), mail());
    let verdict = tokio::select! {
        verdict = adapter.send(Delivery::new(&mail, Mode::First)) => verdict,
        () = silent => unreachable!("it is silent for ever"),
    };
    assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::Connect));
}

#[tokio::test]
async fn no_connection_proves_that_nothing_was_sent() {
    // Bound, so that nobody else gets the port, but nobody listens.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("http://{}", bound.local_addr().unwrap());
    for kind in ["mailgun", "sendgrid"] {
        for (base_url, reason) in [
            (closed.as_str(), Reason::Connect),
            ("https://127.0.0.1:1", Reason::Connect),
            ("http://no-such-host.invalid", Reason::Dns),
        ] {
            let verdict = adapter(kind, base_url).send(Delivery::new(&mail(), Mode::First)).await;
            assert_eq!(verdict, Verdict::new(Outcome::Unavailable, reason), "{kind}: {base_url}");
        }
    }
}

#[tokio::test]
async fn plain_text_where_tls_was_asked_for_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let stub = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    };
    let (adapter, mail) = (adapter("sendgrid", &base_url), mail());
    let verdict = tokio::join!(adapter.send(Delivery::new(&mail, Mode::First)), stub).0;
    assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::Tls));
}

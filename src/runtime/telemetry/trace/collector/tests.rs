//! Collectors that cannot be reached, and how the log names them.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket};

use super::*;

/// The collector at this URL, whose path and query hold what nobody may see.
fn collector(base: &str) -> Collector {
    let url = format!("{base}/canary/v1/traces?key=canary").parse().unwrap();
    Collector::new(url, HeaderMap::new()).unwrap()
}

fn later(reason: &str) -> Outcome {
    Outcome::Later { wait: None, reason: reason.to_owned() }
}

#[tokio::test]
async fn a_name_without_an_address_and_a_port_where_nobody_listens_are_told_apart() {
    // Bound, so that nobody else gets the port, but nobody listens.
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("http://{}", bound.local_addr().unwrap());
    for (base, reason) in [(closed.as_str(), "connect"), ("http://no-such-host.invalid", "dns")] {
        assert_eq!(collector(base).post(Bytes::new()).await, later(reason), "{base}");
    }
}

/// A listener that answers the first bytes with these, and closes.
async fn answered_with(scheme: &str, bytes: &[u8]) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("{scheme}://{}", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        stream.write_all(bytes).await.unwrap();
    };
    let collector = collector(&base);
    tokio::join!(collector.post(Bytes::new()), answering).0
}

#[tokio::test]
async fn what_speaks_no_tls_and_what_breaks_off_are_told_apart() {
    assert_eq!(answered_with("https", b"HTTP/1.1 400 Bad Request\r\n\r\n").await, later("tls"));
    assert_eq!(answered_with("http", b"").await, later("connection_lost"));
}

#[test]
fn the_log_gets_host_and_port_and_nothing_else_of_a_url() {
    for (base, host) in [
        ("http://collector.example.org:4318", "collector.example.org:4318"),
        ("https://collector.example.org", "collector.example.org"),
        ("https://canary:canary@collector.example.org", "collector.example.org"),
        ("http://[::1]:4318", "[::1]:4318"),
    ] {
        assert_eq!(collector(base).host(), host);
    }
}

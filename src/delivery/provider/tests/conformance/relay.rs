//! A relay that takes one mail, and keeps what was said.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::carried::Carried;
use super::sending::send;
use crate::delivery::provider::kind::Kind;
use crate::delivery::provider::metadata_headers::METADATA_HEADERS;
use crate::model::message::Message;
use crate::model::outcome::Outcome;

/// What the adapter says to a relay that takes everything.
pub(super) async fn conversation(kind: &Kind, message: &Message) -> Carried {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let values = [("HOST", "127.0.0.1".to_owned()), ("PORT", port.to_string()), ("TLS", "none".to_owned())];
    let values = [&values[..], &[(METADATA_HEADERS, "true".to_owned())]].concat();
    let (verdict, carried) = tokio::join!(send(kind, &values, message), take(listener));
    assert_eq!(verdict.outcome, Outcome::Accepted, "{verdict:?}: {carried}");
    carried
}

async fn take(listener: TcpListener) -> Carried {
    let mut stream = BufReader::new(listener.accept().await.unwrap().0);
    stream.write_all(b"220 relay ready\r\n").await.unwrap();
    let mut envelope = String::new();
    loop {
        let start = envelope.len();
        assert_ne!(stream.read_line(&mut envelope).await.unwrap(), 0, "the conversation broke off: {envelope}");
        let command = envelope[start..].to_ascii_uppercase();
        let reply = match command.split([' ', '\r', ':']).next() {
            Some("EHLO") => "250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            Some("DATA") => "354 go on\r\n",
            _ => "250 2.0.0 ok\r\n",
        };
        stream.write_all(reply.as_bytes()).await.unwrap();
        if command.starts_with("DATA") {
            break;
        }
    }
    let mut file = Vec::new();
    while !file.ends_with(b"\r\n.\r\n") {
        file.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(b"250 2.0.0 taken\r\n").await.unwrap();
    Carried::file(envelope, &file)
}

//! Whatever stands in a mail: its lines arrive, it ends once, and nobody else gets it.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, duplex};

use super::*;
use crate::delivery::smtp_client::wire::Wire;

/// What a relay reads between DATA and the next command.
fn sent(file: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (ours, mut theirs) = duplex(1 << 22);
        let mut wire = Wire::new(ours);
        wire.lines(file, &HandOver::begin(0, None)).await.unwrap();
        // The relay hangs up after the end; what counts is what it has read.
        let (_, read) = tokio::join!(async { drop(wire.command(".").await) }, async {
            let mut read = Vec::new();
            while !read.ends_with(b"\r\n.\r\n") {
                assert_ne!(theirs.read_buf(&mut read).await.unwrap(), 0);
            }
            drop(theirs);
            read
        });
        read
    })
}

/// As RFC 5321 4.5.2 has it for relays: up to the first line that is a dot alone.
fn read_as_a_relay(wire: &[u8]) -> (Vec<u8>, usize) {
    let (mut file, mut read) = (Vec::new(), 0);
    for line in wire.split_inclusive(|&byte| byte == b'\n') {
        read += line.len();
        if line == b".\r\n" {
            break;
        }
        file.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    (file, read)
}

proptest! {
    #[test]
    fn dot_stuffing_keeps_any_mail_whole(
        text in prop::option::of("(?s)([.]|\\r|\\n|\\r\\n|\\PC{0,9}){0,40}"),
        html in prop::option::of("(?s)([.]|\\r|\\n|\\r\\n|<p>|\\PC{0,9}){0,40}"),
        files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..2),
    ) {
        let body = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let attachments = files.into_iter().map(|content| crate::model::message::Attachment {
            filename: "a.bin".parse().unwrap(),
            content_type: "application/octet-stream".parse().unwrap(),
            content: content.into(),
            content_id: None,
        });
        let to = vec!["b@example.net".parse().unwrap()];
        let draft = Draft { to, text: body(text), html: body(html), attachments: attachments.collect(), ..Draft::default() };
        let message = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
        let file = Mail::of(&message, MetadataHeaders::None).file;
        let wire = sent(&file);
        prop_assert_eq!(read_as_a_relay(&wire), (file, wire.len()));
        let ends = wire.windows(5).filter(|bytes| bytes == b"\r\n.\r\n").count();
        let lone = String::from_utf8_lossy(&wire).replace("\r\n", "").matches(['\r', '\n']).count();
        prop_assert_eq!((ends, lone), (1, 0));
    }
}

#[tokio::test]
async fn the_recipients_on_the_wire_are_those_that_were_asked() {
    let stub = Stub::new(|_, _| None).await;
    let draft = Draft {
        to: vec!["b@example.net".parse().unwrap(), "o'neil+x=y@example.net".parse().unwrap()],
        cc: vec!["用户@bücher.example".parse().unwrap()],
        bcc: vec!["hidden@example.net".parse().unwrap()],
        ..Draft::default()
    };
    let mail = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
    assert_eq!(smtp(stub.port).first(&mail).await.outcome, Outcome::Accepted);
    let heard = stub.heard();
    let to: Vec<_> = heard.iter().filter_map(|line| line.strip_prefix("RCPT TO:")).collect();
    assert_eq!(
        to,
        ["<b@example.net>", "<o'neil+x=y@example.net>", "<用户@xn--bcher-kva.example>", "<hidden@example.net>"]
    );
    let file = heard.iter().skip_while(|line| *line != "DATA");
    assert!(!file.clone().any(|line| line.contains("hidden")), "{heard:?}");
}

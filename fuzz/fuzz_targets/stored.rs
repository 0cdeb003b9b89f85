//! Any bytes as the content of a row of the outbox, and any text as a time: nothing panics, and what is read is written in
//! one way, which reads back as itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smsp::runtime::unix_time::UnixTime;
use smsp::state::outbox::{decode, encode};

/// The version that this program writes.
const VERSION: u8 = 1;

fuzz_target!(|stored: (bool, &str, &[u8])| {
    let (is_framed, head, rest) = stored;
    reads_time(head);
    let bytes = if is_framed {
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&[VERSION][..], &length, head.as_bytes(), rest].concat()
    } else {
        rest.to_vec()
    };
    let id = smsp::runtime::ids::fresh().into();
    let Ok((message, failover)) = decode(id, &bytes.into()) else { return };
    assert!(message.recipient_mailboxes().next().is_some(), "a message has a recipient");
    let written = encode(&message, failover);
    let (again, failover) = decode(id, &written.clone().into()).expect("what is written can be read");
    assert!(encode(&again, failover) == written, "{:?}", String::from_utf8_lossy(&written));
});

fn reads_time(text: &str) {
    let Some(time) = UnixTime::parse(text) else { return };
    let shown = time.to_string();
    assert!(time.0 < 0 || UnixTime::parse(&shown) == Some(time), "{text} is {shown}");
}

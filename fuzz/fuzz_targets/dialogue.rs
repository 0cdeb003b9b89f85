//! Any words of a mail host: nothing panics, no wait is endless, and a recipient is told that its mail was taken, or may have
//! been, only where the host has asked for the mail.

#![no_main]

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use smsp::delivery::mx::transmission::{Level, Mail, Target, Transmitter};
use smsp::model::outcome::Outcome;
use smsp::runtime::shutdown::Shutdown;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Ways to begin: the rest of the words is then heard by what comes later in a dialogue.
const OPENINGS: [&str; 4] = [
    "",
    "220 hi\r\n250 hi\r\n",
    "220 hi\r\n250-hi\r\n250-PIPELINING\r\n250 SIZE\r\n",
    "220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n",
];

/// For an answer.
const PATIENCE: Duration = Duration::from_secs(1);

struct Bench {
    runtime: Runtime,
    transmitter: Transmitter,
    address: SocketAddr,
    says: Arc<Mutex<Vec<u8>>>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let says = Arc::default();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(listen(listener, Arc::clone(&says)));
    let transmitter = Transmitter::new("out.example.org".to_owned(), PATIENCE).expect("a TLS client");
    Bench { runtime, transmitter, address, says }
});

async fn listen(listener: TcpListener, says: Arc<Mutex<Vec<u8>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let says = says.lock().expect("nobody panics with it").clone();
        tokio::spawn(converse(stream, says));
    }
}

/// Says the greeting and a line for each command that it hears, or what is left of the words; then hangs up.
async fn converse(stream: TcpStream, says: Vec<u8>) {
    let (mut stream, mut words, mut in_mail) = (BufReader::new(stream), &says[..], false);
    let mut line = Vec::new();
    loop {
        if !in_mail || line == b".\r\n" {
            let answer = one(&mut words);
            in_mail = line == b"DATA\r\n" && answer.starts_with(b"354");
            // It waits for no command after the last words, which may have no end.
            if stream.write_all(answer).await.is_err() || words.is_empty() {
                break;
            }
        }
        line.clear();
        if stream.read_until(b'\n', &mut line).await.unwrap_or_default() == 0 {
            return;
        }
    }
    if stream.shutdown().await.is_ok() {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
}

/// Lines up to one that no further line has to follow.
fn one<'a>(words: &mut &'a [u8]) -> &'a [u8] {
    let ends = |line: &[u8]| line.get(3) != Some(&b'-');
    let mut length = 0;
    for line in words.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if ends(line) {
            break;
        }
    }
    let (answer, rest) = words.split_at(length);
    *words = rest;
    answer
}

fuzz_target!(|words: &[u8]| {
    let Some((opening, rest)) = words.split_first() else { return };
    let Bench { runtime, transmitter, address, says } = &*BENCH;
    let opening = OPENINGS[usize::from(*opening) % OPENINGS.len()];
    let said = [opening.as_bytes(), rest].concat();
    let asks_for_it = said.windows(3).any(|code| code == b"354");
    *says.lock().expect("nobody panics with it") = said;
    let to = ["b@example.net", "c@example.net"].map(|text| text.parse().expect("an address"));
    let mail = Mail::new("a@example.org".parse().ok(), to.into(), "Subject: s\r\n\r\n.\r\n".into());
    let target = Target { host: "mx.example.net".into(), address: *address };
    let report = runtime.block_on(async {
        let drain = Shutdown::default();
        let sending = transmitter.send(std::slice::from_ref(&target), Level::Opportunistic, &mail, PATIENCE, &drain);
        tokio::time::timeout(Duration::from_secs(5), sending).await.expect("an end")
    });
    assert_eq!(report.recipients.len(), 2);
    for end in &report.recipients {
        let may_have_it = matches!(end.outcome, Outcome::Accepted | Outcome::Unknown);
        assert!(!may_have_it || asks_for_it, "{end:?}");
        assert!(may_have_it || end.is_pending() != end.is_refused(), "{end:?}");
    }
});

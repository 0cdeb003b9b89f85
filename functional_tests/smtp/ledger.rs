//! The ledger of a relay: whatever it does at whatever point of the conversation, every answer is right about the mail and
//! nothing is sent twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::relay;
use crate::harness::{Answer, Proxy, Reply, StubProvider, mails};

const MAILS: usize = 240;

/// At this word it says that, or nothing more; a mail that it has kept is accepted, whatever it says.
struct Fault {
    at: &'static str,
    says: Option<&'static str>,
    keeps: bool,
    silent: bool,
}

const fn says(at: &'static str, says: &'static str) -> Fault {
    Fault { at, says: Some(says), keeps: false, silent: false }
}

const fn closes(at: &'static str, keeps: bool) -> Fault {
    Fault { at, says: None, keeps, silent: false }
}

const FAULTS: [Fault; 18] = [
    says("MAIL", "450 4.3.0 later"),
    says("MAIL", "550 5.7.1 not yours"),
    closes("MAIL", false),
    says("RCPT", "550 5.1.1 unknown"),
    says("RCPT", "554 5.7.1 Relay access denied"),
    says("RCPT", "421 4.7.0 goodbye"),
    closes("RCPT", false),
    says("DATA", "451 4.3.0 later"),
    closes("DATA", false),
    says(".", "451 4.3.0 later"),
    says(".", "554 5.6.0 malformed"),
    says(".", "554 5.7.1 spam"),
    says(".", "421 4.7.0 goodbye"),
    closes(".", true),
    closes(".", false),
    Fault { silent: true, ..closes(".", true) },
    Fault { silent: true, ..closes(".", false) },
    // Well.
    Fault { at: "never", says: None, keeps: true, silent: false },
];

/// The number of the mail in a line that names its sender.
fn number(line: &str) -> Option<usize> {
    line.split_once("sender@d")?.1.split('.').next()?.parse().ok()
}

type Kept = Arc<Mutex<BTreeMap<usize, usize>>>;

async fn converse(stream: TcpStream, kept: Kept) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 relay\r\n").await.ok()?;
    let (mut mail, mut in_mail) = (0, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        mail = if line.starts_with("MAIL") { number(line)? } else { mail };
        if in_mail && line != "." {
            continue;
        }
        let fault = &FAULTS[mail % FAULTS.len()];
        let strikes = line.starts_with(fault.at);
        if in_mail && (fault.keeps || !strikes) {
            *kept.lock().expect("no panic").entry(mail).or_default() += 1;
        }
        in_mail = line == "DATA" && !strikes;
        let usual = if in_mail { "354 go on" } else { "250 ok" };
        match if strikes { fault.says } else { Some(usual) } {
            Some(says) => stream.write_all(format!("{says}\r\n").as_bytes()).await.ok()?,
            None if fault.silent => return std::future::pending().await,
            None => return None,
        }
        if strikes && fault.says.is_some_and(|says| says.starts_with("421")) {
            return None;
        }
    }
}

async fn start() -> (String, Kept) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let port = listener.local_addr().expect("a listener has an address").port();
    let kept = Kept::default();
    let book = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, Arc::clone(&book)));
        }
    });
    (port.to_string(), kept)
}

/// What is wrong with the answer to a mail that so many have kept.
fn fault(answer: &Answer, copies: usize, fault: &Fault) -> Option<&'static str> {
    let ambiguous = fault.at == "." && fault.says.is_none();
    match (answer.status, answer.json["delivery"].as_str()) {
        (200, None) => (copies != 1).then_some("I1: accepted, they say"),
        (_, Some("none")) => (copies > 0).then_some("I3: nowhere, they say"),
        (504, Some("unknown")) if !ambiguous => Some("I7: unknown without a cause"),
        (504, Some("unknown")) => (copies > 1).then_some("I2: twice"),
        _ => Some("answered strangely"),
    }
}

#[tokio::test]
async fn whatever_a_relay_does_every_answer_is_right_and_nothing_is_sent_twice() {
    let ((port, kept), sendgrid) = (start().await, StubProvider::sendgrid().await);
    sendgrid.does(Reply::sendgrid_accepts().into());
    let settings = relay(&port).sendgrid(&sendgrid.url()).with("SMSP_PROVIDERS", "smtp,sg");
    let proxy = Proxy::start(settings.with("SMSP_SMTP_ATTEMPT_TIMEOUT", "2s")).await;
    proxy.client.order("smtp", &json!({"override": "closed"})).await.expect(200);
    let send = async |number: usize| {
        let mail = mails::but("from", json!(format!("sender@d{number}.example.com")));
        (number, proxy.client.send(&mail).await)
    };
    let answers: Vec<_> = stream::iter(0..MAILS).map(send).buffer_unordered(24).collect().await;
    let kept = kept.lock().expect("no panic").clone();
    let (mut wrong, mut told) = (Vec::new(), 0);
    for (number, answer) in answers {
        let elsewhere = sendgrid.mails().iter().filter(|mail| self::number(&mail.text()) == Some(number)).count();
        let copies = kept.get(&number).copied().unwrap_or_default() + elsewhere;
        told += usize::from(answer.attempts().contains(&"smtp:accepted".to_owned()));
        let found = fault(&answer, copies, &FAULTS[number % FAULTS.len()]);
        wrong.extend(found.map(|fault| format!("mail {number} {fault}, {copies} copies\n{answer}")));
    }
    assert!(wrong.is_empty(), "{} violations\n{}", wrong.len(), wrong.join("\n"));
    let counted = proxy.client.metrics().await;
    let count = |outcome| counted.count("smsp_attempts_total", &[("upstream", "smtp"), ("outcome", outcome)]);
    assert_eq!((count("accepted"), told > 0), (told as u64, true), "I6\n{}", counted.page);
}

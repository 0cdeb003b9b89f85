//! A relay that goes wrong at one point of the conversation by the mail's number, refuses and puts off recipients one by
//! one, and writes down for whom it has kept which mail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::ledger::fates::{Fate, Fates};

/// Longer than an attempt's time.
const LATE: Duration = Duration::from_secs(3);
/// Every mail goes to so many.
const RECIPIENTS: usize = 3;

/// At this word it says that, or nothing more; a mail that it has kept is accepted, whatever it says.
pub(super) struct Fault {
    pub(super) at: &'static str,
    pub(super) says: Option<&'static str>,
    pub(super) keeps: bool,
    silent: bool,
    /// Does it say so only after the caller has an answer?
    pub(super) late: bool,
}

pub(super) const fn says(at: &'static str, says: &'static str) -> Fault {
    Fault { at, says: Some(says), keeps: false, silent: false, late: false }
}

const fn closes(at: &'static str, keeps: bool) -> Fault {
    Fault { at, says: None, keeps, silent: false, late: false }
}

pub(super) const FAULTS: [Fault; 19] = [
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
    Fault { keeps: true, late: true, ..says(".", "250 ok") },
    WELL,
];

/// Takes the mail.
pub(super) const WELL: Fault = closes("never", true);

/// How the mail with this number fares.
pub(super) fn fault(number: usize, faults: &[Fault]) -> &Fault {
    &faults[number % faults.len()]
}

/// Whom the mail with this number goes to, and what the relay does with each: in every combination.
pub(super) fn fates(number: usize) -> Fates {
    let mut rest = number / FAULTS.len() * 2;
    let fate = |recipient| {
        let fate = [Fate::Taken, Fate::Refused, Fate::Deferred][rest % 3];
        rest /= 3;
        (format!("r{recipient}@n{number}.example.net"), fate)
    };
    Fates { of: (0..RECIPIENTS).map(fate).collect(), tells: true }
}

/// The number of the mail in a line that names its sender.
pub(super) fn number(line: &str) -> Option<usize> {
    line.split_once("sender@d")?.1.split('.').next()?.parse().ok()
}

/// For whom each mail was kept, as often as it was.
pub(super) type Kept = Arc<Mutex<BTreeMap<usize, Vec<BTreeSet<String>>>>>;

async fn converse(stream: TcpStream, faults: &[Fault], kept: Kept) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 relay\r\n").await.ok()?;
    let (mut mail, mut in_mail, mut taken) = (0, false, BTreeSet::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.starts_with("MAIL") {
            (mail, taken) = (number(line)?, BTreeSet::new());
        }
        if in_mail && line != "." {
            continue;
        }
        let fault = fault(mail, faults);
        let strikes = line.starts_with(fault.at);
        if in_mail && (fault.keeps || !strikes) {
            kept.lock().expect("no panic").entry(mail).or_default().push(taken.clone());
        }
        in_mail = line == "DATA" && !strikes;
        let usual = match line.strip_prefix("RCPT TO:<").and_then(|rest| rest.strip_suffix('>')) {
            Some(recipient) if !strikes => answer(mail, recipient, &mut taken),
            _ if in_mail => "354 go on",
            _ => "250 ok",
        };
        if strikes && fault.late {
            sleep(LATE).await;
        }
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

fn answer(mail: usize, recipient: &str, taken: &mut BTreeSet<String>) -> &'static str {
    match fates(mail).of.get(recipient) {
        Some(Fate::Refused) => "550 5.1.1 unknown",
        Some(Fate::Deferred) => "450 4.2.1 later",
        Some(Fate::Taken) | None => {
            taken.insert(recipient.to_owned());
            "250 ok"
        }
    }
}

/// With these faults, each at every so manieth mail: its port, and what it keeps.
pub(super) async fn start(faults: &'static [Fault]) -> (String, Kept) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let port = listener.local_addr().expect("a listener has an address").port();
    let kept = Kept::default();
    let book = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, faults, Arc::clone(&book)));
        }
    });
    (port.to_string(), kept)
}

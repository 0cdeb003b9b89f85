//! The mail server of some domains, on loopback: it writes down which recipient got which mail, and does at each command what a
//! test says.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::lock::lock;
use super::wait::{eventually, when};

/// What it does when it hears a command (`CONNECT` first, `.` at the end of a mail).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// What is usual: it takes every mail.
    Usual,
    Say(&'static str),
    /// Nothing more on this connection. Its client may hang up.
    Stall,
    /// It has the mail by then, and its client does not know it.
    TakeAndStall,
}

/// A mail that it hears: the recipients so far.
#[derive(Default)]
struct Envelope {
    to: Vec<String>,
    subject: String,
    /// Whole lines.
    file: String,
}

type Script = dyn Fn(&str) -> Act + Send + Sync;

#[derive(Default)]
struct Record {
    heard: Vec<String>,
    /// Each mail that was taken, by recipient and subject.
    taken: Vec<(String, String)>,
    /// The files of these mails, each once.
    files: Vec<String>,
}

/// A running one.
pub(crate) struct MxHost {
    address: SocketAddr,
    record: Arc<Mutex<Record>>,
    accepting: JoinHandle<()>,
}

impl MxHost {
    /// One that takes every mail.
    pub(crate) async fn start() -> Self {
        Self::that(|_| Act::Usual).await
    }

    /// One that does what this says.
    pub(crate) async fn that(script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::at(own_address(), 0, script).await
    }

    /// Another one at the port of this one.
    pub(crate) async fn beside(&self, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::at(own_address(), self.address.port(), script).await
    }

    async fn at(ip: Ipv4Addr, port: u16, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((ip, port)).await.expect("an address of loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (record, script) = (Arc::<Mutex<Record>>::default(), Arc::new(script) as Arc<Script>);
        let written = Arc::clone(&record);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (record, script) = (Arc::clone(&written), Arc::clone(&script));
                connections.spawn(async move { converse(stream, &record, &*script).await });
            }
        });
        Self { address, record, accepting }
    }

    pub(crate) fn ip(&self) -> String {
        self.address.ip().to_string()
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// How often each recipient got the mail with this subject.
    pub(crate) fn taken(&self, subject: &str) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        let record = lock(&self.record);
        let meant = record.taken.iter().filter(|(_, of)| of == subject);
        meant.for_each(|(to, _)| *times.entry(to.clone()).or_default() += 1);
        times
    }

    /// The mails that were taken, as they were sent.
    pub(crate) fn files(&self) -> Vec<String> {
        lock(&self.record).files.clone()
    }

    /// How often it has heard a command that begins so.
    pub(crate) fn heard(&self, start: &str) -> usize {
        lock(&self.record).heard.iter().filter(|line| line.starts_with(start)).count()
    }

    /// Waits until it has heard such a command so often.
    pub(crate) async fn hears(&self, start: &str, times: usize) {
        eventually(&format!("the mail server hears {start}"), async || {
            when(self.heard(start) >= times, || format!("{:?}", lock(&self.record).heard))
        })
        .await;
    }
}

impl Drop for MxHost {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            eprintln!("--- mail server {}: {:#?}", self.address, lock(&self.record).heard);
        }
    }
}

/// An address of loopback that only this process and this test use.
pub(crate) fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Ordering::SeqCst).max(2))
}

/// To the end of the connection, which is no fault of anybody's.
async fn converse(stream: TcpStream, record: &Mutex<Record>, script: &Script) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    let (mut line, mut mail, mut in_mail) = ("CONNECT".to_owned(), Envelope::default(), false);
    loop {
        if in_mail && line != "." {
            if let Some(subject) = line.strip_prefix("Subject: ") {
                subject.clone_into(&mut mail.subject);
            }
            mail.file += &format!("{}\r\n", line.strip_prefix('.').unwrap_or(&line));
        } else {
            lock(record).heard.push(line.clone());
            let act = script(&line);
            let said = match act {
                Act::Usual => usual(&line),
                Act::Say(said) => said,
                Act::Stall => std::future::pending().await,
                Act::TakeAndStall => "250 2.0.0 taken",
            };
            note(&line, said, &mut mail, record);
            if let Act::TakeAndStall = act {
                std::future::pending().await
            }
            stream.write_all(format!("{said}\r\n").as_bytes()).await.ok()?;
            in_mail = said.starts_with("354");
        }
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
    }
}

/// Keeps what follows from an answer.
fn note(line: &str, said: &str, mail: &mut Envelope, record: &Mutex<Record>) {
    let path = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
    match (line.split([' ', ':']).next().unwrap_or_default(), said.starts_with('2')) {
        ("MAIL", true) => *mail = Envelope::default(),
        ("RCPT", true) => mail.to.push(path()),
        (".", true) => {
            let mut record = lock(record);
            record.taken.extend(mail.to.drain(..).map(|to| (to, mail.subject.clone())));
            record.files.push(std::mem::take(&mut mail.file));
        }
        _ => {}
    }
}

fn usual(line: &str) -> &'static str {
    match line.split([' ', ':']).next().unwrap_or_default() {
        "CONNECT" => "220 mx.example ESMTP",
        "EHLO" => "250-mx.example\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 SMTPUTF8",
        "DATA" => "354 go on",
        "QUIT" => "221 2.0.0 bye",
        _ => "250 2.0.0 ok",
    }
}

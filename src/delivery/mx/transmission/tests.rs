//! Transmissions to mail hosts on loopback that say what each test tells them to.

mod addresses;
mod any_answer;
mod dialogue;
mod early;
mod recipients;
mod reuse;
mod shutdown;
mod silence;
mod tls;

use super::*;
use crate::delivery::smtp_client::stub::certificates::pair;
use crate::delivery::smtp_client::stub::{Act, Stub};
use crate::delivery::smtp_client::tls::unchecked;
use crate::model::outcome::{Outcome, Reason};

/// Long enough for a busy machine, where nobody is silent.
const TIME: Duration = Duration::from_secs(20);

fn transmitter() -> Transmitter {
    trusting(pair("mx.example.net").0)
}

fn trusting(verified: tokio_rustls::TlsConnector) -> Transmitter {
    let connectors = Connectors { unchecked: unchecked().unwrap(), verified };
    Transmitter::with(Opener::new("out.example.org".to_owned(), connectors), TIME)
}

/// A host on this port.
fn target(port: u16) -> Target {
    Target { host: "mx.example.net".into(), address: ([127, 0, 0, 1], port).into() }
}

fn targets(ports: &[u16]) -> Vec<Target> {
    ports.iter().map(|port| target(*port)).collect()
}

/// A port at which nobody listens, as long as what comes with it lives.
fn closed_port() -> (u16, tokio::net::TcpSocket) {
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind(([127, 0, 0, 1], 0).into()).unwrap();
    (bound.local_addr().unwrap().port(), bound)
}

const FILE: &str = "Subject: s\r\n\r\ntext\r\n.\r\n";

fn mail_to(to: &[&str]) -> Mail {
    let to = to.iter().map(|address| address.parse().unwrap()).collect();
    Mail::new("a@example.org".parse().ok(), to, FILE.into())
}

fn mail() -> Mail {
    mail_to(&["b@example.net"])
}

/// In clear where the host has no TLS.
async fn sent(transmitter: &Transmitter, targets: &[Target], mail: &Mail) -> Report {
    sent_with(transmitter, targets, Level::Opportunistic, mail).await
}

async fn sent_with(transmitter: &Transmitter, targets: &[Target], level: Level, mail: &Mail) -> Report {
    tokio::time::timeout(TIME, transmitter.send(targets, level, mail, TIME, &Shutdown::default()))
        .await
        .expect("in time")
}

/// What each recipient was told, without codes and hosts.
fn told(report: &Report) -> Vec<(Outcome, Reason)> {
    report.recipients.iter().map(|end| (end.outcome, end.reason)).collect()
}

const TAKEN: (Outcome, Reason) = (Outcome::Accepted, Reason::Smtp(250));

/// The first word of each line that a host has heard, QUIT left out: nobody waits for it.
fn words(stub: &Stub) -> String {
    let word = |line: &String| line.split([' ', ':']).next().unwrap_or_default().to_owned();
    let heard: Vec<_> = stub.heard().iter().map(word).filter(|word| word != "QUIT").collect();
    heard.join(" ")
}

/// How often a host has heard a command.
fn count(stub: &Stub, command: &str) -> usize {
    stub.heard().iter().filter(|line| line.starts_with(command)).count()
}

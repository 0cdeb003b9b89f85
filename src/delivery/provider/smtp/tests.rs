//! The adapter before a relay on loopback that says what each test tells it to.

mod access_token;
mod blame;
mod reply_matrix;
mod dialogue;
mod quit;
mod late_reply;
mod many_recipients;
mod wire_format;
mod reply_table;
mod tls;
mod unasked;

use secrecy::SecretString;

use std::time::Duration;

use super::settings::{Login, Proof, Security};
use super::token::TokenFile;
use super::*;
use crate::delivery::circuit::{CallResult, Circuit, Settings, Settled};
use crate::delivery::smtp_client::stub::{Act, Stub};
use crate::model::message::{Attachment, Draft};
use crate::model::outcome::Outcome;
use crate::runtime::net::resolver::Resolver;

/// Long enough for a busy machine, where nobody is silent.
const TIME: Duration = Duration::from_secs(20);

fn smtp(port: u16) -> Smtp {
    let connect_timeout = Duration::from_secs(5);
    let resolver = Resolver::system(connect_timeout).unwrap();
    let (host, security) = ("127.0.0.1".to_owned(), Security::None);
    let relay = Relay { host, port, security, helo: None, login: None, resolver, connect_timeout };
    Smtp { relay, metadata_headers: MetadataHeaders::None, pool: Arc::default() }
}

fn with_login(smtp: Smtp) -> Smtp {
    let login = Login { username: "user".to_owned(), proof: Proof::Password(SecretString::from("pass")) };
    Smtp { relay: Relay { login: Some(login), ..smtp.relay }, ..smtp }
}

fn with_token(smtp: Smtp, file: &std::path::Path) -> Smtp {
    let proof = Proof::Token(TokenFile::new(&file.display().to_string()));
    let login = Login { username: "a=b,c@example.org".to_owned(), proof };
    Smtp { relay: Relay { login: Some(login), ..smtp.relay }, ..smtp }
}

impl Smtp {
    /// Sends it for the first time.
    async fn first(&self, mail: &Message) -> Verdict {
        tokio::time::timeout(TIME, self.send(Delivery::new(mail, Mode::First))).await.expect("in time")
    }

    /// Sends it as a probe.
    async fn rehearsed(&self, mail: &Message) -> Verdict {
        tokio::time::timeout(TIME, self.send(Delivery::new(mail, Mode::Probe))).await.expect("in time")
    }
}

fn mail_to(to: &[&str]) -> Message {
    let to = to.iter().map(|address| address.parse().unwrap()).collect();
    let draft = Draft { to, text: "text\n.\n..\n.end".parse().ok(), ..Draft::default() };
    Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap()
}

fn mail() -> Message {
    mail_to(&["b@example.net"])
}

fn with_file(content_type: &str, content: &'static str) -> Message {
    let file = Attachment {
        filename: "f".parse().unwrap(),
        content_type: content_type.parse().unwrap(),
        content: content.into(),
        content_id: None,
    };
    let draft = Draft { to: vec!["b@example.net".parse().unwrap()], attachments: vec![file], ..Draft::default() };
    Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap()
}

fn is(outcome: Outcome, code: u16) -> Verdict {
    Verdict::new(outcome, Reason::Smtp(code))
}

/// A verdict without what the tests of the table look at.
fn bare(verdict: Verdict) -> Verdict {
    Verdict { subject: None, code: None, ..verdict }
}

/// Does the circuit of a relay open after so many mails that came to this?
fn opens(verdict: &Verdict, mails: usize) -> bool {
    let settings = Settings {
        consecutive_failures: 5,
        probes_to_close: 3,
        rates: None,
        ramps: false,
        start_closed: true,
        shards: 1,
    };
    let circuit = Circuit::new(settings);
    let blame = verdict.blame();
    let result = |now| CallResult {
        blame,
        slow: false,
        now,
        not_before: 0,
        thread: 0,
        is_repeat: false,
        has_alternative: false,
    };
    let mut changes = (0..mails).filter(|&mail| {
        let permit = circuit.admit().expect("it was closed before");
        permit.settle(result(mail as u64)) != Settled::NoTransition
    });
    changes.next().is_some()
}

/// A relay of one connection: its greeting, one reply to each line, then it only listens, up to QUIT. Ends with all that it
/// heard.
async fn scripted(replies: &'static [&'static str]) -> (u16, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let relay = tokio::spawn(async move {
        let (mut stream, mut heard) = (BufReader::new(listener.accept().await.unwrap().0), String::new());
        for (number, reply) in replies.iter().enumerate() {
            if number > 0 {
                stream.read_line(&mut heard).await.unwrap();
            }
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
        }
        while !heard.ends_with("QUIT\r\n") && stream.read_line(&mut heard).await.unwrap() > 0 {}
        heard
    });
    (port, relay)
}

fn build_with(pairs: &[(&str, &str)]) -> Result<Box<dyn Provider>, Invalid> {
    let mut values = Values::default();
    for variable in KIND.variables {
        let value = pairs.iter().find(|(name, _)| *name == variable.name).map(|(_, value)| *value);
        values.set(variable.name, value.or(variable.default).expect("a value").into());
    }
    (KIND.build)(&values, Connect { timeout: TIME, proxy: None })
}

#[test]
fn settings_that_make_no_sense_name_their_variable() {
    assert!(build_with(&[("HOST", "smtp.example.com")]).is_ok());
    assert!(build_with(&[("HOST", "::1"), ("TLS", "implicit"), ("PORT", "2465")]).is_ok());
    assert!(build_with(&[("HOST", "localhost"), ("USERNAME", "u"), ("PASSWORD", "p"), ("TLS", "none")]).is_ok());
    assert!(build_with(&[("HOST", "localhost"), ("USERNAME", "u"), ("TOKEN_FILE", "/run/token")]).is_ok());
    for helo in ["mail.example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]", "mail.bücher.example"] {
        assert!(build_with(&[("HOST", "localhost"), ("HELO", helo)]).is_ok(), "{helo}");
    }
    let both = [("HOST", "localhost"), ("USERNAME", "u"), ("PASSWORD", "p"), ("TOKEN_FILE", "/run/token")];
    assert_eq!(build_with(&both).err().map(|fault| fault.variable), Some("TOKEN_FILE"));
    for (name, value, faulty) in [
        ("HOST", "smtp://smtp.example.com", "HOST"),
        ("HOST", "smtp.example.com:587", "HOST"),
        ("PORT", "smtp", "PORT"),
        ("PORT", "65536", "PORT"),
        ("TLS", "off", "TLS"),
        ("USERNAME", "u", "PASSWORD"),
        ("PASSWORD", "p", "USERNAME"),
        ("TOKEN_FILE", "/run/token", "USERNAME"),
        ("HELO", "mailhost", "HELO"),
        ("HELO", "mail example.org", "HELO"),
        ("HELO", "mail.example.org\r\nMAIL", "HELO"),
        ("HELO", "192.0.2.1", "HELO"),
        ("HELO", "[192.0.2.256]", "HELO"),
        ("HELO", "[IPv6:192.0.2.1]", "HELO"),
        ("HELO", "[mail.example.org]", "HELO"),
    ] {
        let fault = build_with(&[(name, value), ("HOST", "smtp.example.com")]).err();
        assert_eq!(fault.map(|fault| fault.variable), Some(faulty), "{name}={value}");
    }
}

#[test]
fn the_port_follows_from_the_kind_of_tls() {
    for (tls, port) in [("starttls", 587), ("implicit", 465), ("none", 25)] {
        let mut values = Values::default();
        values.set(KIND.variables[0].name, "localhost".into());
        values.set(KIND.variables[2].name, tls.into());
        let relay =
            Relay::read(&values, Connect { timeout: TIME, proxy: None }).unwrap_or_else(|e| panic!("{tls}: {e:?}"));
        assert_eq!(relay.port, port, "{tls}");
    }
}

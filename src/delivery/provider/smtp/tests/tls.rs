//! TLS with a certificate of the test's own authority; what breaks it, breaks the attempt.

use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::ServerName;

use super::*;
use crate::delivery::smtp_client::stub::{certificates, converse};
use crate::delivery::smtp_client::tls::Tls;

/// Who trusts, and who is trusted under this name.
fn pair(name: &str) -> (Tls, TlsAcceptor) {
    let (connector, acceptor) = certificates::pair(name);
    (Tls { connector, name: ServerName::try_from("relay.example.org").unwrap() }, acceptor)
}

fn secured(port: u16, security: Security) -> Smtp {
    let smtp = with_login(smtp(port));
    Smtp { relay: Relay { security, ..smtp.relay }, ..smtp }
}

/// A relay's first words in clear, up to its answer to STARTTLS; and what it heard in clear.
async fn in_clear(stream: TcpStream, extensions: &str, answer: &str) -> (TcpStream, String) {
    let (mut stream, mut heard) = (BufReader::new(stream), String::new());
    stream.write_all(b"220 stub\r\n").await.unwrap();
    stream.read_line(&mut heard).await.unwrap();
    stream.write_all(format!("{extensions}\r\n").as_bytes()).await.unwrap();
    if stream.read_line(&mut heard).await.unwrap() > 0 && !heard.ends_with("QUIT\r\n") {
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    (stream.into_inner(), heard)
}

const OFFERS: &str = "250-stub\r\n250-AUTH PLAIN\r\n250 STARTTLS";
const NO_TLS: (Outcome, Reason) = (Outcome::Unavailable, Reason::Tls);

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn with_starttls_only_ehlo_and_starttls_are_sent_in_clear() {
    let (tls, acceptor) = pair("relay.example.org");
    let (listener, port) = listener().await;
    let heard = Mutex::default();
    let relay = async {
        let (stream, clear) = in_clear(listener.accept().await.unwrap().0, OFFERS, "220 go\r\n").await;
        assert_eq!(clear, "EHLO [127.0.0.1]\r\nSTARTTLS\r\n");
        let stream = acceptor.accept(stream).await.unwrap();
        // Under TLS it is an ordinary relay whose greeting has been heard.
        let silent_greeting = |_: usize, line: &str| (line == "CONNECT").then(|| Act::Say(String::new()));
        converse(stream, 1, &silent_greeting, &heard).await;
    };
    let smtp = secured(port, Security::Starttls(tls));
    let mail = mail();
    let verdict = tokio::select! {
        verdict = smtp.first(&mail) => verdict,
        () = relay => unreachable!("the relay stays"),
    };
    assert_eq!(verdict.outcome, Outcome::Accepted, "{verdict:?}");
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard[..2], ["EHLO [127.0.0.1]", "AUTH PLAIN AHVzZXIAcGFzcw=="], "{heard:?}");
}

#[tokio::test]
async fn with_implicit_tls_everything_is_encrypted() {
    let (tls, acceptor) = pair("relay.example.org");
    let (listener, port) = listener().await;
    let heard = Mutex::default();
    let relay = async {
        let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        converse(stream, 1, &|_, _| None, &heard).await;
    };
    let smtp = secured(port, Security::Implicit(tls));
    let mail = mail();
    let verdict = tokio::select! {
        verdict = smtp.first(&mail) => verdict,
        () = relay => unreachable!("the relay stays"),
    };
    assert_eq!(verdict.outcome, Outcome::Accepted, "{verdict:?}");
}

#[tokio::test]
async fn a_relay_without_starttls_gets_no_byte_of_the_mail_and_no_password() {
    for (extensions, answer, clear) in [
        ("250-stub\r\n250 AUTH PLAIN", "", "EHLO [127.0.0.1]\r\nQUIT\r\n"),
        // One that does not know EHLO knows no STARTTLS.
        ("502 what", "250 hi\r\n", "EHLO [127.0.0.1]\r\nHELO [127.0.0.1]\r\nQUIT\r\n"),
        (OFFERS, "454 4.7.0 not now\r\n", "EHLO [127.0.0.1]\r\nSTARTTLS\r\nQUIT\r\n"),
        (OFFERS, "250 what\r\n", "EHLO [127.0.0.1]\r\nSTARTTLS\r\nQUIT\r\n"),
    ] {
        let (listener, port) = listener().await;
        let relay = async {
            let (stream, mut heard) = in_clear(listener.accept().await.unwrap().0, extensions, answer).await;
            let mut stream = BufReader::new(stream);
            while !heard.ends_with("QUIT\r\n") && stream.read_line(&mut heard).await.unwrap() > 0 {}
            heard
        };
        let smtp = secured(port, Security::Starttls(pair("relay.example.org").0));
        let mail = mail();
        let (verdict, heard) = tokio::join!(smtp.first(&mail), relay);
        assert_eq!((verdict.outcome, verdict.reason), NO_TLS, "{answer}");
        assert_eq!(heard, clear);
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_is_no_certificate() {
    for implicit in [false, true] {
        let (tls, acceptor) = pair("other.example.org");
        let (listener, port) = listener().await;
        let relay = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            if !implicit {
                stream = in_clear(stream, OFFERS, "220 go\r\n").await.0;
            }
            acceptor.accept(stream).await.map(drop).unwrap_err()
        };
        let smtp = secured(port, if implicit { Security::Implicit(tls) } else { Security::Starttls(tls) });
        let mail = mail();
        let (verdict, error) = tokio::join!(smtp.first(&mail), relay);
        assert_eq!((verdict.outcome, verdict.reason), NO_TLS, "{error}");
    }
}

#[tokio::test]
async fn starttls_injection_is_ignored() {
    let (tls, acceptor) = pair("relay.example.org");
    let (listener, port) = listener().await;
    let relay = async {
        let answer = "220 go\r\n250-forged\r\n250 AUTH PLAIN\r\n235 welcome\r\n";
        let (stream, _) = in_clear(listener.accept().await.unwrap().0, OFFERS, answer).await;
        acceptor.accept(stream).await.map(drop).unwrap_err()
    };
    let smtp = secured(port, Security::Starttls(tls));
    let mail = mail();
    let (verdict, error) = tokio::join!(smtp.first(&mail), relay);
    assert_eq!((verdict.outcome, verdict.reason), NO_TLS, "{error}");
}

#[tokio::test]
async fn clear_text_where_tls_was_expected_is_unavailable() {
    let stub = Stub::new(|_, _| None).await;
    let smtp = secured(stub.port, Security::Implicit(pair("relay.example.org").0));
    let verdict = smtp.first(&mail()).await;
    assert_eq!((verdict.outcome, verdict.reason), NO_TLS);
    assert!(stub.heard().iter().all(|line| !line.contains("EHLO")), "{:?}", stub.heard());
}

//! One connection to a mail server of the tests, in clear or under TLS from STARTTLS on.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::super::lock::lock;
use super::host::{Act, Host};

/// A mail that it hears: the recipients so far.
#[derive(Default)]
struct Envelope {
    to: Vec<String>,
    subject: String,
    /// Whole lines.
    file: String,
}

/// To the end of the connection, which is no fault of anybody's.
pub(super) async fn converse(stream: TcpStream, host: &Host) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let clear = speak(stream, host, "CONNECT", host.tls.is_some()).await?;
    let encrypted = host.tls.as_ref()?.accept(clear).await.ok()?;
    speak(encrypted, host, "(TLS)", false).await.map(drop)
}

/// From what it hears first to the end of the connection, or to where TLS begins.
async fn speak<S: AsyncRead + AsyncWrite + Unpin>(stream: S, host: &Host, first: &str, has_tls: bool) -> Option<S> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut mail, mut in_mail) = (first.to_owned(), Envelope::default(), false);
    loop {
        if in_mail && line != "." {
            if let Some(subject) = line.strip_prefix("Subject: ") {
                subject.clone_into(&mut mail.subject);
            }
            mail.file += &format!("{}\r\n", line.strip_prefix('.').unwrap_or(&line));
        } else {
            lock(&host.record).heard.push(line.clone());
            let act = (host.script)(&line);
            let said = match act {
                Act::Usual => usual(&line, has_tls),
                Act::Say(said) => said,
                Act::Stall => std::future::pending().await,
                Act::TakeAndStall => "250 2.0.0 taken",
            };
            note(&line, said, &mut mail, host);
            if let Act::TakeAndStall = act {
                std::future::pending().await
            }
            if !said.is_empty() {
                stream.write_all(format!("{said}\r\n").as_bytes()).await.ok()?;
            }
            if line == "STARTTLS" && has_tls && said.starts_with("220") {
                return Some(stream.into_inner());
            }
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
fn note(line: &str, said: &str, mail: &mut Envelope, host: &Host) {
    let path = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
    match (line.split([' ', ':']).next().unwrap_or_default(), said.starts_with('2')) {
        ("MAIL", true) => *mail = Envelope::default(),
        ("RCPT", true) => mail.to.push(path()),
        (".", true) => {
            let mut record = lock(&host.record);
            record.taken.extend(mail.to.drain(..).map(|to| (to, mail.subject.clone())));
            record.files.push(std::mem::take(&mut mail.file));
        }
        _ => {}
    }
}

/// Nothing is said where TLS has just begun.
fn usual(line: &str, has_tls: bool) -> &'static str {
    match line.split([' ', ':']).next().unwrap_or_default() {
        "CONNECT" => "220 mx.example ESMTP",
        "EHLO" if has_tls => "250-mx.example\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 SMTPUTF8",
        "EHLO" => "250-mx.example\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 SMTPUTF8",
        "STARTTLS" if has_tls => "220 2.0.0 go on",
        "STARTTLS" => "502 5.5.1 what",
        "(TLS)" => "",
        "DATA" => "354 go on",
        "QUIT" => "221 2.0.0 bye",
        _ => "250 2.0.0 ok",
    }
}

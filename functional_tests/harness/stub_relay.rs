//! An SMTP relay on loopback that takes every mail, once its gate is open, and keeps the whole dialogue.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::stub_provider::Gate;

/// A stub.
pub(crate) struct StubRelay {
    address: SocketAddr,
    dialogue: Arc<Mutex<String>>,
    accepting: JoinHandle<()>,
}

impl StubRelay {
    /// Takes every mail at once.
    pub(crate) async fn start() -> Self {
        let gate = Gate::shut();
        gate.open();
        Self::behind(gate).await
    }

    /// Takes every mail at the port of one that has gone.
    pub(crate) async fn again_at(port: &str) -> Self {
        let gate = Gate::shut();
        gate.open();
        Self::at(port, gate, |_, _| None).await
    }

    /// Says nothing to the end of a mail until the gate is open.
    pub(crate) async fn behind(gate: Gate) -> Self {
        Self::with(gate, |_, _| None).await
    }

    /// Answers as this says to a command (`.` at the end of a mail), given the last RCPT; else it takes every mail.
    pub(crate) async fn that(answers: impl Fn(&str, &str) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        let gate = Gate::shut();
        gate.open();
        Self::with(gate, answers).await
    }

    async fn with(gate: Gate, answers: impl Fn(&str, &str) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        Self::at("0", gate, answers).await
    }

    async fn at(
        port: &str,
        gate: Gate,
        answers: impl Fn(&str, &str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let dialogue = Arc::<Mutex<String>>::default();
        let (record, answers) = (Arc::clone(&dialogue), Arc::new(answers));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (record, gate, answers) = (Arc::clone(&record), gate.clone(), Arc::clone(&answers));
                connections.spawn(async move { converse(stream, &record, &gate, &*answers).await });
            }
        });
        Self { address, dialogue, accepting }
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// Every line, behind `S: ` or `C: `; those of a mail as they are.
    pub(crate) fn dialogue(&self) -> String {
        self.dialogue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for StubRelay {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            eprintln!("--- relay {}\n{}---", self.address, self.dialogue());
        }
    }
}

/// To the end of the connection, which is no fault of anybody's.
async fn converse(
    stream: TcpStream,
    record: &Mutex<String>,
    gate: &Gate,
    answers: &(impl Fn(&str, &str) -> Option<&'static str> + Sync),
) -> Option<()> {
    // Else the second of several answers waits for the acknowledgement of the first, 40 ms a mail.
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    let write = |text: String| record.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
    let (mut said, mut in_mail, mut recipient) = ("220 relay.example.org ESMTP", false, String::new());
    loop {
        if !said.is_empty() {
            said.lines().for_each(|line| write(format!("S: {line}\n")));
            stream.write_all(format!("{}\r\n", said.replace('\n', "\r\n")).as_bytes()).await.ok()?;
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("a lone line end in {line:?}"));
        write(if in_mail { format!("{line}\n") } else { format!("C: {line}\n") });
        if in_mail && line == "." {
            gate.passed().await;
        }
        if !in_mail && line.starts_with("RCPT") {
            line.clone_into(&mut recipient);
        }
        said = if in_mail && line != "." { "" } else { answers(line, &recipient).unwrap_or_else(|| answer(line)) };
        in_mail = said.is_empty() || said.starts_with("354");
    }
}

fn answer(line: &str) -> &'static str {
    match line.split([' ', ':']).next().unwrap_or_default() {
        "EHLO" => {
            "250-relay.example.org\n250-PIPELINING\n250-SIZE 52428800\n250-8BITMIME\n250-AUTH PLAIN LOGIN\n250 SMTPUTF8"
        }
        "AUTH" => "235 2.7.0 Authentication successful",
        "DATA" => "354 End data with <CR><LF>.<CR><LF>",
        "QUIT" => "221 2.0.0 Bye",
        "." => "250 2.0.0 Ok: queued as 4B1",
        _ => "250 2.1.0 Ok",
    }
}

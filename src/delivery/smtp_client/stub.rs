//! A relay that follows a script: line by line, connection by connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) mod certificates;

/// What it does at one point.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Say(String),
    /// Reads no further.
    Close,
    /// Until the other side hangs up.
    Silence,
    /// Says that it is ready for TLS.
    Encrypt,
}

impl Act {
    pub(crate) fn say(text: &str) -> Option<Self> {
        Some(Self::Say(text.to_owned()))
    }
}

/// What it does when it hears this on its connection of that number, `CONNECT` first; `None`: what is usual.
pub(crate) type Script = dyn Fn(usize, &str) -> Option<Act> + Send + Sync;

pub(crate) struct Stub {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn new(script: impl Fn(usize, &str) -> Option<Act> + Send + Sync + 'static) -> Self {
        Self::with_tls(None, script).await
    }

    /// One that goes on under TLS after [`Act::Encrypt`], and hears `(TLS)` when that has begun.
    pub(crate) async fn with_tls(
        acceptor: Option<TlsAcceptor>,
        script: impl Fn(usize, &str) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, connections) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(AtomicUsize::new(0)));
        let (script, ears, count) = (Arc::new(script), Arc::clone(&heard), Arc::clone(&connections));
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let (script, ears, acceptor) = (Arc::clone(&script), Arc::clone(&ears), acceptor.clone());
                open.spawn(async move {
                    let clear = converse(stream, number, &*script, &ears).await;
                    let Some((clear, acceptor)) = clear.zip(acceptor) else { return };
                    let Ok(stream) = acceptor.accept(clear).await else { return };
                    ears.lock().unwrap().push("(TLS)".to_owned());
                    // The greeting was in clear.
                    let script = move |number: usize, line: &str| match line {
                        "CONNECT" => Some(Act::Say(String::new())),
                        line => script(number, line),
                    };
                    converse(stream, number, &script, &ears).await;
                });
            }
        });
        Self { port, heard, connections, accepting }
    }

    /// Does this when it hears that, and what is usual otherwise.
    pub(crate) async fn that(at: &'static str, act: Act) -> Self {
        Self::new(move |_, line| line.starts_with(at).then(|| act.clone())).await
    }

    /// Every line that it heard, over all connections.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection to its end, which may come from either side at any time; or to where TLS begins.
pub(crate) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    number: usize,
    script: &Script,
    heard: &Mutex<Vec<String>>,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut in_mail) = ("CONNECT".to_owned(), false);
    loop {
        // The lines of a mail are heard as they are; its end is `.`.
        let is_command = !in_mail || line == ".";
        let act = is_command.then(|| script(number, &line).unwrap_or_else(|| usual(&line)));
        match act.unwrap_or(Act::Say(String::new())) {
            Act::Say(text) if text.is_empty() => {}
            Act::Say(text) if stream.write_all(format!("{text}\r\n").as_bytes()).await.is_err() => return None,
            Act::Say(text) => in_mail = text.starts_with("354"),
            Act::Close => return None,
            Act::Silence => std::future::pending().await,
            Act::Encrypt => return stream.write_all(b"220 go\r\n").await.ok().map(|()| stream.into_inner()),
        }
        let mut bytes = Vec::new();
        match stream.read_until(b'\n', &mut bytes).await {
            Ok(count) if count > 0 => line = String::from_utf8_lossy(&bytes).trim_end_matches("\r\n").to_owned(),
            _ => return None,
        }
        heard.lock().unwrap().push(line.clone());
    }
}

fn usual(line: &str) -> Act {
    let answer = match line.split([' ', ':']).next().unwrap_or_default() {
        "CONNECT" => "220 stub",
        "EHLO" => "250-stub\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN",
        "AUTH" => "235 2.7.0 ok",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 2.0.0 ok",
    };
    Act::Say(answer.to_owned())
}

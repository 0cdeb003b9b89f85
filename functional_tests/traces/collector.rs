//! A stand-in for a collector: a real socket that keeps what is posted to it, and answers as a good one, or as a bad one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::lock::lock;

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answers {
    /// `{}`, as one that has taken all.
    Well,
    /// It has rejected so many of each request.
    Rejecting(u64),
    /// A status without a body.
    Status(u16),
    /// Another place to post to.
    Elsewhere,
    /// 200, and no JSON.
    Nonsense,
    /// 200, and a body without an end.
    Endlessly,
    /// Not at all.
    Never,
}

/// A request: its head, and its body.
pub(super) type Request = (String, String);

/// A running one; all its connections end with it.
pub(super) struct Collector {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Mutex<Answers>>,
    accepting: JoinHandle<()>,
}

impl Collector {
    pub(super) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let requests = Arc::<Mutex<Vec<_>>>::default();
        let answers = Arc::new(Mutex::new(answers));
        let (kept, told) = (Arc::clone(&requests), Arc::clone(&answers));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&told), Arc::clone(&kept)));
            }
        });
        Self { address, requests, answers, accepting }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers so.
    pub(super) fn answers(&self, answers: Answers) {
        *lock(&self.answers) = answers;
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }

    /// The bodies that came, one a line.
    pub(super) fn bodies(&self) -> String {
        self.requests().iter().map(|(_, body)| format!("{body}\n")).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            eprintln!("--- the collector was sent\n{}---", self.bodies());
        }
    }
}

/// One request a connection; the client may be gone at any moment.
async fn serve(
    stream: TcpStream,
    answers: Arc<Mutex<Answers>>,
    requests: Arc<Mutex<Vec<Request>>>,
) -> std::io::Result<()> {
    let mut client = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        if client.read_line(&mut head).await? == 0 {
            return Ok(());
        }
        if let Some(value) = head[start..].to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length is a number");
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body).await?;
    let answers = *lock(&answers);
    lock(&requests).push((head, String::from_utf8(body).expect("JSON is text")));
    let answer = match answers {
        Answers::Well => with_body("{}"),
        Answers::Rejecting(spans) => with_body(&format!("{{\"partialSuccess\":{{\"rejectedSpans\":\"{spans}\"}}}}")),
        Answers::Status(status) => {
            format!("HTTP/1.1 {status} x\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Answers::Elsewhere => {
            "HTTP/1.1 307 x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
        }
        Answers::Nonsense => with_body("<html>canary</html>"),
        Answers::Endlessly => "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned(),
        Answers::Never => std::future::pending().await,
    };
    client.write_all(answer.as_bytes()).await?;
    if matches!(answers, Answers::Endlessly) {
        loop {
            client.write_all(&[b'x'; 16_384]).await?;
        }
    }
    client.flush().await
}

fn with_body(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

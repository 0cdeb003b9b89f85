//! A proxy to the outside, to which every name is loopback: it makes tunnels, passes calls in absolute form on, or does
//! neither. It keeps the head of every request to itself; what a tunnel holds is none of its business.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What it does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    PassesOn,
    /// Gives an answer of its own.
    Answers(u16),
    /// Says nothing, and stays.
    IsSilent,
    /// Closes the connection without a word.
    Closes,
}

type Heads = Arc<Mutex<Vec<String>>>;

/// A running one; all its connections end with it.
pub(crate) struct EgressProxy {
    address: SocketAddr,
    heads: Heads,
    accepting: JoinHandle<()>,
}

impl EgressProxy {
    pub(crate) async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let (address, heads) = (listener.local_addr().expect("a listener has an address"), Heads::default());
        let kept = Arc::clone(&heads);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, does, Arc::clone(&kept)));
            }
        });
        Self { address, heads, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests to the proxy itself, in order of arrival.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first line of each.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for EgressProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            eprintln!("--- the proxy was asked\n{}\n---", self.heads().concat());
        }
    }
}

/// Either side may end a connection in any way.
async fn serve(stream: TcpStream, does: Does, heads: Heads) -> Option<()> {
    let mut client = BufReader::new(stream);
    let head = read_head(&mut client, &heads).await?;
    match does {
        Does::PassesOn if head.starts_with("CONNECT ") => tunnel(client.into_inner(), &head).await,
        Does::PassesOn => pass_on(client, head, &heads).await,
        Does::Answers(status) => {
            let answer = format!("HTTP/1.1 {status} Of The Proxy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            client.write_all(answer.as_bytes()).await.ok()?;
            until_the_end(client).await
        }
        Does::IsSilent => until_the_end(client).await,
        Does::Closes => None,
    }
}

async fn until_the_end(mut client: BufReader<TcpStream>) -> Option<()> {
    copy(&mut client, &mut sink()).await.ok().map(|_| ())
}

async fn read_head(client: &mut (impl AsyncBufReadExt + Unpin), heads: &Heads) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if client.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    heads.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    Some(head)
}

/// To the port of `host:port`; the name is loopback's.
async fn connect(authority: &str) -> Option<TcpStream> {
    let port: u16 = authority.rsplit_once(':')?.1.parse().ok()?;
    TcpStream::connect(("127.0.0.1", port)).await.ok()
}

async fn tunnel(mut client: TcpStream, head: &str) -> Option<()> {
    let mut provider = connect(head.split(' ').nth(1)?).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut client, &mut provider).await.ok().map(|_| ())
}

/// One request after the other, each with a body of a stated length.
async fn pass_on(client: BufReader<TcpStream>, mut head: String, heads: &Heads) -> Option<()> {
    let (from_client, mut to_client) = tokio::io::split(client);
    let mut from_client = BufReader::new(from_client);
    let (mut from_provider, mut to_provider) = connect(absolute(&head)?.0).await?.into_split();
    let answers = async { copy(&mut from_provider, &mut to_client).await.ok().map(|_| ()) };
    let requests = async {
        loop {
            to_provider.write_all(origin_form(&head)?.as_bytes()).await.ok()?;
            let mut body = (&mut from_client).take(length(&head)?);
            copy(&mut body, &mut to_provider).await.ok()?;
            head = read_head(&mut from_client, heads).await?;
        }
    };
    tokio::select! {
        ended = answers => ended,
        ended = requests => ended,
    }
}

/// `host:port` and the path of a request in absolute form.
fn absolute(head: &str) -> Option<(&str, &str)> {
    let rest = head.split(' ').nth(1)?.strip_prefix("http://")?;
    let path = rest.find('/')?;
    Some((&rest[..path], &rest[path..]))
}

/// As the provider gets it: what was meant for the proxy is left out (RFC 9110 7.6.1, 11.7.2).
fn origin_form(head: &str) -> Option<String> {
    let (method, path) = (head.split(' ').next()?, absolute(head)?.1);
    let is_for_the_provider = |line: &&str| !line.to_ascii_lowercase().starts_with("proxy-");
    let fields = head.split_inclusive("\r\n").skip(1).filter(is_for_the_provider).collect::<String>();
    Some(format!("{method} {path} HTTP/1.1\r\n{fields}"))
}

fn length(head: &str) -> Option<u64> {
    head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
}

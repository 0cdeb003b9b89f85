//! Commands out, answers in, over TCP or TLS; and the mail itself, in two parts: all its lines, then its end.

use std::io::{self, ErrorKind};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::sync::Semaphore;
use tokio::task::unconstrained;
use tokio::time::timeout;

use super::progress::Progress;
use super::reply::{Line, Reply};
use super::tls::Tls;
use crate::runtime::transcript;

/// RFC 5321 4.5.3.1.5 says 512 bytes; some write more.
const LINE_LIMIT: u64 = 4096;
const LINES_LIMIT: usize = 100;
/// Bytes of all lines of a reply.
const REPLY_LIMIT: usize = 16 * 1024;
/// Bytes of a mail after which its progress is noted.
const MARK: usize = 64 * 1024;

/// Connections at a time that wait for the answer to QUIT.
static CLOSING: Semaphore = Semaphore::const_new(64);
/// For a far end to answer QUIT.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// TCP, or TLS on top of it.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection.
pub struct Wire {
    stream: BufReader<BufWriter<Box<dyn Stream>>>,
    /// How long the far end may take for one answer, or for one block of what it reads; none: somebody else keeps the time.
    limit: Option<Duration>,
}

impl Wire {
    /// A connection over this stream.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { stream: BufReader::new(BufWriter::new(Box::new(stream))), limit: None }
    }

    /// Bounds each wait from now on: for an answer, for a handshake, for a block of what is written to be taken.
    pub fn wait_at_most(&mut self, limit: Duration) {
        self.limit = Some(limit);
    }

    /// Goes on under TLS. What has been read ahead was written in clear, by whomever: then there is nothing to trust.
    pub async fn encrypt(self, tls: &Tls) -> io::Result<Self> {
        if !self.stream.buffer().is_empty() {
            return Err(ErrorKind::InvalidData.into());
        }
        let clear = self.stream.into_inner().into_inner();
        let encrypted = within(self.limit, tls.connector.connect(tls.name.clone(), clear)).await?;
        Ok(Self { limit: self.limit, ..Self::new(encrypted) })
    }

    /// Fails where the far end has said something for which it was not asked, or has hung up. It waits for nothing.
    pub fn in_step(&mut self) -> io::Result<()> {
        // However long this task has been at work, what is there is seen.
        match unconstrained(self.stream.fill_buf()).now_or_never() {
            None => Ok(()),
            Some(Ok([])) => Err(ErrorKind::UnexpectedEof.into()),
            Some(Ok(_)) => Err(ErrorKind::InvalidData.into()),
            Some(Err(error)) => Err(error),
        }
    }

    /// Sends a line and waits for the answer.
    pub async fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.send(line).await?;
        self.reply().await
    }

    /// Sends a line that ends in a secret, and waits for the answer: the secret is not recorded even if the far end repeats it.
    pub async fn secret(&mut self, line: &str) -> io::Result<Reply> {
        self.send(line).await?;
        self.reply_without(line.rsplit(' ').next()).await
    }

    /// Sends a line, or several with line ends between them.
    pub async fn send(&mut self, line: &str) -> io::Result<()> {
        let stream = &mut self.stream;
        within(self.limit, async {
            stream.write_all(line.as_bytes()).await?;
            stream.write_all(b"\r\n").await?;
            stream.flush().await
        })
        .await
    }

    /// Sends every line of a file, with a dot before each that begins with one (RFC 5321 4.5.2). Without the end that is
    /// still missing, nobody has the mail.
    pub async fn lines(&mut self, file: &[u8], progress: &impl Progress) -> io::Result<()> {
        progress.write();
        let mut rest = file;
        while !rest.is_empty() {
            let (block, later) = rest.split_at(block(rest));
            within(self.limit, stuffed(&mut self.stream, block)).await?;
            progress.moved();
            rest = later;
        }
        within(self.limit, self.stream.flush()).await?;
        progress.moved();
        Ok(())
    }

    /// Waits for an answer.
    pub async fn reply(&mut self) -> io::Result<Reply> {
        self.reply_without(None).await
    }

    async fn reply_without(&mut self, secret: Option<&str>) -> io::Result<Reply> {
        within(self.limit, self.whole_reply(secret)).await
    }

    async fn whole_reply(&mut self, secret: Option<&str>) -> io::Result<Reply> {
        let mut text = self.line().await?;
        let mut length = text.len();
        let mut line = Line::parse(&text).ok_or_else(|| unreadable(&text, secret))?;
        let mut reply = Reply::new(&line);
        for _ in 0..LINES_LIMIT {
            if line.is_last {
                transcript::record(|| without(&reply.text(), secret));
                return Ok(reply);
            }
            text = self.line().await?;
            length += text.len();
            if length > REPLY_LIMIT {
                return Err(ErrorKind::InvalidData.into());
            }
            line = Line::parse(&text).filter(|line| reply.push(line)).ok_or_else(|| unreadable(&text, secret))?;
        }
        Err(ErrorKind::InvalidData.into())
    }

    /// Says QUIT, for which nobody waits. While many far ends are slow to answer that, a connection is just closed: each holds
    /// a file descriptor.
    pub fn leave(mut self) {
        let Ok(place) = CLOSING.try_acquire() else { return };
        tokio::spawn(async move {
            let _ = timeout(QUIT_TIMEOUT, self.command("QUIT")).await;
            drop(place);
        });
    }

    /// One line without its end.
    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(LINE_LIMIT).read_until(b'\n', &mut line).await?;
        match line.last() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            _ if read as u64 == LINE_LIMIT => Err(ErrorKind::InvalidData.into()),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The length of the whole lines that a file begins with, about [`MARK`] octets; all of it, where no more follow.
fn block(file: &[u8]) -> usize {
    let rest = file.get(MARK..).unwrap_or_default();
    rest.iter().position(|&byte| byte == b'\n').map_or(file.len(), |at| MARK + at + 1)
}

/// Writes lines with a dot before each that begins with one.
async fn stuffed(stream: &mut (impl AsyncWrite + Unpin), lines: &[u8]) -> io::Result<()> {
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            stream.write_all(b".").await?;
        }
        stream.write_all(line).await?;
    }
    Ok(())
}

async fn within<T>(limit: Option<Duration>, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match limit {
        Some(limit) => timeout(limit, work).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())),
        None => work.await,
    }
}

/// What makes no sense is what an operator wants to see.
fn unreadable(line: &str, secret: Option<&str>) -> io::Error {
    transcript::record(|| without(line, secret));
    ErrorKind::InvalidData.into()
}

/// Without the words that stand in the secret, which a far end may repeat whole or cut short. Fewer than four characters tell
/// nobody anything.
fn without(text: &str, secret: Option<&str>) -> String {
    let Some(secret) = secret else { return text.to_owned() };
    let hide = |word: &str| {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_secret = core.len() >= 4 && secret.contains(core);
        if is_secret { word.replace(core, "<redacted>") } else { word.to_owned() }
    };
    text.split_inclusive(char::is_whitespace).map(hide).collect()
}

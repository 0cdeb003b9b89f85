//! Commands out, answers in, over TCP or TLS; and the mail itself, in two parts: all its lines, then its end.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::progress::Progress;
use super::reply::{Line, Reply};
use super::tls::Tls;
use crate::runtime::transcript;

/// RFC 5321 4.5.3.1.5 says 512 bytes; some write more.
const LINE_LIMIT: u64 = 4096;
const LINES_LIMIT: usize = 100;
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
pub struct Wire(BufReader<BufWriter<Box<dyn Stream>>>);

impl Wire {
    /// A connection over this stream.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(BufReader::new(BufWriter::new(Box::new(stream))))
    }

    /// Goes on under TLS. What has been read ahead was written in clear, by whomever: then there is nothing to trust.
    pub async fn encrypt(self, tls: &Tls) -> io::Result<Self> {
        if !self.0.buffer().is_empty() {
            return Err(ErrorKind::InvalidData.into());
        }
        let clear = self.0.into_inner().into_inner();
        Ok(Self::new(tls.connector.connect(tls.name.clone(), clear).await?))
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
        self.0.write_all(line.as_bytes()).await?;
        self.0.write_all(b"\r\n").await?;
        self.0.flush().await
    }

    /// Sends every line of a file, with a dot before each that begins with one (RFC 5321 4.5.2). Without the end that is
    /// still missing, nobody has the mail.
    pub async fn lines(&mut self, file: &[u8], progress: &impl Progress) -> io::Result<()> {
        progress.write();
        let mut unmarked = 0;
        for line in file.split_inclusive(|&byte| byte == b'\n') {
            unmarked += line.len();
            if unmarked > MARK {
                progress.moved();
                unmarked = 0;
            }
            if line.starts_with(b".") {
                self.0.write_all(b".").await?;
            }
            self.0.write_all(line).await?;
        }
        self.0.flush().await?;
        progress.moved();
        Ok(())
    }

    /// Waits for an answer.
    pub async fn reply(&mut self) -> io::Result<Reply> {
        self.reply_without(None).await
    }

    async fn reply_without(&mut self, secret: Option<&str>) -> io::Result<Reply> {
        let mut text = self.line().await?;
        let mut line = Line::parse(&text).ok_or_else(|| unreadable(&text, secret))?;
        let mut reply = Reply::new(&line);
        for _ in 0..LINES_LIMIT {
            if line.is_last {
                transcript::record(|| without(&reply.text(), secret));
                return Ok(reply);
            }
            text = self.line().await?;
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
        let read = (&mut self.0).take(LINE_LIMIT).read_until(b'\n', &mut line).await?;
        match line.last() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            _ if read as u64 == LINE_LIMIT => Err(ErrorKind::InvalidData.into()),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
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

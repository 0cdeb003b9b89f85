//! An access token in a file, which another program renews there: read anew for every login.
//!
//! A file can block its reader for ever (a FIFO, a file system whose server is gone), on a thread where it may. Nobody waits
//! for longer than [`DEADLINE`], and no more than [`READERS`] threads are held. Deliberately absent: keeping a token, for
//! an old one may have expired; and asking anybody for one.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{error, info};

use crate::model::outcome::{Outcome, Reason, Verdict};

/// Reads of one file at a time.
const READERS: usize = 4;
/// A sound file is read within milliseconds.
const DEADLINE: Duration = Duration::from_secs(2);
/// Microsoft's tokens are the longest, of some kilobytes.
const LARGEST: u64 = 64 * 1024;

/// Where the token stands.
pub(super) struct TokenFile {
    path: PathBuf,
    readers: Arc<Semaphore>,
    /// Was it told that the file cannot be read?
    is_told: AtomicBool,
}

impl TokenFile {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.into(), readers: Arc::new(Semaphore::new(READERS)), is_told: AtomicBool::new(false) }
    }

    /// The token as it is now. Without one, nobody has the mail.
    pub(super) async fn read(&self) -> Result<SecretString, Verdict> {
        let late = || Err(format!("is not read within {DEADLINE:?}: look at the disk or the mount that it is on"));
        let read = timeout(DEADLINE, self.read_elsewhere()).await.unwrap_or_else(|_| late());
        self.tell(read.as_ref().err());
        read.map_err(|_| Verdict::new(Outcome::Unavailable, Reason::Disk))
    }

    /// A read that hangs keeps its place, so that others wait for a place and not for a thread.
    async fn read_elsewhere(&self) -> Result<SecretString, String> {
        let place = Arc::clone(&self.readers).acquire_owned().await.map_err(|closed| closed.to_string())?;
        let path = self.path.clone();
        let reading = spawn_blocking(move || {
            let token = token(&path);
            drop(place);
            token
        });
        reading.await.unwrap_or_else(|_| Err("is not read: this is a fault of ours".to_owned()))
    }

    /// Once when it begins, and once when it is over.
    fn tell(&self, problem: Option<&String>) {
        let (file, was_told) = (self.path.display(), self.is_told.swap(problem.is_some(), Ordering::Relaxed));
        match problem {
            Some(problem) if !was_told => error!(%file, problem, "the file with a relay's access token cannot be used"),
            None if was_told => info!(%file, "the file with a relay's access token can be used again"),
            _ => {}
        }
    }
}

/// Visible characters (RFC 6750 2.1) on one line; the problem reads on from the name of the file.
fn token(path: &Path) -> Result<SecretString, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    read.map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let token = text.trim();
    match token {
        "" => Err("is empty".to_owned()),
        _ if text.len() as u64 > LARGEST => Err(format!("has more than {LARGEST} bytes")),
        _ if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("must hold the token alone, on one line".to_owned())
        }
        _ => Ok(token.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use secrecy::ExposeSecret;

    use super::*;

    /// What a file without a token comes to.
    fn none() -> Result<String, Verdict> {
        Err(Verdict::new(Outcome::Unavailable, Reason::Disk))
    }

    async fn read(file: &TokenFile) -> Result<String, Verdict> {
        file.read().await.map(|token| token.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn the_token_is_what_the_file_holds_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let tokens = TokenFile::new(&file.path().display().to_string());
        for (text, token) in [
            ("ya29.first-token_+/~==\n", Ok("ya29.first-token_+/~==".to_owned())),
            ("  second\r\n", Ok("second".to_owned())),
            ("", none()),
            ("\n", none()),
            ("Bearer third", none()),
            ("third\nfourth", none()),
            ("t\u{1}auth=Bearer x", none()),
            ("tökén", none()),
            (&"x".repeat(64 * 1024 + 1), none()),
            (&"x".repeat(64 * 1024), Ok("x".repeat(64 * 1024))),
        ] {
            fs::write(file.path(), text).unwrap();
            assert_eq!(read(&tokens).await, token, "{text:.40}");
        }
        fs::remove_file(file.path()).unwrap();
        assert_eq!(read(&tokens).await, none());
    }

    /// Nobody writes into this FIFO until its readers are to end.
    #[tokio::test]
    async fn stalled_token_file_holds_few_threads() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("token");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let tokens = TokenFile::new(&fifo.display().to_string());
        let all: Vec<_> = (0..3 * READERS).map(|_| read(&tokens)).collect();
        assert!(futures_util::future::join_all(all).await.into_iter().all(|token| token == none()));
        assert_eq!(tokens.readers.available_permits(), 0);
        fs::write(&fifo, "late").unwrap();
        let freed = async { tokens.readers.acquire_many(READERS.try_into().unwrap()).await.map(drop) };
        timeout(Duration::from_secs(20), freed).await.expect("every reader has ended").unwrap();
        fs::remove_file(&fifo).unwrap();
        fs::write(&fifo, "sound").unwrap();
        assert_eq!(read(&tokens).await, Ok("sound".to_owned()));
    }
}

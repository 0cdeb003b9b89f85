//! A Maildir on the local disk (<https://cr.yp.to/proto/maildir.html>): the provider that needs no account.
//!
//! A mail is an RFC 5322 file, written whole and synced in `tmp/`, then renamed into `new/`: a reader never sees half
//! of one, and what was accepted survives a crash.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Semaphore;

use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Lookup};
use super::hand_over::HandOver;
use super::kind::Kind;
use super::metadata_headers::metadata_headers;
use super::values::{Connect, Invalid, Values};
use crate::delivery::mime::{self, MetadataHeaders};
use crate::model::message::Message;
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::local_limit::is_local_limit;
use crate::runtime::settings::Row;

pub(super) const KIND: Kind = Kind {
    name: "maildir",
    upstream: "maildir",
    local: true,
    capabilities: Capabilities { lookup: Lookup::MessageId, ..Capabilities::ANY },
    reserved_headers: &[],
    probe: "a file, removed at once",
    #[cfg(test)]
    codes: &[],
    variables: &[
        Row::required("DIR", "path", "the folder that becomes a Maildir"),
        metadata_headers("`true`: a file shows tags and metadata, as `X-Tags` and `X-Metadata`"),
    ],
    build,
};

/// Writes at a time. A disk that takes a file in 1 ms takes 64,000 a second so; one that stalls holds no more threads.
const WRITERS: usize = 64;
/// Bytes that are written at a time.
const CHUNK: usize = 64 * 1024;

struct Maildir {
    dir: PathBuf,
    metadata_headers: MetadataHeaders,
    writers: Arc<Semaphore>,
}

fn build(values: &Values, _: Connect) -> Result<Box<dyn Provider>, Invalid> {
    let (dir, metadata_headers) = (values.get("DIR").into(), MetadataHeaders::read(values)?);
    Ok(Box::new(Maildir { dir, metadata_headers, writers: Arc::new(Semaphore::new(WRITERS)) }))
}

impl Provider for Maildir {
    /// Renders and writes on the pool for blocking work: neither a large mail nor a slow disk must hold up the others. A
    /// disk that stalls holds its writers, and a later mail waits for one of them, not for a thread of the pool.
    fn send<'a>(&'a self, Delivery { message, mode, hand_over }: Delivery<'a>) -> Call<'a> {
        hand_over.track();
        Box::pin(async move {
            let Ok(writer) = Arc::clone(&self.writers).acquire_owned().await else {
                return Verdict::new(Outcome::Unavailable, Reason::Disk);
            };
            // To have waited for a writer is not to have taken nothing.
            hand_over.moved();
            let (dir, metadata_headers, message) = (self.dir.clone(), self.metadata_headers, message.clone());
            let writing = tokio::task::spawn_blocking(move || {
                let verdict = write(&dir, &message, metadata_headers, mode, &hand_over);
                // The call may have ended; if it has not, it hears the same.
                hand_over.tell_late(&verdict);
                drop(writer);
                verdict
            });
            writing.await.unwrap_or(Verdict::new(Outcome::Unknown, Reason::Panic))
        })
    }
}

fn write(
    dir: &Path,
    message: &Message,
    metadata_headers: MetadataHeaders,
    mode: Mode,
    hand_over: &HandOver,
) -> Verdict {
    let mail = mime::render(message, metadata_headers);
    let name = unique_name(message);
    let written = match mode {
        Mode::First | Mode::Repeat => deliver(dir, &name, &mail, hand_over),
        // Written and removed in `tmp/`: nobody wants probes in a mailbox.
        Mode::Probe => write_tmp(dir, &name, &mail, hand_over).and_then(fs::remove_file).map_err(nothing_taken),
    };
    written.map_or_else(|verdict| verdict, |()| Verdict::accepted(Reason::Disk, Some(message.message_id())))
}

fn deliver(dir: &Path, name: &str, mail: &[u8], hand_over: &HandOver) -> Result<(), Verdict> {
    let new = dir.join("new");
    let written = write_tmp(dir, name, mail, hand_over).map_err(nothing_taken)?;
    let named = if hand_over.give() { fs::rename(&written, new.join(name)) } else { Err(ErrorKind::TimedOut.into()) };
    named.map_err(|error| {
        // Nobody must find it later; if it cannot be removed either, the rename's error says more.
        let _ = fs::remove_file(&written);
        nothing_taken(error)
    })?;
    // The mail is there, but a crash now might forget its name.
    let synced = File::open(new).and_then(|new| new.sync_all());
    synced.map_err(|_| Verdict::new(Outcome::Unknown, Reason::Disk))
}

fn nothing_taken(error: io::Error) -> Verdict {
    Verdict::new(Outcome::Unavailable, if is_local_limit(&error) { Reason::LocalLimit } else { Reason::Disk })
}

fn write_tmp(dir: &Path, name: &str, mail: &[u8], hand_over: &HandOver) -> io::Result<PathBuf> {
    if !dir.join("cur").is_dir() {
        create_folders(dir)?;
    }
    let path = dir.join("tmp").join(name);
    hand_over.write();
    let mut file = File::create_new(&path)?;
    let mut chunks = mail.chunks(CHUNK);
    let written = chunks.try_for_each(|chunk| file.write_all(chunk).map(|()| hand_over.moved()));
    written.and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half a file is of no use to anybody; if it cannot be removed either, the first error says more.
        let _ = fs::remove_file(&path);
    })?;
    Ok(path)
}

fn create_folders(dir: &Path) -> io::Result<()> {
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(dir.join(folder))?;
    }
    // A crash now might forget the folders, and the first mail in them.
    File::open(dir)?.sync_all()
}

/// Time, unique part, host: our id is unique among hosts, but for a repeat under the same key, which is a file of its own.
fn unique_name(message: &Message) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{}-{:08x}.smsp", now.as_secs(), message.id(), fastrand::u32(..))
}

#[cfg(test)]
mod tests;

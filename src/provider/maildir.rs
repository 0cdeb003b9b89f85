//! A Maildir on the local disk (<https://cr.yp.to/proto/maildir.html>): the provider that needs no account.
//!
//! A mail is an RFC 5322 file, written whole and synced in `tmp/`, then renamed into `new/`: a reader never sees half
//! of one, and what was accepted survives a crash.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Call, Capabilities, Connect, Invalid, Kind, Provider, Values, Variable, mime};
use crate::message::Message;
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "maildir",
    upstream: "maildir",
    local: true,
    capabilities: Capabilities::ANY,
    dummy: "a file, removed at once",
    variables: &[Variable::required("DIR")],
    build,
};

struct Maildir {
    dir: PathBuf,
}

fn build(values: &Values, _: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Maildir { dir: values.get("DIR").into() }))
}

impl Provider for Maildir {
    fn send<'a>(&'a self, message: &'a Message) -> Call<'a> {
        Box::pin(self.write(message, deliver))
    }

    /// Writes and removes in `tmp/`: nobody wants dummies in a mailbox.
    fn probe<'a>(&'a self, dummy: &'a Message) -> Call<'a> {
        Box::pin(self.write(dummy, |dir, name, mail| {
            let path = write_tmp(dir, name, mail).map_err(nothing_taken)?;
            fs::remove_file(path).map_err(nothing_taken)
        }))
    }
}

impl Maildir {
    /// Renders and runs `job` on the pool for blocking work: neither a large mail nor a slow disk must hold up the others.
    async fn write(&self, message: &Message, job: fn(&Path, &str, &[u8]) -> Result<(), Outcome>) -> Verdict {
        let (dir, message) = (self.dir.clone(), message.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let Ok(mail) = mime::render(&message) else {
                return Verdict::new(Outcome::MessageRejected, Reason::NotSent);
            };
            match job(&dir, &unique_name(&message), &mail) {
                Ok(()) => Verdict::accepted(Reason::Disk, Some(message.message_id())),
                Err(outcome) => Verdict::new(outcome, Reason::Disk),
            }
        });
        writing.await.unwrap_or(Verdict::new(Outcome::Unknown, Reason::Panic))
    }
}

fn deliver(dir: &Path, name: &str, mail: &[u8]) -> Result<(), Outcome> {
    let new = dir.join("new");
    let written = write_tmp(dir, name, mail).map_err(nothing_taken)?;
    fs::rename(&written, new.join(name)).map_err(|error| {
        // Nobody must find it later; if it cannot be removed either, the rename's error says more.
        let _ = fs::remove_file(&written);
        nothing_taken(error)
    })?;
    // The mail is there, but a crash now might forget its name.
    File::open(new).and_then(|new| new.sync_all()).map_err(|_| Outcome::Unknown)
}

fn nothing_taken(_: io::Error) -> Outcome {
    Outcome::Unavailable
}

fn write_tmp(dir: &Path, name: &str, mail: &[u8]) -> io::Result<PathBuf> {
    if !dir.join("cur").is_dir() {
        create_folders(dir)?;
    }
    let path = dir.join("tmp").join(name);
    let mut file = File::create_new(&path)?;
    file.write_all(mail).and_then(|()| file.sync_all()).inspect_err(|_| {
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

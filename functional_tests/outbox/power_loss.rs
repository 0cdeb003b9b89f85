//! Power that fails: each mail of a 202 is on the disk, though every write is lost that was not synced before it.
//!
//! The disk is made from what the node asks of the kernel: a write is on it once its file was synced.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::provider::Provider;
use crate::harness::outbox::{Store, pause, queued};
use crate::harness::strace::Trace;
use crate::harness::{Proxy, mails};

const MAILS: usize = 20;
const FILES: [&str; 2] = ["smsp.db", "smsp.db-wal"];
const SYNCS: [&str; 2] = ["fsync", "fdatasync"];

/// The files of a store, as they are after the power has failed.
#[derive(Clone)]
struct Disk {
    files: BTreeMap<String, Vec<u8>>,
    /// Writes that no sync has followed yet.
    pending: BTreeMap<String, Vec<(usize, Vec<u8>)>>,
}

impl Disk {
    fn of(directory: &Path) -> Self {
        let file = |name: &str| (name.to_owned(), fs::read(directory.join(name)).expect("a file of the store"));
        Self { files: FILES.into_iter().map(file).collect(), pending: BTreeMap::new() }
    }

    /// Takes a call of the kernel that has ended, as strace shows it.
    fn takes(&mut self, line: &str) -> Option<()> {
        let (call, rest) = line.split_once('(')?;
        let (path, rest) = rest.split_once('<')?.1.split_once('>')?;
        let path = String::from_utf8(bytes(path)).ok()?;
        let name = FILES.into_iter().find(|name| path.ends_with(&format!("/{name}")))?.to_owned();
        let file = self.files.get_mut(&name)?;
        let (arguments, result) = rest.rsplit_once(") ")?;
        let result = result.trim_start_matches(['=', ' ']);
        match call {
            "pwrite64" => {
                let (data, place) = arguments.split_once('"')?.1.split_once('"')?;
                let (place, data) = (number(place)?, bytes(data));
                assert_eq!(result, data.len().to_string(), "a write that strace has not shown whole");
                self.pending.entry(name).or_default().push((place, data));
            }
            "ftruncate" => file.resize(number(arguments)?, 0),
            call if SYNCS.contains(&call) && result == "0" => {
                for (place, data) in self.pending.remove(&name).unwrap_or_default() {
                    file.resize(file.len().max(place + data.len()), 0);
                    file[place..place + data.len()].copy_from_slice(&data);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The mails that a process finds there.
    fn mails(&self) -> usize {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        self.files.iter().for_each(|(name, bytes)| fs::write(directory.path().join(name), bytes).expect("a file"));
        let database = rusqlite::Connection::open(directory.path().join(FILES[0])).expect("a database");
        let count = database.query_row("select count(*) from submission", [], |row| row.get(0));
        let mails: i64 = count.expect("the mails can be counted");
        usize::try_from(mails).expect("a number of mails")
    }
}

/// The last argument. A call that another thread has interrupted has a space behind it.
fn number(arguments: &str) -> Option<usize> {
    arguments.rsplit_once(", ")?.1.trim().parse().ok()
}

/// The bytes of a text that strace has written in hex.
fn bytes(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).filter_map(|byte| u8::from_str_radix(byte.get(..2)?, 16).ok()).collect()
}

#[tokio::test]
async fn every_mail_of_a_202_is_there_after_the_loss_of_all_that_was_not_synced() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::ZERO);
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(provider.settings())).await;
    pause(&proxy, true).await;
    let calls = "trace=pwrite64,ftruncate,fsync,fdatasync,write,writev,sendto,sendmsg";
    let Some(trace) = Trace::of(&proxy.process, &["-s", "1000000", "-xx", "-e", calls]).await else { return };
    let mut disk = Disk::of(directory.path());
    let mut without_syncs = disk.clone();
    for _ in 0..MAILS {
        queued(&proxy.client, &mails::plain()).await;
    }
    let (lines, mut answers) = (trace.ends().await, 0);
    let accepted = "HTTP/1.1 202 ".bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    for line in lines {
        disk.takes(&line);
        if !SYNCS.iter().any(|call| line.starts_with(call)) {
            without_syncs.takes(&line);
        }
        if line.contains(&accepted) {
            answers += 1;
            assert_eq!(disk.mails(), answers, "after so many answers");
        }
    }
    assert_eq!((answers, without_syncs.mails()), (MAILS, 0), "what is never synced is lost on this disk");
}

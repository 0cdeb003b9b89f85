//! What a mail says is never in clear. After its erasure no key opens what was kept of it, and of SQLite's files no sealed
//! byte is left either; those of PostgreSQL keep old rows for a while, as its administrators say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::harness::database::Database;
use crate::harness::outbox::{becomes, queued, shown};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::when;
use crate::harness::{Answer, Client, Proxy, Settings, StubProvider, eventually};

const CANARY: &str = "canary-4f1d";
/// Keys, recipients, fingerprints and parts that are left of any mail.
const LEFT: &str = "select row_id from smsp_submission where content_key is not null or recipients_key is not null
        or recipients is not null or recipient_verdicts is not null
    union all select row_id from smsp_recipient union all select row_id from smsp_content";

#[tokio::test]
async fn on_postgres_what_a_mail_says_is_never_in_clear_and_its_erasure_leaves_no_key_of_it() {
    let Some(database) = Database::postgres().await else { return };
    let Database::Postgres(server, name) = &database else { return };
    let provider = StubProvider::sendgrid().await;
    let proxy = Proxy::start(database.under(Settings::server().sendgrid(&provider.url()))).await;
    let client = &proxy.client;
    client.order("sg", &json!({"override": "open"})).await.expect(200);
    let ids = [queued(client, &canary("waits")).await, queued(client, &canary("kept")).await];
    let [waits, kept] = &ids;
    // This test knows where to look: what is in the tables is in the files.
    server.sql(name, "create table told as select 'told-4f1d' as text").await;
    in_files(server, "told-4f1d").await;
    assert_eq!(files_with(server, CANARY), [""; 0], "in clear");
    assert!(!server.sql(name, LEFT).await.is_empty());
    erase(client, waits).await.expect(200);
    client.order("sg", &json!({"override": "closed"})).await.expect(200);
    becomes(client, kept, "accepted").await;
    erase(client, kept).await.expect(200);
    assert_eq!(server.sql(name, LEFT).await, [""; 0]);
    server.sql(name, "checkpoint").await;
    assert_eq!(files_with(server, CANARY), [""; 0], "in clear");
    for id in &ids {
        let answer = shown(client, id).await.expect(200);
        assert!(answer.json["recipients"].is_null(), "{answer}");
    }
}

/// Brings all that is written into the files of the tables, and finds this in them.
async fn in_files(server: &Postmaster, text: &str) {
    server.sql("postgres", "checkpoint").await;
    assert!(!files_with(server, text).is_empty(), "{text} is in no file");
}

/// The files of the server with this text: tables, indexes, log and WAL.
fn files_with(server: &Postmaster, text: &str) -> Vec<String> {
    let found = Command::new("grep").args(["-rlaF", text]).arg(server.socket_folder()).output();
    let found = String::from_utf8(found.expect("grep can be started").stdout).expect("paths of ours");
    found.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn on_sqlite_what_a_mail_says_is_never_in_clear_and_after_its_erasure_not_even_sealed() {
    let database = Database::sqlite();
    let Database::Sqlite(directory) = &database else { return };
    let provider = StubProvider::sendgrid().await;
    let proxy = Proxy::start(database.under(Settings::server().sendgrid(&provider.url()))).await;
    let client = &proxy.client;
    client.order("sg", &json!({"override": "open"})).await.expect(200);
    let waits = queued(client, &canary("waits")).await;
    let kept = queued(client, &canary("kept")).await;
    let sealed = sealed(directory.path(), &waits);
    let files = Files::of(&proxy, directory.path());
    assert_eq!(files.with(&[CANARY.into()]), [""; 0], "in clear");
    let is_there = |one: &Vec<u8>| !files.with(std::slice::from_ref(one)).is_empty();
    assert!(sealed.iter().all(is_there), "this test knows where to look");
    erase(client, &waits).await.expect(200);
    gone(&proxy, directory.path(), &sealed).await;
    // One that has ended has no content any more, but a recipient until it is erased.
    let of_kept = self::sealed(directory.path(), &kept);
    client.order("sg", &json!({"override": "closed"})).await.expect(200);
    becomes(client, &kept, "accepted").await;
    erase(client, &kept).await.expect(200);
    gone(&proxy, directory.path(), &of_kept).await;
    assert_eq!(Files::of(&proxy, directory.path()).with(&[CANARY.into()]), [""; 0], "in clear");
    for id in [waits, kept] {
        let answer = shown(client, &id).await.expect(200);
        assert!(answer.json["recipients"].is_null(), "{answer}");
    }
}

fn canary(name: &str) -> serde_json::Value {
    json!({
        "from": format!("{CANARY}-{name}@example.com"), "to": format!("{CANARY}-{name}@example.net"),
        "subject": format!("{CANARY}-{name}"), "text": format!("{CANARY}-{name} ").repeat(20_000),
    })
}

async fn erase(client: &Client, id: &str) -> Answer {
    let request = client.request(reqwest::Method::DELETE, &format!("/outbox/{id}?erase=true"));
    Answer::to(request.header("x-api-key", client.key())).await
}

/// What is kept of this mail: keys, recipients and their fingerprints, and the start of each part of its content.
fn sealed(directory: &Path, id: &str) -> Vec<Vec<u8>> {
    let database = rusqlite::Connection::open(directory.join("smsp.db")).expect("the database can be opened");
    let sql = "select content_key from submission where uuid = ?1 union all
        select recipients_key from submission where uuid = ?1 union all
        select recipients from submission where uuid = ?1 union all
        select hmac from address a join submission s on s.id = a.submission where uuid = ?1 union all
        select substr(bytes, 1, 32) from content c join submission s on c.id / 4096 = s.id where uuid = ?1";
    let mut select = database.prepare(sql).expect("the outbox has its tables");
    let uuid = uuid::Uuid::parse_str(id).expect("an id is a UUID");
    let rows = select.query_map([uuid.as_bytes().as_slice()], |row| row.get(0)).expect("rows can be read");
    let sealed: Vec<Vec<u8>> = rows.map(|row| row.expect("bytes")).collect();
    // Keys, recipients, a fingerprint and two parts of 256 KiB.
    assert_eq!(sealed.len(), 6, "{sealed:?}");
    sealed
}

/// Waits until the writer has emptied its log, which it does when it rests.
async fn gone(node: &Proxy, directory: &Path, wanted: &[Vec<u8>]) {
    eventually("nothing of the mail is in any file", async || {
        let found = Files::of(node, directory).with(wanted);
        when(found.is_empty(), || format!("{found:#?}"))
    })
    .await;
}

/// The files of a store at one moment: what a node moves from one to the other is in one of them.
struct Files(Vec<(PathBuf, Vec<u8>)>);

impl Files {
    fn of(node: &Proxy, directory: &Path) -> Self {
        node.process.signal("STOP");
        let paths =
            fs::read_dir(directory).expect("the directory of the store").map(|entry| entry.expect("one").path());
        let read = |path: PathBuf| fs::read(&path).ok().map(|bytes| (path, bytes));
        let files = paths.filter_map(read).collect();
        node.process.signal("CONT");
        Self(files)
    }

    /// Which of these are in some file, and in which.
    fn with(&self, wanted: &[Vec<u8>]) -> Vec<String> {
        let found_in = |(path, bytes): &(PathBuf, Vec<u8>)| {
            let found = wanted.iter().filter(|wanted| memchr::memmem::find(bytes, wanted).is_some());
            found.map(|wanted| format!("{wanted:x?} in {}", path.display())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(found_in).collect()
    }
}

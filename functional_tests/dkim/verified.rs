//! Signatures that dkimpy and `OpenDKIM` verify, with the records that were printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hickory_resolver::proto::rr::RecordType;
use serde_json::json;
use smsp::delivery::mx::dkim::{KeyDirectory, Keys};

use super::mails::{fixed, random};
use super::{new_keys, printed};
use crate::harness::database::Database;
use crate::harness::mx_host::MxHost;
use crate::harness::name_server::{NameServer, Says};
use crate::harness::outbox::{becomes, queued};
use crate::harness::seed::seed;
use crate::harness::tool::is_here;
use crate::harness::wait::PATIENCE;
use crate::harness::{Process, Proxy, Settings, skip};

/// Random mails that dkimpy verifies in one run, and those that `OpenDKIM` does, each in a run of its own.
const OF_DKIMPY: usize = 300;
const OF_OPENDKIM: usize = 40;

struct Fixture {
    directory: tempfile::TempDir,
    keys: Keys,
    records: Vec<(String, String)>,
}

async fn fixture() -> Fixture {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let records = printed(&new_keys(directory.path(), "example.org").await);
    let keys = KeyDirectory::at(directory.path()).read().expect("keys");
    Fixture { directory, keys, records }
}

impl Fixture {
    fn signed(&self, mail: &str) -> String {
        self.keys.sign("example.org", mail.as_bytes()).expect("keys sign") + mail
    }

    /// What dkimpy says of each signature of each of these mails.
    async fn said_by(&self, python: &Path, mails: &[String]) -> Vec<String> {
        let records = self.file("records.json", &serde_json::to_string(&self.records).expect("JSON"));
        let mut command = Command::new(python);
        command
            .arg("-B")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("functional_tests/dkim/verify.py"))
            .arg(records);
        let said = run_with(command, &self.file("mails", &serde_json::to_string(mails).expect("JSON"))).await.1;
        let said: Vec<_> = said.lines().map(str::to_owned).collect();
        assert_eq!(said.len(), mails.len(), "{said:#?}");
        said
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).expect("a temporary file can be written");
        path
    }
}

/// Python, with what it needs to verify.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/check-tools/bin/python");
    let has = Command::new(&python).args(["-c", "import dkim, nacl"]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    skip("dkim is not here (PyPI packages dkimpy and pynacl)");
    None
}

/// Runs a command with this file as its stdin: its exit code, stdout and stderr.
async fn run_with(mut command: Command, input: &Path) -> (Option<i32>, String) {
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
    let input = fs::File::open(input).expect("a file");
    let output = Process::start_with(command, input.into()).output(PATIENCE).await;
    (output.code, output.stdout + &output.stderr)
}

#[tokio::test]
async fn dkimpy_verifies_both_signatures_of_any_mail_and_sees_each_change() {
    let Some(python) = python() else { return };
    let fixture = fixture().await;
    let verify = async |mails: &[String]| fixture.said_by(&python, mails).await;
    let seed = seed();
    let mails = [fixed(), random(seed, OF_DKIMPY)].concat();
    let signed: Vec<_> = mails.iter().map(|mail| fixture.signed(mail)).collect();
    let said = verify(&signed).await;
    let refused: Vec<_> = said.iter().zip(&mails).filter(|(said, _)| *said != "True True").collect();
    assert!(refused.is_empty(), "SMSP_TEST_SEED={seed}: {} refused, first {:.900?}", refused.len(), refused[0]);
    let signed = fixture.signed(&hello());
    let changed = [
        signed.replace("Hello", "Hallo"),
        signed.replacen("\r\nTo:", "\r\nFrom: eve@example.com\r\nTo:", 1),
        signed.replacen("\r\nSubject:", "\r\nSubject: x", 1),
    ];
    let said = verify(&changed).await;
    assert!(said.iter().all(|said| !said.contains("True")), "{said:?}");
}

#[tokio::test]
async fn mail_that_a_node_delivers_is_signed_with_the_keys_of_its_author_and_dkimpy_verifies_it() {
    let (fixture, host, database) = (fixture().await, MxHost::start().await, Database::sqlite());
    let settings = database.under(Settings::server()).with("SMSP_PROVIDERS", "mx").with("SMSP_MX_PORT", &host.port());
    let settings = settings.with("SMSP_MX_STATIC", &format!("a.example:{}", host.ip()));
    let settings = settings.with("SMSP_MX_HELO", "mail.example.org");
    let proxy = Proxy::start(settings.with("SMSP_DKIM_DIR", &fixture.directory.path().display().to_string())).await;
    for from in ["Ada <a@shop.example.org>", "a@example.net"] {
        let text = "Gr\u{fc}\u{df}e\n.\n\n  \n";
        let mail = json!({"from": from, "to": "b@a.example", "subject": "S  s", "text": text});
        let id = queued(&proxy.client, &mail).await;
        becomes(&proxy.client, &id, "accepted").await;
    }
    let files = host.files();
    let signatures = files.iter().map(|file| file.matches("DKIM-Signature:").count()).collect::<Vec<_>>();
    assert_eq!(signatures, [2, 0], "example.net has no keys: {files:#?}");
    let Some(python) = python() else { return };
    assert_eq!(fixture.said_by(&python, &files[..1]).await, ["True True"], "{files:#?}");
}

#[tokio::test]
async fn opendkim_verifies_any_mail_and_sees_each_change() {
    if !is_here("opendkim-testmsg", "opendkim-tools") {
        return;
    }
    let fixture = fixture().await;
    let zone: Vec<_> =
        fixture.records.iter().map(|(name, text)| (name.clone(), RecordType::TXT, text.clone())).collect();
    let Some(names) = NameServer::start(Says::Zone(zone.leak())).await else { return };
    let verify = async |mail: &str| run_with(names.known_to("opendkim-testmsg"), &fixture.file("mail", mail)).await;
    let seed = seed();
    for mail in [fixed(), random(seed, OF_OPENDKIM)].concat() {
        let said = verify(&fixture.signed(&mail)).await;
        assert_eq!(said, (Some(0), String::new()), "SMSP_TEST_SEED={seed}: {:.900?}", mail);
    }
    assert!(names.queries() > 0, "nobody asked this name server");
    let changed = fixture.signed(&hello()).replace("Hello", "Hallo");
    let (code, said) = verify(&changed).await;
    assert!(code != Some(0) && said.contains("Bad signature"), "{said}");
}

fn hello() -> String {
    fixed().into_iter().find(|mail| mail.contains("Hello")).expect("such a mail")
}

//! The three ways on which a mail travels as a file: each leaves its files in a folder, by the number of their mail.

use std::path::Path;

use futures_util::{StreamExt, stream};

use super::content::Content;
use crate::harness::stub_relay::StubRelay;
use crate::harness::{Proxy, Reply, Settings, StubProvider, golden};
use crate::smtp::relay;

/// At a time.
const CALLERS: usize = 8;

async fn send(settings: Settings, mails: &[Content], callers: usize) {
    let proxy = Proxy::start(settings).await;
    let sending = stream::iter(mails.iter().enumerate()).map(async |(number, mail)| {
        proxy.client.send(&mail.mail(number)).await.expect(200);
    });
    sending.buffer_unordered(callers).collect::<()>().await;
}

/// Keeps a file of this way under the number of its mail.
fn keep(folder: &Path, way: &str, file: &[u8]) {
    let text = String::from_utf8_lossy(file);
    let number = text.lines().find_map(|line| line.strip_prefix("X-Number: "));
    let number = number.unwrap_or_else(|| panic!("no number in {text}"));
    std::fs::write(folder.join(format!("{number}-{way}.eml")), file).expect("a file can be written");
}

pub(super) async fn by_maildir(mails: &[Content], folder: &Path) {
    let dir = tempfile::tempdir().expect("a folder");
    send(Settings::maildir(dir.path()), mails, CALLERS).await;
    for entry in std::fs::read_dir(dir.path().join("new")).expect("a Maildir") {
        keep(folder, "maildir", &std::fs::read(entry.expect("an entry").path()).expect("a mail"));
    }
}

/// One after the other, for the stub keeps one dialogue.
pub(super) async fn by_smtp(mails: &[Content], folder: &Path) {
    let stub = StubRelay::start().await;
    send(relay(&stub.port()), mails, 1).await;
    for rest in stub.dialogue().split("\nS: 354 ").skip(1) {
        let (_, mail) = rest.split_once('\n').expect("a mail");
        let lines = mail.lines().take_while(|line| *line != ".");
        let lines = lines.map(|line| line.strip_prefix('.').unwrap_or(line).to_owned() + "\r\n");
        keep(folder, "smtp", lines.collect::<String>().as_bytes());
    }
}

pub(super) async fn by_ses(mails: &[Content], folder: &Path) {
    let stub = StubProvider::sendgrid().await;
    stub.does(Reply::new(200, r#"{"MessageId": "ses-1"}"#).with("content-type", "application/json").into());
    send(Settings::server().ses(&stub.url()), mails, CALLERS).await;
    for request in stub.mails() {
        let json = request.json();
        let data = json.pointer("/Content/Raw/Data").and_then(|data| data.as_str());
        keep(folder, "ses", &golden::decoded(data.unwrap_or_else(|| panic!("no file in {request}"))));
    }
}

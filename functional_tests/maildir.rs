//! The Maildir provider: what lies in `new/` is a real mail, read back by a parser that is not ours.

use std::path::{Path, PathBuf};

use mail_parser::{Address, Message, MessageParser, MimeHeaders};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Proxy, Settings, golden, mails};

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    entries.map(|entry| entry.expect("a directory can be read").path()).collect()
}

fn only_mail(dir: &TempDir) -> Vec<u8> {
    let files = files(&dir.path().join("new"));
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read(&files[0]).expect("a mail can be read")
}

fn parse(mail: &[u8]) -> Message<'_> {
    MessageParser::default().parse(mail).expect("it is a mail")
}

/// `name <address>` of each member.
fn people(address: Option<&Address<'_>>) -> Vec<String> {
    let shown =
        |a: &mail_parser::Addr<'_>| format!("{} <{}>", a.name().unwrap_or_default(), a.address().unwrap_or_default());
    address.map(|all| all.iter().map(shown).collect()).unwrap_or_default()
}

fn header_names(message: &Message<'_>) -> Vec<String> {
    let mut names: Vec<_> = message.headers().iter().map(|header| header.name().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_mail_reads_back_as_it_was_sent() {
    let dir = temporary();
    let proxy = Proxy::start(Settings::maildir(dir.path())).await;
    let mail = golden::json("mail.json");
    proxy.client.send(&mail).await.expect(200).expect_attempts(&["maildir:accepted"]);
    let bytes = only_mail(&dir);
    let message = parse(&bytes);
    assert_eq!(message.subject(), mail["subject"].as_str());
    assert_eq!(people(message.from()), ["Zoë Ångström <zoe@example.com>"]);
    assert_eq!(people(message.to()), ["Doe, Jane <jane@example.net>", " <plain@example.net>"]);
    assert_eq!(people(message.cc()), ["Cöpy <copy@example.net>"]);
    assert_eq!(people(message.reply_to()), ["Answers <answers@example.com>", " <more@example.com>"]);
    assert_eq!(message.body_text(0).as_deref().map(str::trim_end), mail["text"].as_str());
    assert_eq!(message.body_html(0).as_deref().map(str::trim_end), mail["html"].as_str());
    let files: Vec<_> = message.attachments().map(|file| (file.attachment_name(), file.content_id())).collect();
    assert_eq!(files, [(Some("logo.png"), Some("logo")), (Some("Bericht Ü.pdf"), None)]);
}

#[tokio::test]
async fn a_mail_has_exactly_the_expected_headers_and_those_for_tags_and_metadata_by_a_switch() {
    for (switch, shown) in [(None, &[][..]), (Some("true"), &["X-Metadata", "X-Tags"])] {
        let dir = temporary();
        let settings = Settings::maildir(dir.path());
        let with = |switch| settings.clone().with("SMSP_MAILDIR_METADATA_HEADERS", switch);
        let proxy = Proxy::start(switch.map_or(settings.clone(), with)).await;
        let receipt = proxy.client.send(&golden::json("mail.json")).await.expect(200);
        let bytes = only_mail(&dir);
        let message = parse(&bytes);
        let usual = ["Cc", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To", "Subject", "To"];
        let mut expected = [&usual[..], &["List-Unsubscribe", "X-Order"], shown].concat();
        expected.sort_unstable();
        assert_eq!(header_names(&message), expected, "{}", String::from_utf8_lossy(&bytes));
        let id = receipt.json["id"].as_str().expect("a receipt has an id");
        assert_eq!(message.message_id(), Some(&*format!("{id}@example.com")));
    }
}

#[tokio::test]
async fn a_mail_is_seven_bit_lines_that_end_in_crlf() {
    let dir = temporary();
    let proxy = Proxy::start(Settings::maildir(dir.path())).await;
    let text = format!("ünï\nbare\rcr\r\n.\r\n{}", "long ".repeat(400));
    proxy.client.send(&mails::but("text", json!(text))).await.expect(200);
    let bytes = only_mail(&dir);
    assert!(bytes.is_ascii(), "{}", String::from_utf8_lossy(&bytes));
    let lines: Vec<_> = bytes.split_inclusive(|&b| b == b'\n').collect();
    assert!(lines.iter().all(|line| line.ends_with(b"\r\n") && line.len() <= 1000), "{lines:?}");
    let lone = lines.iter().any(|line| line[..line.len() - 2].contains(&b'\r'));
    assert!(!lone, "a lone CR in {}", String::from_utf8_lossy(&bytes));
}

#[tokio::test]
async fn hidden_recipients_stand_nowhere_in_the_mail() {
    let dir = temporary();
    let proxy = Proxy::start(Settings::maildir(dir.path())).await;
    proxy.client.send(&golden::json("mail.json")).await.expect(200);
    let bytes = only_mail(&dir);
    assert!(!String::from_utf8_lossy(&bytes).contains("hidden@"), "{}", String::from_utf8_lossy(&bytes));
}

#[tokio::test]
async fn nothing_half_written_is_left_behind() {
    let dir = temporary();
    let proxy = Proxy::start(Settings::maildir(dir.path())).await;
    for _ in 0..5 {
        proxy.client.send(&mails::plain()).await.expect(200);
    }
    assert_eq!(files(&dir.path().join("new")).len(), 5);
    assert!(files(&dir.path().join("tmp")).is_empty());
}

#[tokio::test]
async fn a_maildir_that_has_gone_is_an_unavailable_provider() {
    let dir = temporary();
    let proxy = Proxy::start(Settings::maildir(&dir.path().join("mail"))).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    std::fs::remove_dir_all(dir.path().join("mail")).expect("the proxy has made its Maildir");
    std::fs::write(dir.path().join("mail"), "in the way").expect("a file can be written");
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    assert_eq!(answer.attempts(), ["maildir:unavailable"], "{answer}");
}

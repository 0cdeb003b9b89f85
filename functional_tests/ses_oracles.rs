//! Amazon SES as others know it: moto checks the signature as AWS does, aws-ses-v2-local reads the content.

use serde_json::{Value, json};

use crate::harness::{Answer, Moto, Oracle, Proxy, Relay, Settings, golden, mails, moto};

/// The sender's domain in `mails::plain`.
const DOMAIN: &str = "example.com";

struct Account<'a> {
    url: &'a str,
    id: &'a str,
    secret: &'a str,
}

async fn send(account: &Account<'_>, mail: &Value) -> Answer {
    let settings = Settings::server()
        .ses(account.url)
        .without("SMSP_SES_SESSION_TOKEN")
        .with("SMSP_SES_REGION", moto::REGION)
        .with("SMSP_SES_ACCESS_KEY_ID", account.id)
        .with("SMSP_SES_SECRET_ACCESS_KEY", account.secret);
    Proxy::start(settings).await.client.send(mail).await
}

#[tokio::test]
async fn moto_accepts_our_signature_and_no_other() {
    let Some(moto) = Moto::start(DOMAIN).await else { return };
    let url = moto.url();
    let (id, secret) = (moto.access_key_id.as_str(), moto.secret_access_key.as_str());
    let right = Account { url: &url, id, secret };
    // In parts, with what UTF-8 there can be, and as a file.
    for mail in [mails::plain(), mails::but("subject", "Grüße 🚀".into()), golden::json("mail.json")] {
        let receipt = send(&right, &mail).await.expect(200).expect_attempts(&["ses:accepted"]);
        assert!(receipt.json["provider_message_id"].is_string(), "{receipt}");
    }
    for account in [Account { secret: "wrong", ..right }, Account { id: "AKIAUNKNOWN000000000", ..right }] {
        let refused = send(&account, &mails::plain()).await.expect(502).expect_attempts(&["ses:account_refused"]);
        assert_eq!(refused.at("/attempts/0/reason"), "http_403", "{refused}");
    }
    let mail = mails::but("from", json!("sender@unverified.example"));
    send(&right, &mail).await.expect(422).expect_attempts(&["ses:sender_rejected"]);
}

#[tokio::test]
async fn moto_refuses_a_body_that_was_changed_on_the_way() {
    let Some(moto) = Moto::start(DOMAIN).await else { return };
    let (id, secret) = (moto.access_key_id.as_str(), moto.secret_access_key.as_str());
    let honest = Relay::before(&moto.url(), "hello", "hello").await;
    let account = Account { url: &honest.url(), id, secret };
    send(&account, &mails::plain()).await.expect(200).expect_attempts(&["ses:accepted"]);
    let tampering = Relay::before(&moto.url(), "hello", "jello").await;
    let account = Account { url: &tampering.url(), id, secret };
    send(&account, &mails::plain()).await.expect(502).expect_attempts(&["ses:account_refused"]);
}

/// The one mail that aws-ses-v2-local has of this one.
async fn read_back(mail: &Value) -> Option<Value> {
    let local = "aws-ses-v2-local/node_modules/.bin/aws-ses-v2-local";
    let oracle = Oracle::start(local, &["--host", "127.0.0.1", "--port", "0"]).await?;
    let url = oracle.url();
    let account = Account { url: &url, id: "id", secret: "secret" };
    let receipt = send(&account, mail).await.expect(200).expect_attempts(&["ses:accepted"]);
    let store = Answer::to(reqwest::Client::new().get(format!("{url}/store"))).await.expect(200);
    let mut emails = store.json["emails"].as_array().cloned().unwrap_or_else(|| panic!("no mails: {store}"));
    assert_eq!(emails.len(), 1, "{store}");
    assert_eq!(emails[0]["messageId"], receipt.json["provider_message_id"], "{store}");
    Some(emails.remove(0))
}

/// The files: name, type, content id, bytes in base64.
fn files(read: &Value) -> Vec<String> {
    let word = |file: &Value, name: &str| file[name].as_str().unwrap_or("-").trim_matches(['<', '>']).to_owned();
    let line = |file| ["filename", "contentType", "contentId", "content"].map(|name| word(file, name)).join(" ");
    let files = read["attachments"].as_array().unwrap_or_else(|| panic!("no files: {read}"));
    let mut files: Vec<_> = files.iter().map(line).collect();
    files.sort();
    files
}

#[tokio::test]
async fn ses_v2_local_reads_the_parts_that_we_meant() {
    let mut mail = golden::json("mail.json");
    mail["attachments"][0]["filename"] = json!("Bericht.pdf");
    let Some(read) = read_back(&mail).await else { return };
    assert_eq!(read["from"], "=?utf-8?b?Wm/DqyDDhW5nc3Ryw7Zt?= <zoe@example.com>", "{read}");
    let to = ["\"Doe, Jane\" <jane@example.net>", "plain@example.net"];
    let cc = ["=?utf-8?b?Q8O2cHk=?= <copy@example.net>"];
    assert_eq!(read["destination"], json!({"to": to, "cc": cc, "bcc": mail["bcc"]}), "{read}");
    assert_eq!(read["replyTo"], mail["reply_to"], "{read}");
    assert_eq!(read["subject"], mail["subject"], "{read}");
    assert_eq!(read["body"], json!({"text": mail["text"], "html": mail["html"]}), "{read}");
    let files_of_the_mail = ["Bericht.pdf application/pdf - JVBERi0xLjQK", "logo.png image/png logo iVBORw0KGgo="];
    assert_eq!(files(&read), files_of_the_mail, "{read}");
    let headers = json!([
        {"name": "List-Unsubscribe", "value": "<mailto:leave@example.com>"},
        {"name": "X-Order", "value": "17"},
        {"name": "X-Metadata", "value": r#"{"order":"17", "shop":"Zurich West"}"#},
    ]);
    assert_eq!(read["headers"], headers, "{read}");
}

/// It does not look at the recipients beside the file, so Bcc is held by the golden request alone.
#[tokio::test]
async fn ses_v2_local_reads_the_file_that_we_meant() {
    let mail = golden::json("mail.json");
    let Some(read) = read_back(&mail).await else { return };
    assert_eq!(read["from"], "\"Zoë Ångström\" <zoe@example.com>", "{read}");
    let to = ["\"Doe, Jane\" <jane@example.net>, plain@example.net"];
    let cc = ["\"Cöpy\" <copy@example.net>"];
    assert_eq!(read["destination"], json!({"to": to, "cc": cc, "bcc": []}), "{read}");
    assert_eq!(read["replyTo"], json!(["\"Answers\" <answers@example.com>, more@example.com"]), "{read}");
    assert_eq!(read["subject"], mail["subject"], "{read}");
    assert_eq!(read["body"]["text"].as_str().map(str::trim_end), mail["text"].as_str(), "{read}");
    // It has put the picture where the HTML names it.
    let html = mail["html"].as_str().map(|html| html.replace("cid:logo", "data:image/png;base64,iVBORw0KGgo="));
    assert_eq!(read["body"]["html"].as_str().map(str::trim_end), html.as_deref(), "{read}");
    let files_of_the_mail = ["Bericht Ü.pdf application/pdf - JVBERi0xLjQK", "logo.png image/png logo iVBORw0KGgo="];
    assert_eq!(files(&read), files_of_the_mail, "{read}");
}

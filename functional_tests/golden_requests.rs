//! The exact request that each provider gets for a mail with everything in it, compared whole with `golden/`.

mod ses;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Answer, Proxy, Reply, Request, Settings, StubProvider, golden, kinds};

/// An upstream whose API accepts with this answer.
pub(crate) struct Row {
    pub(crate) upstream: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) reply: Reply,
    /// What it calls the mail.
    id: &'static str,
    headers: &'static [&'static str],
    /// Takes away what it cannot carry.
    less: fn(&mut Value),
}

impl Row {
    /// The golden mail, as far as this one can carry it.
    pub(crate) fn mail(&self) -> Value {
        let mut mail = golden::json("mail.json");
        (self.less)(&mut mail);
        mail
    }

    /// A server in front of this one alone, whose API stands at `url`.
    pub(crate) fn settings(&self, url: &str, further: &[(&str, &str)]) -> Settings {
        let prefix = format!("SMSP_{}", self.upstream.to_uppercase());
        let settings = Settings::server()
            .with("SMSP_PROVIDERS", self.upstream)
            .with(&format!("{prefix}_API_KEY"), "account-key")
            .with(&format!("{prefix}_BASE_URL"), url);
        further.iter().fold(settings, |all, (name, value)| all.with(name, value))
    }

    /// What it gets for its mail, and what the caller gets.
    pub(crate) async fn request(&self, further: &[(&str, &str)]) -> (Request, Answer) {
        self.request_for(&self.mail(), further).await
    }

    async fn request_for(&self, mail: &Value, further: &[(&str, &str)]) -> (Request, Answer) {
        let stub = StubProvider::sendgrid().await;
        stub.does(self.reply.clone().into());
        let proxy = Proxy::start(self.settings(&stub.url(), further)).await;
        let receipt = proxy.client.send(mail).await.expect(200);
        (stub.only_mail(), receipt)
    }
}

fn whole(_: &mut Value) {}

fn one_tag(mail: &mut Value) {
    mail["tags"] = json!(["welcome"]);
}

fn one_answer(mail: &mut Value) {
    mail["reply_to"] = json!("Answers <answers@example.com>");
}

fn no_picture(mail: &mut Value) {
    mail["attachments"][1].as_object_mut().expect("a file").remove("content_id");
}

fn no_list_unsubscribe(mail: &mut Value) {
    mail["headers"] = json!({"X-Order": "17"});
}

async fn is_golden(row: Row, further: &[(&str, &str)]) {
    let (request, receipt) = row.request(further).await;
    golden::check(&format!("{}.txt", row.kind), &request.normalised(row.headers, &receipt));
    let accepted = format!("{}:accepted", row.upstream);
    assert_eq!(
        (receipt.attempts(), &receipt.json["provider_message_id"]),
        (vec![accepted], &row.id.into()),
        "{receipt}"
    );
}

fn answers(body: &str) -> Reply {
    Reply::new(200, body).with("content-type", "application/json")
}

pub(crate) fn mailgun() -> Row {
    let (reply, id) = (Reply::mailgun_accepts(), "<20261121.1.A1B2@mg.example.com>");
    Row { upstream: "mg", kind: "mailgun", reply, id, headers: &["authorization", "content-type"], less: whole }
}

pub(crate) fn sendgrid() -> Row {
    let (reply, id) = (Reply::sendgrid_accepts(), "sg-message-id-1");
    let headers = &["authorization", "accept", "content-type"];
    Row { upstream: "sg", kind: "sendgrid", reply, id, headers, less: whole }
}

pub(crate) fn mandrill() -> Row {
    let said = |name: &str| format!(r#"{{"email": "{name}@example.net", "status": "sent", "_id": "mandrill-1"}}"#);
    let reply = answers(&format!("[{}]", ["jane", "plain", "copy", "hidden"].map(said).join(", ")));
    Row { upstream: "md", kind: "mandrill", reply, id: "mandrill-1", headers: &["content-type"], less: whole }
}

pub(crate) fn postmark() -> Row {
    let reply = answers(r#"{"ErrorCode": 0, "Message": "OK", "MessageID": "postmark-1"}"#);
    let headers = &["x-postmark-server-token", "accept", "content-type"];
    Row { upstream: "pm", kind: "postmark", reply, id: "postmark-1", headers, less: one_tag }
}

pub(crate) fn sparkpost() -> Row {
    let reply = answers(
        r#"{"results": {"total_accepted_recipients": 4, "total_rejected_recipients": 0, "id": "sparkpost-1"}}"#,
    );
    let headers = &["authorization", "content-type"];
    let less = |mail: &mut Value| {
        one_tag(mail);
        no_list_unsubscribe(mail);
    };
    Row { upstream: "sp", kind: "sparkpost", reply, id: "sparkpost-1", headers, less }
}

pub(crate) fn resend() -> Row {
    let headers = &["authorization", "idempotency-key", "content-type"];
    let reply = answers(r#"{"id": "resend-1"}"#);
    Row { upstream: "rs", kind: "resend", reply, id: "resend-1", headers, less: whole }
}

pub(crate) fn brevo() -> Row {
    let reply = Reply::new(201, r#"{"messageId": "<brevo-1>"}"#).with("content-type", "application/json");
    let less = |mail: &mut Value| {
        one_answer(mail);
        no_picture(mail);
    };
    Row { upstream: "bv", kind: "brevo", reply, id: "<brevo-1>", headers: &["api-key", "content-type"], less }
}

pub(crate) fn mailjet() -> Row {
    let reply =
        answers(r#"{"Messages": [{"Status": "success", "To": [{"Email": "jane@example.net", "MessageID": 17}]}]}"#);
    let less = |mail: &mut Value| {
        one_answer(mail);
        one_tag(mail);
    };
    Row { upstream: "mj", kind: "mailjet", reply, id: "17", headers: &["authorization", "content-type"], less }
}

/// What Mailgun wants besides.
pub(crate) const MAILGUN: &[(&str, &str)] = &[("SMSP_MG_DOMAIN", "mg.example.com")];
/// What Mailjet wants besides.
pub(crate) const MAILJET: &[(&str, &str)] = &[("SMSP_MJ_API_SECRET", "account-secret")];

#[tokio::test]
async fn mailgun_gets_the_golden_request() {
    is_golden(mailgun(), MAILGUN).await;
}

#[tokio::test]
async fn sendgrid_gets_the_golden_request() {
    is_golden(sendgrid(), &[]).await;
}

#[tokio::test]
async fn mandrill_gets_the_golden_request() {
    is_golden(mandrill(), &[]).await;
}

#[tokio::test]
async fn postmark_gets_the_golden_request() {
    is_golden(postmark(), &[]).await;
}

#[tokio::test]
async fn sparkpost_gets_the_golden_request() {
    is_golden(sparkpost(), &[]).await;
}

#[tokio::test]
async fn resend_gets_the_golden_request() {
    is_golden(resend(), &[]).await;
}

#[tokio::test]
async fn brevo_gets_the_golden_request() {
    is_golden(brevo(), &[]).await;
}

#[tokio::test]
async fn mailjet_gets_the_golden_request() {
    is_golden(mailjet(), MAILJET).await;
}

/// Nothing but what every mail has; a name that is both beyond ASCII and in need of quotes.
fn smallest() -> Value {
    json!({"from": "\"Müller, Anna\" <anna@example.com>", "to": "\"Müller, Jo\" <jo@example.net>"})
}

#[tokio::test]
async fn the_smallest_mail_is_golden_everywhere() {
    let plain = [sendgrid(), mandrill(), postmark(), sparkpost(), resend(), brevo()].map(|row| (row, &[][..]));
    let rows: Vec<_> = plain.into_iter().chain([(mailgun(), MAILGUN), (mailjet(), MAILJET)]).collect();
    // SES has a file of its own.
    let golden: BTreeSet<_> = rows.iter().map(|(row, _)| row.kind).chain(["ses"]).collect();
    assert_eq!(golden, kinds::over_http().map(|kind| kind.name).collect(), "a kind has no golden request");
    for (row, further) in rows {
        let (request, receipt) = row.request_for(&smallest(), further).await;
        golden::check(&format!("{}-smallest.txt", row.kind), &request.normalised(&[], &receipt));
    }
}

//! The exact request that each provider gets for a mail with everything in it, compared whole with `golden/`.

mod ses;

use serde_json::{Value, json};

use crate::harness::{Proxy, Reply, Settings, StubProvider, golden};

/// An upstream whose API accepts with this answer.
struct Row {
    upstream: &'static str,
    kind: &'static str,
    reply: Reply,
    /// What it calls the mail.
    id: &'static str,
    headers: &'static [&'static str],
    /// Takes away what it cannot carry.
    less: fn(&mut Value),
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
    let stub = StubProvider::sendgrid().await;
    stub.does(row.reply.into());
    let prefix = format!("SMSP_{}", row.upstream.to_uppercase());
    let settings = Settings::server()
        .with("SMSP_PROVIDERS", row.upstream)
        .with(&format!("{prefix}_API_KEY"), "account-key")
        .with(&format!("{prefix}_BASE_URL"), &stub.url());
    let proxy = Proxy::start(further.iter().fold(settings, |all, (name, value)| all.with(name, value))).await;
    let mut mail = golden::json("mail.json");
    (row.less)(&mut mail);
    let receipt = proxy.client.send(&mail).await.expect(200);
    golden::check(&format!("{}.txt", row.kind), &stub.only_mail().normalised(row.headers, &receipt));
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

#[tokio::test]
async fn mailgun_gets_the_golden_request() {
    let (reply, id) = (Reply::mailgun_accepts(), "<20261121.1.A1B2@mg.example.com>");
    let row =
        Row { upstream: "mg", kind: "mailgun", reply, id, headers: &["authorization", "content-type"], less: whole };
    is_golden(row, &[("SMSP_MG_DOMAIN", "mg.example.com")]).await;
}

#[tokio::test]
async fn sendgrid_gets_the_golden_request() {
    let (reply, id) = (Reply::sendgrid_accepts(), "sg-message-id-1");
    let headers = &["authorization", "accept", "content-type"];
    is_golden(Row { upstream: "sg", kind: "sendgrid", reply, id, headers, less: whole }, &[]).await;
}

#[tokio::test]
async fn mandrill_gets_the_golden_request() {
    let reply = answers(r#"[{"email": "jane@example.net", "status": "sent", "_id": "mandrill-1"}]"#);
    let row =
        Row { upstream: "md", kind: "mandrill", reply, id: "mandrill-1", headers: &["content-type"], less: whole };
    is_golden(row, &[]).await;
}

#[tokio::test]
async fn postmark_gets_the_golden_request() {
    let reply = answers(r#"{"ErrorCode": 0, "Message": "OK", "MessageID": "postmark-1"}"#);
    let headers = &["x-postmark-server-token", "accept", "content-type"];
    is_golden(Row { upstream: "pm", kind: "postmark", reply, id: "postmark-1", headers, less: one_tag }, &[]).await;
}

#[tokio::test]
async fn sparkpost_gets_the_golden_request() {
    let reply = answers(
        r#"{"results": {"total_accepted_recipients": 4, "total_rejected_recipients": 0, "id": "sparkpost-1"}}"#,
    );
    let headers = &["authorization", "content-type"];
    let less = |mail: &mut Value| {
        one_tag(mail);
        no_list_unsubscribe(mail);
    };
    is_golden(Row { upstream: "sp", kind: "sparkpost", reply, id: "sparkpost-1", headers, less }, &[]).await;
}

#[tokio::test]
async fn resend_gets_the_golden_request() {
    let headers = &["authorization", "idempotency-key", "content-type"];
    let reply = answers(r#"{"id": "resend-1"}"#);
    is_golden(Row { upstream: "rs", kind: "resend", reply, id: "resend-1", headers, less: whole }, &[]).await;
}

#[tokio::test]
async fn brevo_gets_the_golden_request() {
    let reply = answers(r#"{"messageId": "<brevo-1>"}"#);
    let less = |mail: &mut Value| {
        one_answer(mail);
        no_picture(mail);
    };
    is_golden(
        Row { upstream: "bv", kind: "brevo", reply, id: "<brevo-1>", headers: &["api-key", "content-type"], less },
        &[],
    )
    .await;
}

#[tokio::test]
async fn mailjet_gets_the_golden_request() {
    let reply =
        answers(r#"{"Messages": [{"Status": "success", "To": [{"Email": "jane@example.net", "MessageID": 17}]}]}"#);
    let less = |mail: &mut Value| {
        one_answer(mail);
        one_tag(mail);
    };
    let row =
        Row { upstream: "mj", kind: "mailjet", reply, id: "17", headers: &["authorization", "content-type"], less };
    is_golden(row, &[("SMSP_MJ_API_SECRET", "account-secret")]).await;
}

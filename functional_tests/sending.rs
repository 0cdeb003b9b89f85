//! The exact request that each provider gets, compared whole with `golden/`, and the receipt for it.

use serde_json::{Value, json};

use crate::harness::stub_provider::Request;
use crate::harness::{Answer, Proxy, RefusingPort, Reply, Settings, StubProvider, golden, mails};

/// What stays the same from run to run, with its headers that matter.
fn normalised(request: &Request, headers: &[&str], receipt: &Answer, body: &str) -> String {
    let lines = headers.iter().map(|name| format!("{name}: {}\n", request.header(name).unwrap_or("(none)")));
    let id = receipt.json["id"].as_str().expect("a receipt has an id");
    let shown = format!("{}\n{}\n{body}", request.target, lines.collect::<String>());
    shown.replace(id, "{id}")
}

fn mailgun_request(request: &Request, receipt: &Answer) -> String {
    let shown = normalised(request, &["authorization", "content-type"], receipt, &request.text());
    shown.replace(&request.boundary(), "{boundary}").replace("\r\n", "\n")
}

fn sendgrid_request(request: &Request, receipt: &Answer) -> String {
    normalised(request, &["authorization", "accept", "content-type"], receipt, &pretty(request))
}

fn pretty(request: &Request) -> String {
    let pretty = serde_json::to_string_pretty(&request.json()).expect("JSON can be written");
    format!("{pretty}\n")
}

async fn before_sendgrid(sendgrid: &StubProvider) -> Proxy {
    Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await
}

/// What SendGrid got for this mail, without our id.
async fn rendered(proxy: &Proxy, sendgrid: &StubProvider, mail: &Value) -> String {
    let receipt = proxy.client.send(mail).await.expect(200);
    sendgrid_request(sendgrid.mails().last().expect("the mail has arrived"), &receipt)
}

#[tokio::test]
async fn mailgun_gets_the_golden_request() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    let receipt = proxy.client.send(&golden::json("mail.json")).await.expect(200).expect_attempts(&["mg:accepted"]);
    golden::check("mailgun.txt", &mailgun_request(&mailgun.only_mail(), &receipt));
    assert_eq!(receipt.json["provider"], "mg", "{receipt}");
    assert_eq!(receipt.json["provider_message_id"], "<20261121.1.A1B2@mg.example.com>", "{receipt}");
}

#[tokio::test]
async fn sendgrid_gets_the_golden_request() {
    let sendgrid = StubProvider::sendgrid().await;
    let proxy = before_sendgrid(&sendgrid).await;
    let receipt = proxy.client.send(&golden::json("mail.json")).await.expect(200).expect_attempts(&["sg:accepted"]);
    golden::check("sendgrid.txt", &sendgrid_request(&sendgrid.only_mail(), &receipt));
    assert_eq!(receipt.json["provider"], "sg", "{receipt}");
    assert_eq!(receipt.json["provider_message_id"], "sg-message-id-1", "{receipt}");
}

#[tokio::test]
async fn resend_gets_the_golden_request() {
    let resend = StubProvider::sendgrid().await;
    resend.answers(200, r#"{"id": "resend-id-1"}"#);
    let proxy = Proxy::start(Settings::server().resend(&resend.url())).await;
    let receipt = proxy.client.send(&golden::json("mail.json")).await.expect(200).expect_attempts(&["rs:accepted"]);
    let (request, headers) = (resend.only_mail(), ["authorization", "idempotency-key", "content-type"]);
    golden::check("resend.txt", &normalised(&request, &headers, &receipt, &pretty(&request)));
    assert_eq!(receipt.json["provider_message_id"], "resend-id-1", "{receipt}");
}

#[tokio::test]
async fn mandrill_gets_the_golden_request() {
    let mandrill = StubProvider::sendgrid().await;
    mandrill.answers(200, r#"[{"email": "jane@example.net", "status": "sent", "_id": "mandrill-id-1"}]"#);
    let proxy = Proxy::start(Settings::server().mandrill(&mandrill.url())).await;
    let receipt = proxy.client.send(&golden::json("mail.json")).await.expect(200).expect_attempts(&["md:accepted"]);
    let request = mandrill.only_mail();
    golden::check("mandrill.txt", &normalised(&request, &["content-type"], &receipt, &pretty(&request)));
    assert_eq!(receipt.json["provider_message_id"], "mandrill-id-1", "{receipt}");
}

#[tokio::test]
async fn both_shapes_of_a_request_render_the_same_mail() {
    let sendgrid = StubProvider::sendgrid().await;
    let proxy = before_sendgrid(&sendgrid).await;
    let new = json!({"from": "a@example.com", "to": "b@example.net", "subject": "s", "text": "t"});
    let original =
        json!({"fromaddress": "a@example.com", "toaddress": "b@example.net", "subject": "s", "plaintextbody": "t"});
    let first = rendered(&proxy, &sendgrid, &new).await;
    assert_eq!(first, rendered(&proxy, &sendgrid, &original).await);
}

#[tokio::test]
async fn an_empty_body_is_sent_as_one_line_break() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let (first, second) = (Proxy::before(&mailgun).await, before_sendgrid(&sendgrid).await);
    for mail in [mails::without("text"), mails::but("text", json!(""))] {
        first.client.send(&mail).await.expect(200);
        second.client.send(&mail).await.expect(200);
    }
    for request in mailgun.mails() {
        assert_eq!(request.parts("text"), ["\n"], "{request}");
    }
    for request in sendgrid.mails() {
        assert_eq!(request.json()["content"], json!([{"type": "text/plain", "value": "\n"}]), "{request}");
    }
}

#[tokio::test]
async fn html_alone_is_sent_alone() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let (first, second) = (Proxy::before(&mailgun).await, before_sendgrid(&sendgrid).await);
    let mut mail = mails::without("text");
    mail["html"] = json!("<b>h</b>");
    first.client.send(&mail).await.expect(200);
    second.client.send(&mail).await.expect(200);
    let request = mailgun.only_mail();
    assert_eq!((request.parts("html"), request.parts("text")), (vec!["<b>h</b>".to_owned()], vec![]), "{request}");
    assert_eq!(sendgrid.only_mail().json()["content"], json!([{"type": "text/html", "value": "<b>h</b>"}]));
}

#[tokio::test]
async fn a_doubled_address_is_sent_once_to_before_cc_before_bcc() {
    let sendgrid = StubProvider::sendgrid().await;
    let proxy = before_sendgrid(&sendgrid).await;
    let mut mail = mails::but("to", json!("a@example.net; Ann <A@Example.net>, b@example.net"));
    mail["cc"] = json!(["a@example.net", "c@example.net"]);
    mail["bcc"] = json!(["c@example.net", "b@example.net", "d@example.net"]);
    proxy.client.send(&mail).await.expect(200);
    let request = sendgrid.only_mail().json();
    let all = &request["personalizations"][0];
    assert_eq!(all["to"], json!([{"email": "a@example.net"}, {"email": "b@example.net"}]), "{request:#}");
    assert_eq!(all["cc"], json!([{"email": "c@example.net"}]), "{request:#}");
    assert_eq!(all["bcc"], json!([{"email": "d@example.net"}]), "{request:#}");
}

#[tokio::test]
async fn the_bodies_of_a_mail_go_through_untouched() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let (first, second) = (Proxy::before(&mailgun).await, before_sendgrid(&sendgrid).await);
    let text = "line\r\nline\n\n--x\t{{name}} %recipient% ünï 😀 \\u0000 \"quoted\" .\r\n.\r\n";
    let mail = mails::but("text", json!(text));
    first.client.send(&mail).await.expect(200);
    second.client.send(&mail).await.expect(200);
    assert_eq!(mailgun.only_mail().parts("text"), [text]);
    assert_eq!(sendgrid.only_mail().json()["content"][0]["value"], text);
}

#[tokio::test]
async fn an_accepting_status_without_an_id_is_accepted() {
    let sendgrid = StubProvider::sendgrid().await;
    let proxy = before_sendgrid(&sendgrid).await;
    sendgrid.does(Reply::new(202, "").into());
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.json["provider_message_id"], Value::Null, "{receipt}");
}

#[tokio::test]
async fn proxy_variables_of_the_environment_are_not_obeyed() {
    let (mailgun, nobody) = (StubProvider::mailgun().await, RefusingPort::reserve());
    let variables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let settings = Settings::server().mailgun(&mailgun.url());
    let proxy = Proxy::start(variables.iter().fold(settings, |s, name| s.with(name, &nobody.url()))).await;
    proxy.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn a_key_from_a_file_reaches_the_provider() {
    let mailgun = StubProvider::mailgun().await;
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), "key\n").expect("a temporary file can be written");
    let settings = Settings::server().mailgun(&mailgun.url()).without("SMSP_MG_API_KEY");
    let proxy = Proxy::start(settings.with("SMSP_MG_API_KEY_FILE", &file.path().display().to_string())).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let base64_of_api_colon_key = "Basic YXBpOmtleQ==";
    assert_eq!(mailgun.only_mail().header("authorization"), Some(base64_of_api_colon_key));
}

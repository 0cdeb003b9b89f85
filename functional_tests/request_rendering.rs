//! What providers get of special mails: both shapes, empty bodies, duplicate addresses, text that goes through untouched.

use serde_json::{Value, json};

use crate::harness::stub_provider::Request;
use crate::harness::{Answer, Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

fn sendgrid_request(request: &Request, receipt: &Answer) -> String {
    request.normalised(&["authorization", "accept", "content-type"], receipt)
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
async fn both_shapes_of_a_request_render_the_same_mail() {
    let sendgrid = StubProvider::sendgrid().await;
    let proxy = before_sendgrid(&sendgrid).await;
    let new = json!({"from": "a@example.com", "to": "b@example.net", "subject": "s", "text": "t"});
    let original =
        json!({"fromaddress": "a@example.com", "toaddress": "b@example.net", "subject": "s", "plaintextbody": "t"});
    let first = rendered(&proxy, &sendgrid, &new).await;
    assert_eq!(first, rendered(&proxy, &sendgrid, &original).await);
}

/// RFC 9110, section 12.5.3: without this header a provider may compress its answer, which we do not read.
#[tokio::test]
async fn a_provider_is_asked_not_to_compress_its_answer() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    Proxy::before(&mailgun).await.client.send(&mails::plain()).await.expect(200);
    before_sendgrid(&sendgrid).await.client.send(&mails::plain()).await.expect(200);
    for request in [mailgun.only_mail(), sendgrid.only_mail()] {
        assert_eq!(request.header("accept-encoding"), Some("identity"), "{request}");
    }
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
async fn a_duplicate_address_is_sent_once_to_before_cc_before_bcc() {
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

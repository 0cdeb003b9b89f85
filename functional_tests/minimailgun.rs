//! `SMSP_SHAPES=minimailgun` on the built binary: a client of Mini-MailGun sends, and asks where its mail is, as it always did.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::outbox::{Store, pause};
use crate::harness::wait::{eventually, when};
use crate::harness::{Answer, Behaviour, Proxy, Settings, StubProvider, run};

const APP: &str = "app-key-0001";
const SHOP: &str = "shop-key-0001";

struct Node {
    proxy: Proxy,
    provider: StubProvider,
    _directory: tempfile::TempDir,
}

impl Node {
    /// Before an account of Mandrill, which can take a mail for some recipients alone.
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let provider = StubProvider::sendgrid().await;
        provider.is_lenient();
        let settings = Settings::server().mandrill(&provider.url()).without("SMSP_API_KEY");
        let settings = settings.with("SMSP_API_KEYS", &format!("app:{APP},shop:{SHOP}"));
        let settings = Store::sqlite(directory.path()).under(settings).with("SMSP_SHAPES", "minimailgun");
        Self { proxy: Proxy::start(settings).await, provider, _directory: directory }
    }

    /// As a client of Mini-MailGun calls: its secret stands in the body, and no other header than the type is there.
    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.proxy.client.post_bare(path, body, &[]).await
    }

    /// The provider does this with the recipients of the mail that is queued now.
    async fn queued(&self, said: &[(&str, &str)]) -> Value {
        let said: Vec<_> =
            said.iter().map(|(email, status)| json!({"email": email, "status": status, "_id": "1"})).collect();
        self.provider.answers(200, &json!(said).to_string());
        let recipients: Vec<_> = said.iter().map(|one| one["email"].clone()).collect();
        let answer = self.post("/send", &mail(&recipients)).await.expect(200);
        assert_eq!(answer.at("/result"), "queued", "{answer}");
        answer.at("/submission_id").clone()
    }

    async fn status(&self, client: &str, id: &Value) -> Answer {
        self.post("/status", &json!({"client_id": client, "submission_id": id})).await.expect(200)
    }

    async fn becomes(&self, id: &Value, status: &str) {
        let expected = json!({"result": "success", "status": status});
        eventually(&format!("the mail is {status}"), async || {
            let answer = self.status(APP, id).await;
            when(answer.json == expected, || format!("{answer}\n{}", self.proxy.process.evidence()))
        })
        .await;
    }
}

fn mail(recipients: &[Value]) -> Value {
    json!({"client_id": APP, "sender": "me@example.com", "recipients": recipients, "subject": "end-to-end test",
        "body": "the body of\n the message\n"})
}

#[tokio::test]
async fn a_mail_is_queued_then_sent_once_to_all_recipients() {
    let node = Node::start().await;
    pause(&node.proxy, true).await;
    let id = node.queued(&[("a@a.com", "sent"), ("b@b.com", "sent")]).await;
    let digits = id.as_str().expect("a text");
    assert!(digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
    node.becomes(&id, "queued").await;
    pause(&node.proxy, false).await;
    node.becomes(&id, "sent").await;
    let sent = node.provider.only_mail();
    let message = &sent.json()["message"];
    let to: Vec<_> = message["to"].as_array().expect("recipients").iter().map(|to| &to["email"]).collect();
    assert_eq!(to, [&json!("a@a.com"), &json!("b@b.com")], "{message}");
    assert_eq!(
        (&message["subject"], &message["text"]),
        (&json!("end-to-end test"), &json!("the body of\n the message\n"))
    );
    // It is a mail of the outbox as any other.
    let uuid = uuid::Uuid::parse_str(digits).expect("a UUID");
    let request = node.proxy.client.request(Method::GET, &format!("/outbox/{uuid}")).header("x-api-key", APP);
    assert_eq!(Answer::to(request).await.expect(200).at("/status"), "accepted");
}

#[tokio::test]
async fn a_mail_that_is_refused_for_one_recipient_at_least_is_undeliverable() {
    let node = Node::start().await;
    for said in [&[("a@a.com", "invalid")][..], &[("a@a.com", "sent"), ("b@b.com", "invalid")]] {
        let id = node.queued(said).await;
        node.becomes(&id, "undeliverable").await;
    }
}

#[tokio::test]
async fn a_mail_that_a_provider_may_have_is_unknown() {
    let node = Node::start().await;
    pause(&node.proxy, true).await;
    let id = node.queued(&[("a@a.com", "sent")]).await;
    node.provider.does(Behaviour::Close);
    pause(&node.proxy, false).await;
    node.becomes(&id, "unknown").await;
    assert_eq!(node.provider.mails().len(), 1);
}

#[tokio::test]
async fn a_wrong_client_is_401_and_another_clients_mail_is_unknown() {
    let node = Node::start().await;
    let id = node.queued(&[("a@a.com", "sent")]).await;
    let answer = node.status(SHOP, &id).await;
    assert_eq!(answer.json, json!({"result": "error", "message": "unknown submission id"}));
    assert_eq!(node.status(APP, &json!("d0c539ee71a649528ed59c1a0e419afa")).await.json, answer.json);
    // As the test of Mini-MailGun has it: who calls comes before what is wrong.
    let mut unknown = mail(&[]);
    unknown["client_id"] = json!("unauthenticated");
    let answer = node.post("/send", &unknown).await.expect(401);
    assert_eq!(answer.json, json!({"result": "error", "message": "Missing or invalid client_id"}));
    for line in node.proxy.logs() {
        let line = line.to_string();
        assert!(!line.contains(APP) && !line.contains("unauthenticated") && !line.contains("a.com"), "{line}");
    }
}

#[tokio::test]
async fn a_line_of_the_log_names_caller_mail_and_wrong_members_and_a_metric_has_the_path() {
    let node = Node::start().await;
    let id = node.queued(&[("a@a.com", "sent")]).await;
    node.post("/send", &mail(&[json!("secret@nowhere.example"), json!("a")])).await.expect(400);
    let uuid = uuid::Uuid::parse_str(id.as_str().expect("a text")).expect("a UUID").to_string();
    let has = async |wanted: &[(&str, &str)]| {
        eventually("the log has the line", async || {
            let lines: Vec<_> = node.proxy.logs().iter().map(Value::to_string).collect();
            let has =
                |line: &String| wanted.iter().all(|(name, value)| line.contains(&format!("\"{name}\":\"{value}\"")));
            when(lines.iter().any(has), || lines.join("\n"))
        })
        .await;
    };
    has(&[("path", "/send"), ("caller", "app"), ("id", &uuid)]).await;
    has(&[("problem", "invalid-message"), ("fields", "recipients[1]")]).await;
    let labels = |status| [("path", "/send"), ("status", status), ("caller", "app")];
    let metrics = node.proxy.client.metrics().await;
    assert_eq!(["200", "400"].map(|status| metrics.count("smsp_requests_total", &labels(status))), [1, 1]);
}

#[tokio::test]
async fn the_document_of_a_node_has_these_calls_where_they_are_on_and_else_there_are_no_such_paths() {
    let node = Node::start().await;
    let document = node.proxy.client.get("/openapi.json").await.expect(200);
    assert!(["/send", "/status"].iter().all(|path| document.json["paths"].get(path).is_some()), "{document}");
    let off = Proxy::start(Settings::mock()).await;
    let document = off.client.get("/openapi.json").await.expect(200);
    assert!(!document.text.to_lowercase().contains("minimailgun"), "{document}");
    for path in ["/send", "/status"] {
        let answer = off.client.post_bare(path, &mail(&[]), &[]).await.expect(404);
        assert_eq!(answer.at("/type"), "urn:smsp:problem:not-found", "{answer}");
    }
}

#[tokio::test]
async fn a_shape_that_is_none_and_one_without_an_outbox_are_mistakes_of_the_configuration() {
    for (shapes, problem) in
        [("mailgun", "of which there is one: minimailgun"), ("minimailgun", "set SMSP_OUTBOX=on, with SMSP_STORE")]
    {
        let output = run(&["check-config"], &Settings::mock().with("SMSP_SHAPES", shapes)).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains("SMSP_SHAPES: ") && output.stderr.contains(problem), "{output:?}");
    }
}

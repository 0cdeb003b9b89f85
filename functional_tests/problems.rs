//! Every kind of problem, compared whole with `golden/problems.txt`: the words are part of the contract.

use serde_json::{Value, json};

use crate::harness::{Answer, Behaviour, Client, Proxy, RefusingPort, Reply, Settings, StubProvider, golden, mails};

/// What stays the same from run to run.
fn shown(title: &str, answer: &Answer) -> String {
    let mut problem = answer.json.clone();
    problem["request_id"] = json!("{request_id}");
    if problem.get("id").is_some() {
        problem["id"] = json!("{id}");
    }
    if let Some(value) = problem.pointer_mut("/lookup/value") {
        *value = json!("{id}");
    }
    for attempt in problem.get_mut("attempts").and_then(Value::as_array_mut).into_iter().flatten() {
        attempt["duration_ms"] = json!("{duration}");
    }
    let wait = if answer.header("retry-after").is_some() { "retry-after: {seconds}\n" } else { "" };
    format!("# {title}\n{}\n{wait}{problem:#}\n", answer.status)
}

async fn bad_calls(client: &Client) -> String {
    let bad = json!({"from": "nobody", "to": ["a@-b.org"], "subject": "a\nb", "bogus": 1});
    [
        shown("not JSON", &client.post_raw("hello", &[]).await),
        shown("no key", &client.post_bare("/email", &Value::Null, &[]).await),
        shown("unknown path", &client.get("/nowhere").await),
        shown("wrong method", &client.get("/email").await),
        shown("too large", &client.post_raw("x".repeat(2000), &[]).await),
        shown("wrong content type", &client.post_raw("{}", &[("content-type", "text/plain")]).await),
        shown("encoded", &client.post_raw("{}", &[("content-encoding", "gzip")]).await),
        shown("four faults", &client.send(&bad).await),
    ]
    .concat()
}

/// What callers hear when both upstreams, `SendGrid` first, do this.
async fn when(title: &str, sendgrid: Behaviour, mailgun: Behaviour) -> String {
    let (first, second) = (StubProvider::sendgrid().await, StubProvider::mailgun().await);
    first.does(sendgrid);
    second.does(mailgun);
    let proxy = Proxy::start(Settings::sendgrid_then_mailgun(&first.url(), &second.url())).await;
    shown(title, &proxy.client.send(&mails::plain()).await)
}

async fn failures() -> String {
    let unverified = || Reply::sendgrid_refuses(403, "The from address does not match a verified Sender Identity.");
    let forbidden = || Reply::mailgun_refuses(401, "Forbidden");
    [
        when("rejected message", Reply::sendgrid_refuses(400, "no").into(), forbidden().into()).await,
        when("refused accounts", forbidden().into(), forbidden().into()).await,
        when("refused sender and account", unverified().into(), forbidden().into()).await,
        when("throttled", Reply::new(429, "").into(), forbidden().into()).await,
        when("unknown", Behaviour::Close, forbidden().into()).await,
    ]
    .concat()
}

async fn all_open() -> String {
    let nobody = RefusingPort::reserve();
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &nobody.url()).one_failure_opens();
    let proxy = Proxy::start(settings).await;
    let unavailable = proxy.client.send(&mails::plain()).await;
    let open = proxy.client.send(&mails::plain()).await;
    [shown("unavailable", &unavailable), shown("all circuits open", &open)].concat()
}

#[tokio::test]
async fn every_problem_is_the_golden_one() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_MAX_BODY", "1KiB")).await;
    let all = [bad_calls(&proxy.client).await, failures().await, all_open().await].concat();
    golden::check("problems.txt", &all);
}

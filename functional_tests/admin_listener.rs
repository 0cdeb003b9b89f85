//! The admin listener: alive, ready, metrics and circuits, and no mail.

use reqwest::Method;

use crate::harness::{Answer, Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn a_started_server_is_alive_and_ready() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.ops("/livez").await.expect(200);
    proxy.client.ops("/readyz").await.expect(200);
}

#[tokio::test]
async fn the_admin_listener_sends_no_mail() {
    let proxy = Proxy::start(Settings::mock()).await;
    let url = format!("http://{}/email", proxy.ops);
    let request =
        reqwest::Client::builder().no_proxy().build().expect("a client can be built").request(Method::POST, url);
    let request = request.header("x-api-key", proxy.client.key()).header("content-type", "application/json");
    Answer::to(request.body(mails::plain().to_string())).await.expect(404);
}

#[tokio::test]
async fn admin_errors_are_problems_with_the_id_of_their_request() {
    let proxy = Proxy::start(Settings::mock()).await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    for (method, path, body, status) in [
        (Method::GET, "/nowhere", "", 404),
        (Method::PUT, "/livez", "", 405),
        (Method::PUT, "/circuits/mock", "{}", 422),
        (Method::PUT, "/circuits/none", "{}", 404),
    ] {
        let request = http.request(method, format!("http://{}{path}", proxy.ops)).header("x-request-id", "mine");
        let request = request.header("content-type", "application/json").body(body);
        let response = request.send().await.expect("an answer");
        let headers = response.headers().clone();
        assert_eq!(response.status().as_u16(), status, "{path}");
        for (name, value) in [
            ("x-request-id", "mine"),
            ("x-content-type-options", "nosniff"),
            ("content-type", "application/problem+json"),
        ] {
            assert_eq!(headers.get(name).and_then(|value| value.to_str().ok()), Some(value), "{path} {headers:?}");
        }
        let problem: serde_json::Value = response.json().await.expect("JSON");
        assert_eq!((&problem["status"], &problem["request_id"]), (&status.into(), &"mine".into()), "{problem}");
        assert!(problem["detail"].is_string() && problem["delivery"].is_null(), "{problem}");
    }
    let metrics = proxy.client.metrics().await;
    let labels = [("path", "/circuits/{name}"), ("status", "422")];
    assert_eq!(metrics.count("smsp_requests_total", &labels), 1, "{}", metrics.page);
}

#[tokio::test]
async fn requests_are_counted_by_path_and_status() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    proxy.client.send(&mails::with_subject("fail")).await.expect(502);
    proxy.client.post_raw("not json", &[]).await.expect(400);
    proxy.client.get("/no/such/page?canary").await.expect(404);
    let metrics = proxy.client.metrics().await;
    for status in ["200", "502", "400"] {
        let labels = [("path", "/email"), ("status", status)];
        assert_eq!(metrics.count("smsp_requests_total", &labels), 1, "{status}\n{}", metrics.page);
    }
    assert_eq!(metrics.count("smsp_requests_total", &[("status", "404")]), 1, "{}", metrics.page);
    assert!(!metrics.page.contains("no/such"), "labels come from closed sets\n{}", metrics.page);
}

#[tokio::test]
async fn attempts_are_counted_and_timed_by_upstream() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url())).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    mailgun.answers(500, "");
    proxy.client.send(&mails::plain()).await.expect(504);
    let metrics = proxy.client.metrics().await;
    for outcome in ["accepted", "unknown"] {
        let labels = [("upstream", "mg"), ("outcome", outcome)];
        assert_eq!(metrics.count("smsp_attempts_total", &labels), 1, "{outcome}\n{}", metrics.page);
    }
    let count = metrics.count("smsp_attempt_duration_seconds_count", &[("upstream", "mg")]);
    assert_eq!(count, 2, "{}", metrics.page);
    for class in ["ok", "fault"] {
        let labels = [("upstream", "mg"), ("class", class)];
        assert_eq!(metrics.count("smsp_attempt_duration_seconds_count", &labels), 1, "{class}\n{}", metrics.page);
    }
    assert!(
        metrics.has("smsp_attempt_duration_seconds_bucket", &[("upstream", "mg"), ("le", "+Inf")]),
        "{}",
        metrics.page
    );
}

#[tokio::test]
async fn a_mock_provider_fails_when_told_to() {
    let proxy = Proxy::start(Settings::mock()).await;
    let answer = proxy.client.send(&mails::with_subject("fail")).await.expect_problem(502, "none", true);
    assert_eq!(answer.attempts(), ["mock:unavailable"], "{answer}");
}

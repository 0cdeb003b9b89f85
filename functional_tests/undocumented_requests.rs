//! Requests to the API that are no documented call: other spellings, methods by a header, unknown parameters. And every
//! answer has the headers that keep a browser from making more of it than it is.

use reqwest::Method;

use crate::documented_routes::{METHODS, method};
use crate::harness::raw::Raw;
use crate::harness::{Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn openapi_document_and_ui_allow_get_only() {
    let proxy = Proxy::start(Settings::mock()).await;
    for path in ["/openapi.json", "/swagger.json", "/swagger-ui/", "/swagger-ui/index.css"] {
        for name in METHODS {
            let answer = proxy.client.call(method(name), path).await;
            let expected = if ["GET", "HEAD"].contains(&name) { 200 } else { 405 };
            assert_eq!(answer.status, expected, "{name} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn other_spellings_of_a_path_are_404() {
    let proxy = Proxy::start(Settings::mock()).await;
    let spellings =
        ["/", "/email/", "//email", "/email%2f", "/%65mail", "/EMAIL", "/email/x", "/healthcheck/", "/healthcheck;x"];
    for path in spellings {
        for name in METHODS {
            let answer = proxy.client.call(method(name), path).await;
            assert_eq!(answer.status, 404, "{name} {path}: {answer}");
        }
    }
    let mut raw = Raw::connect(proxy.api).await;
    raw.write("CONNECT a.example:80 HTTP/1.1\r\nhost: a.example:80\r\nconnection: close\r\n\r\n").await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
}

#[tokio::test]
async fn method_override_headers_are_ignored() {
    let proxy = Proxy::start(Settings::mock()).await;
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let request = proxy.client.request(Method::GET, "/email?_method=POST").header(header, "POST");
        assert_eq!(request.send().await.expect("an answer").status(), 405, "{header}");
    }
}

#[tokio::test]
async fn a_query_name_that_is_not_documented_is_400_and_nothing_is_sent() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    let (mail, key) = (mails::plain(), proxy.client.key().to_owned());
    let headers = [("x-api-key", key.as_str())];
    for (query, name) in [
        ("dry-run=true", "dry-run"),
        ("dry_run", "dry_run"),
        ("&a=1&a=2", "a"),
        ("=1", "query"),
        ("%0d%0aX:%20y=1", "%0d%0aX:%20y"),
    ] {
        let answer = proxy.client.post_bare(&format!("/email?{query}"), &mail, &headers).await;
        let answer = answer.expect_problem(400, "none", false);
        assert_eq!(answer.at("/type"), "urn:smsp:problem:malformed", "{query}: {answer}");
        assert_eq!(answer.at("/errors/0/field"), name, "{query}: {answer}");
        let reason = answer.at("/errors/0/reason").as_str().unwrap_or_default();
        assert!(reason.starts_with("is not a parameter of this call"), "{query}: {answer}");
    }
    assert_eq!(mailgun.connections(), 0, "nothing is sent");
    for query in ["", "&"] {
        proxy.client.post_bare(&format!("/email?{query}"), &mail, &headers).await.expect(200);
    }
    proxy.client.get("/healthcheck?x=1").await.expect(200);
}

#[tokio::test]
async fn every_answer_has_the_browser_hardening_headers() {
    let proxy = Proxy::start(Settings::mock()).await;
    for path in ["/healthcheck", "/email", "/nowhere", "/openapi.json", "/swagger-ui/", "/swagger-ui/index.css"] {
        let answer = proxy.client.get(path).await;
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path}: {answer}"));
        let page = path.starts_with("/swagger-ui");
        assert!(policy.contains(if page { "default-src 'self'" } else { "default-src 'none'" }), "{path}: {answer}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {answer}");
        for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
            assert_eq!(answer.header(name), Some(value), "{path}: {answer}");
        }
        assert_eq!(answer.header("cache-control"), (!page).then_some("no-store"), "{path}: {answer}");
    }
}

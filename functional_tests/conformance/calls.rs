//! Calls that are not well formed: wrong content type, wrong method, unknown path; one form of answer for all.

use reqwest::Method;

use crate::harness::{Answer, Target, mails};

#[tokio::test]
async fn any_other_content_type_is_415() {
    let target = Target::shared().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", ""] {
        let answer = target.client.post_raw(mails::plain().to_string(), &[("content-type", kind)]).await;
        answer.expect_problem(415, "none", false);
    }
}

#[tokio::test]
async fn a_missing_content_type_is_415() {
    let target = Target::shared().await;
    let request = target.client.request(Method::POST, "/email").header("x-api-key", target.client.key());
    let answer = Answer::to(request.body(mails::plain().to_string())).await;
    answer.expect_problem(415, "none", false);
}

#[tokio::test]
async fn json_with_a_charset_is_json() {
    let target = Target::shared().await;
    let headers = [("content-type", "application/json; charset=utf-8")];
    target.client.post_raw(mails::plain().to_string(), &headers).await.expect(200);
}

#[tokio::test]
async fn an_encoded_body_is_415() {
    let target = Target::shared().await;
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let answer = target.client.post_raw(mails::plain().to_string(), &[("content-encoding", encoding)]).await;
        answer.expect_problem(415, "none", false);
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_is_allowed() {
    let target = Target::shared().await;
    let rows = [
        (Method::GET, "/email", "POST"),
        (Method::PUT, "/email", "POST"),
        (Method::DELETE, "/email", "POST"),
        (Method::TRACE, "/email", "POST"),
        (Method::POST, "/healthcheck", "GET"),
    ];
    for (method, path, allowed) in rows {
        let answer = target.client.call(method, path).await.expect_problem(405, "none", false);
        assert!(answer.header("allow").is_some_and(|allow| allow.contains(allowed)), "{answer}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let target = Target::shared().await;
    for path in ["/", "/nowhere", "/email/", "/EMAIL", "/email%2f", "//email"] {
        target.client.get(path).await.expect_problem(404, "none", false);
        target.client.call(Method::POST, path).await.expect_problem(404, "none", false);
    }
}

#[tokio::test]
async fn admin_paths_are_not_on_the_api_listener() {
    let target = Target::shared().await;
    for path in ["/metrics", "/circuits", "/circuits/mock", "/livez", "/readyz"] {
        target.client.get(path).await.expect_problem(404, "none", false);
    }
}

//! What every request passes, without a connection: refusals by the head, panics, ids, headers, counts.

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::Value;

use super::super::problem::Problem;
use super::super::rules::OtherForm;
use super::*;

const RULES: Rules = Rules {
    larger_body: None,
    max_body: 10,
    monitored: &["/alive"],
    sheds_over_capacity: true,
    fields: [&[], &[]],
    write: |refusal| Problem::from(refusal).into_response(),
    other_form: Some(OtherForm { paths: &["/other"], write: |_| (StatusCode::IM_A_TEAPOT, "no").into_response() }),
};

async fn panics() -> &'static str {
    if true {
        panic!("a@b.org")
    }
    ""
}

fn service() -> (Service, Arc<Metrics>) {
    let metrics = Arc::<Metrics>::default();
    let named = || async { RequestContext::with(|context| context.set_caller("billing".into())).map_or("", |()| "ok") };
    let router = Router::new().route("/alive", get(async || "ok")).route("/named/{id}", get(named));
    let router = router.route("/other", get(async || "ok"));
    let patterns = ["/alive", "/named/{id}", "/panics", "/other"];
    (Service::new(router.route("/panics", get(panics)), patterns, RULES, Arc::clone(&metrics)), metrics)
}

async fn answer(service: &Service, request: Request, over_capacity: bool) -> Response {
    service.answer(request, SocketAddr::from(([127, 0, 0, 1], 1)), over_capacity).await
}

/// The status, the id in the header, and the problem.
async fn problem(request: Request, over_capacity: bool) -> (u16, String, Value) {
    let response = answer(&service().0, request, over_capacity).await;
    let (status, id) = (response.status().as_u16(), response.headers()["x-request-id"].to_str().unwrap().to_owned());
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, id, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_panic_is_the_problem_of_one_request_and_its_text_is_not_in_the_answer() {
    let (status, _, problem) = problem(Request::get("/panics").body(Body::empty()).unwrap(), false).await;
    assert_eq!((status, &problem["type"]), (500, &"urn:smsp:problem:internal-error".into()), "{problem}");
    assert!(!problem.to_string().contains("a@b.org"), "{problem}");
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_the_id_of_its_request() {
    let get = |path: &str| Request::get(path).header("x-request-id", "mine");
    for (request, expected) in [
        (get("/nowhere"), 404),
        (get("/alive").method(Method::PUT), 405),
        (get("/alive").header(CONTENT_LENGTH, "11"), 413),
        (get("/alive").header(CONTENT_ENCODING, "gzip"), 415),
    ] {
        let (status, id, problem) = problem(request.body(Body::empty()).unwrap(), false).await;
        assert_eq!((status, &*id), (expected, "mine"), "{problem}");
        let members = (&problem["status"], &problem["request_id"]);
        assert_eq!(members, (&expected.into(), &"mine".into()), "{problem}");
    }
}

#[tokio::test]
async fn over_capacity_only_monitored_paths_are_served() {
    let request = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let (service, metrics) = service();
    assert_eq!(answer(&service, request("/alive"), true).await.status(), StatusCode::OK);
    let shed = answer(&service, request("/named/1"), true).await;
    assert!(shed.status() == StatusCode::SERVICE_UNAVAILABLE && shed.headers().contains_key("retry-after"));
    assert_eq!(answer(&service, request("/named/1"), false).await.status(), StatusCode::OK);
    assert!(metrics.render().contains("smsp_shed_total{reason=\"connections\"} 1"), "{}", metrics.render());
}

/// What is shed is a failed call of its route.
#[tokio::test]
async fn a_request_that_is_refused_by_its_head_is_counted_at_its_route() {
    let (service, metrics) = service();
    for (path, over_capacity) in [("/panics", true), ("/panics", false), ("/named/1", true)] {
        let request = Request::get(path).header(CONTENT_LENGTH, "11").body(Body::empty()).unwrap();
        answer(&service, request, over_capacity).await;
    }
    for line in [
        "smsp_requests_total{path=\"/panics\",status=\"503\",caller=\"\"} 1",
        "smsp_requests_total{path=\"/panics\",status=\"413\",caller=\"\"} 1",
        "smsp_requests_total{path=\"other\",status=\"503\",caller=\"\"} 1",
    ] {
        assert!(metrics.render().contains(line), "{line} is not in\n{}", metrics.render());
    }
}

#[tokio::test]
async fn an_answer_is_counted_and_timed_by_route_and_says_nothing_a_browser_could_use() {
    let (service, metrics) = service();
    let response = answer(&service, Request::get("/named/7").body(Body::empty()).unwrap(), false).await;
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    for line in [
        "smsp_requests_total{path=\"/named/{id}\",status=\"200\",caller=\"billing\"} 1",
        "smsp_request_duration_seconds_count{path=\"/named/{id}\",status_class=\"2xx\"} 1",
    ] {
        assert!(metrics.render().contains(line), "{line} is not in\n{}", metrics.render());
    }
}

#[tokio::test]
async fn a_path_of_another_form_has_its_refusals_in_that_form_and_no_other_path_has() {
    let service = service().0;
    let refused = async |request: Request| answer(&service, request, false).await.status().as_u16();
    let get = |path: &str| Request::get(path).header("content-encoding", "gzip").body(Body::empty()).unwrap();
    assert_eq!((refused(get("/other")).await, refused(get("/alive")).await), (418, 415));
    let post = |path: &str| Request::post(path).body(Body::empty()).unwrap();
    assert_eq!((refused(post("/other")).await, refused(post("/alive")).await), (418, 405));
    assert_eq!(refused(post("/nowhere")).await, 404);
}

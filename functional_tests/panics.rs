//! A panic is the problem of one request: its answer is truthful, it is counted, told by its place alone, and everything
//! else goes on. The mock panics where the subject asks for it.

use futures_util::future::join_all;

use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, eventually, mails};

#[tokio::test]
async fn a_panic_ends_one_request_and_nothing_else() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_MAX_IN_FLIGHT", "3")).await;
    let (panics, sound) = (mails::with_subject("panic"), mails::plain());
    for _ in 0..4 {
        let answers = join_all([&panics, &sound, &sound].map(|mail| proxy.client.send(mail))).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [500, 200, 200], "{answers:#?}");
    }
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_panics_total", &[]), 4, "{}", metrics.page);
    assert_eq!(metrics.count("smsp_unknown_total", &[]), 4, "{}", metrics.page);
    assert_eq!(metrics.count("smsp_in_flight", &[]), 0, "places are given back: {}", metrics.page);
    assert_eq!(proxy.client.state("mock").await, "closed");
    // What it has logged may not be read yet.
    let told = eventually("each panic is logged", async || {
        let told: Vec<_> = proxy.logs().into_iter().filter(|event| event["message"] == "panic").collect();
        when(told.len() == 4, || format!("{told:#?}")).map(|()| told)
    })
    .await;
    assert!(told.iter().all(|event| event["location"].is_string()), "{told:#?}");
    assert!(!format!("{told:?}").contains("as the subject asked"), "{told:#?}");
}

#[tokio::test]
async fn panic_is_answered_500_unknown() {
    let proxy = Proxy::start(Settings::mock()).await;
    let answer = proxy.client.send(&mails::with_subject("panic")).await.expect_problem(500, "unknown", false);
    assert_eq!(answer.attempts(), ["mock:unknown"], "{answer}");
    assert_eq!(answer.reasons(), ["panic"], "{answer}");
}

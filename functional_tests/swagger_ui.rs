//! What a developer does first: open the Swagger UI, authorize, try it out, see the receipt. In a real browser.

use std::path::Path;

use crate::harness::browser::Browser;
use crate::harness::settings::API_KEY;
use crate::harness::{Proxy, Settings, skip};

#[tokio::test]
async fn a_developer_authorizes_and_sends_a_mail_from_the_browser() {
    let Some(browser) = Browser::start().await else {
        return skip("chromium and chromedriver are not here: Swagger UI in a browser");
    };
    let proxy = Proxy::start(Settings::mock()).await;
    browser.open(&format!("http://{}/swagger-ui/", proxy.api)).await;

    browser.click(".btn.authorize").await;
    browser.type_into(".auth-container input", API_KEY).await;
    browser.click(".auth-btn-wrapper .authorize").await;
    browser.click(".auth-btn-wrapper .btn-done").await;
    browser.click("#operations-email-sendEmail .opblock-summary-control").await;
    browser.click("#operations-email-sendEmail .try-out__btn").await;
    browser.click("#operations-email-sendEmail .execute").await;

    let answer = "#operations-email-sendEmail .live-responses-table";
    let status = browser.text(&format!("{answer} tbody .response-col_status")).await;
    assert!(status.starts_with("200"), "{status}");
    let receipt = browser.text(&format!("{answer} .highlight-code")).await;
    assert!(receipt.contains("\"provider\": \"mock\""), "{receipt}");
    browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("swagger-ui.png")).await;
    assert_eq!(browser.console_errors().await, [0; 0], "errors in the console");
    only_from_our_port(&browser, &proxy).await;
}

#[tokio::test]
async fn a_developer_sees_a_true_example_of_every_answer() {
    let Some(browser) = Browser::start().await else {
        return skip("chromium and chromedriver are not here: Swagger UI in a browser");
    };
    let proxy = Proxy::start(Settings::mock()).await;
    browser.open(&format!("http://{}/swagger-ui/", proxy.api)).await;
    browser.click("#operations-email-sendEmail .opblock-summary-control").await;
    let answer = |status: u16| format!("#operations-email-sendEmail tr.response[data-code='{status}']");
    for (status, delivery) in [(200, "accepted"), (422, "none"), (502, "none"), (503, "none"), (504, "unknown")] {
        let example = browser.text(&format!("{} .highlight-code", answer(status))).await;
        assert!(example.contains(&format!("\"delivery\": \"{delivery}\"")), "{status}: {example}");
        assert!(status == 200 || example.contains(&format!("\"status\": {status}")), "{status}: {example}");
    }
    let refusals = browser.text(&format!("{} .examples-select", answer(422))).await;
    assert!(
        ["Four invalid fields", "A provider refused the message"].iter().all(|title| refusals.contains(title)),
        "{refusals}"
    );
}

/// It works without the internet: nothing was asked of another server.
async fn only_from_our_port(browser: &Browser, proxy: &Proxy) {
    let names = "return performance.getEntriesByType('resource').map(entry => entry.name)";
    let loaded = browser.evaluate(names).await;
    let loaded: Vec<_> = loaded.as_array().expect("a list").iter().filter_map(|name| name.as_str()).collect();
    assert!(loaded.len() > 3, "{loaded:?}");
    let ours = format!("http://{}/", proxy.api);
    let elsewhere: Vec<_> =
        loaded.iter().filter(|name| !name.starts_with(&ours) && !name.starts_with("data:")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

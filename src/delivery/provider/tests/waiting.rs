//! How long a provider asks us to wait.

use std::time::Duration;

use super::over_http;
use super::stub::{answer, verdict};

#[tokio::test]
async fn a_wait_that_a_provider_names_is_kept_within_reason() {
    for (headers, seconds) in [
        ("Retry-After: 7\r\n", Some(7)),
        ("Retry-After: 0\r\n", Some(1)),
        ("Retry-After: 999999\r\n", Some(3600)),
        ("", None),
    ] {
        for kind in over_http() {
            let verdict = verdict(kind.name, answer(429, headers, "")).await;
            assert_eq!(verdict.retry_after, seconds.map(Duration::from_secs), "{}: {headers}", kind.name);
        }
    }
}

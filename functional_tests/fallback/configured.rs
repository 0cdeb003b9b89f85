//! What does not go together with the fallback is refused before a start.

use super::*;
use crate::harness::run;

async fn check(settings: &Settings) -> (Option<i32>, String) {
    let output = run(&["check-config"], settings).await;
    (output.code, format!("{}{}", output.stdout, output.stderr))
}

#[tokio::test]
async fn the_fallback_needs_the_outbox_and_a_node_that_stays() {
    let database = Database::sqlite();
    let good = database.under(Settings::mock()).with("SMSP_OUTBOX_FALLBACK", "true");
    let (code, text) = check(&good).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("SMSP_OUTBOX_FALLBACK=true"), "{text}");
    let (code, text) = check(&good.clone().with("SMSP_OUTBOX", "off")).await;
    assert!(code != Some(0) && text.contains("SMSP_OUTBOX_FALLBACK: needs the outbox: set SMSP_OUTBOX=on"), "{text}");
    let (code, text) = check(&good.clone().with("SMSP_ALL_OPEN", "exit")).await;
    assert!(code != Some(0) && text.contains("SMSP_ALL_OPEN: is exit, but SMSP_OUTBOX_FALLBACK"), "{text}");
    for (name, value) in [("SMSP_ALL_OPEN", "unhealthy"), ("SMSP_OUTBOX_ATTEMPTS", "1")] {
        let (code, text) = check(&good.clone().with(name, value)).await;
        assert!(code == Some(0) && text.contains(&format!("{name}: is {value}, so")), "{text}");
    }
    let (code, text) = check(&good.with("SMSP_OUTBOX", "off").with("SMSP_ALL_OPEN", "exit")).await;
    assert!(code != Some(0) && text.contains("SMSP_OUTBOX_FALLBACK: needs the outbox"), "{text}");
}

#[tokio::test]
async fn the_time_of_the_store_counts_where_the_drain_is_compared_with_the_longest_request() {
    let database = Database::sqlite();
    let settings = Settings::mock().with("SMSP_MAX_BODY", "1MiB").with("SMSP_DRAIN_DEADLINE", "20s");
    let warns = async |settings: &Settings| check(settings).await.1.contains("SMSP_DRAIN_DEADLINE: is 20s");
    assert!(!warns(&settings).await);
    assert!(warns(&database.under(settings)).await);
}

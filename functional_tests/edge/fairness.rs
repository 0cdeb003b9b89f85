//! L-fair: a caller at ten times its quota is held to it, and another caller notices nothing.

use std::time::Duration;

use super::counting_provider::CountingProvider;
use super::load::Load;
use super::load_results::LoadResults;
use crate::harness::{Proxy, Settings, report};

const FLOODER: &str = "functional-tests-key-of-a-flooder";
const MODEST: &str = "functional-tests-key-of-a-modest-caller";
/// Mails a second: what the flooder may send, what it sends, what the other sends.
const QUOTA: u32 = 50;
const FLOOD: u32 = 500;
const FEW: u32 = 20;
/// What a node can do is less than the flood: so many at once, each so long. It has room for a second's quota at once.
const PLACES: &str = "64";
const WORK: Duration = Duration::from_millis(200);
const FLOODED: Duration = Duration::from_secs(20);
/// A quota may be used up at once after a pause.
const BURST: u32 = 2 * QUOTA;

fn settings(provider: &CountingProvider) -> Settings {
    let keys = format!("flooder:{FLOODER},modest:{MODEST}");
    provider.settings().without("SMSP_API_KEY").with("SMSP_API_KEYS", &keys).with("SMSP_MAX_IN_FLIGHT", PLACES)
}

/// Both at once: the flooder's results, and the other's.
async fn flood(proxy: &Proxy, time: Duration) -> [LoadResults; 2] {
    let (flooder, modest) = (Load::on(proxy.api).with_key(FLOODER), modest(proxy));
    let (flooder, modest) = tokio::join!(flooder.during(time, FLOOD), modest.during(time, FEW));
    [flooder, modest]
}

fn modest(proxy: &Proxy) -> Load {
    Load::on(proxy.api).with_key(MODEST).from(1_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn flooding_caller_is_held_to_its_rate_and_others_are_unaffected() {
    let provider = CountingProvider::start(WORK);
    let proxy = Proxy::start(settings(&provider).with("SMSP_CALLER_FLOODER_RATE", &format!("{QUOTA}/s"))).await;
    let alone = modest(&proxy).from(2_000_000).during(FLOODED / 2, FEW).await;
    let [flooder, modest] = flood(&proxy, FLOODED).await;
    let served = flooder.of_status(200).count();
    for refused in flooder.sent.iter().filter(|sent| sent.answer.status != 200) {
        assert_eq!((refused.answer.status, refused.delivery()), (429, Some("none")), "{}", refused.answer);
        assert!(refused.answer.retry_after() >= 1, "{}", refused.answer);
    }
    let sent = flooder.sent.len();
    let figures = format!("{FLOOD}/s of one key, {served} of {sent} served (quota {QUOTA}/s); of the other key");
    report("L-fair", &format!("{figures} {}", modest.beside(&alone)));
    let quota = QUOTA as usize * FLOODED.as_secs() as usize;
    assert!(served <= quota + BURST as usize && served >= quota * 9 / 10, "{served} served, {quota} in the quota");
    modest.expect_no_failure();
}

/// So that it is the quota that protects the other one above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn flood_without_a_rate_limit_is_noticed_by_others() {
    let provider = CountingProvider::start(WORK);
    let proxy = Proxy::start(settings(&provider)).await;
    let [_, modest] = flood(&proxy, FLOODED / 4).await;
    assert!(!modest.failures().is_empty(), "nobody noticed");
}

//! The oldest mail that waits in the store for a site: by the domains that this node has met there.

use tokio::time::{Instant, timeout_at};

use super::super::context::{Context, STORE_TIMEOUT};
use crate::runtime::unix_time::UnixTime;

/// Domains that the store is asked about at once.
const MAX_DOMAINS: usize = 256;

/// Since when the oldest mail for each of these sites is in the store, as far as their domains are remembered; nothing where
/// the store does not answer. All domains are asked about, within the time of one call.
pub(in super::super) async fn oldest_of(context: &Context, sites: &[String]) -> Vec<Option<UnixTime>> {
    let mut oldest = vec![None; sites.len()];
    let Some(delivery) = &context.parts.direct else { return oldest };
    let (met, end) = (context.closed.met_at(sites), Instant::now() + STORE_TIMEOUT);
    for some in met.chunks(MAX_DOMAINS) {
        let domains: Vec<_> = some.iter().map(|(_, domain)| *domain).collect();
        let Ok(Ok(answer)) = timeout_at(end, delivery.parts.oldest_of(&domains)).await else { break };
        for ((site, _), since) in some.iter().zip(answer) {
            oldest[*site] = [oldest[*site], since].into_iter().flatten().min();
        }
    }
    oldest
}

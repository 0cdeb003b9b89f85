//! The oldest mail that waits in the store for a site: by the domains that this node has met there.

use tokio::time::timeout;

use super::super::context::{Context, STORE_TIMEOUT};
use crate::runtime::unix_time::UnixTime;

/// Domains that the store is asked about at once.
const MAX_DOMAINS: usize = 256;

/// Since when the oldest mail for each of these sites is in the store, as far as their domains are remembered; nothing where
/// the store does not answer.
pub(in super::super) async fn oldest_of(context: &Context, sites: &[String]) -> Vec<Option<UnixTime>> {
    let mut oldest = vec![None; sites.len()];
    let Some(delivery) = &context.parts.direct else { return oldest };
    let mut met = context.closed.met_at(sites);
    met.truncate(MAX_DOMAINS);
    let domains: Vec<_> = met.iter().map(|(_, domain)| *domain).collect();
    let answer = timeout(STORE_TIMEOUT, delivery.parts.oldest_of(&domains)).await;
    for ((site, _), since) in met.into_iter().zip(answer.into_iter().flatten().flatten()) {
        oldest[site] = [oldest[site], since].into_iter().flatten().min();
    }
    oldest
}

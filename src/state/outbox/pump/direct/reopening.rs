//! Opens domains of a site that were closed because it took no mail: all of them by the order of a person, one of those that had
//! no place once there is one.

use std::time::Duration;

use tokio::time::timeout;

use super::super::context::{Context, STORE_TIMEOUT};
use super::DirectDelivery;
use crate::delivery::mx::sites::SiteKey;

/// The store has closed a domain by so much later than this node has, at most.
const LATER: Duration = Duration::from_secs(1);

/// Has the mail for this site come by at once. A domain that is not opened for want of an answer opens by itself.
pub(in super::super) async fn open_site(context: &Context, site: &str) {
    let Some(delivery) = &context.parts.direct else { return };
    for domain in context.closed.open(site) {
        let _ = timeout(STORE_TIMEOUT, delivery.parts.close_domain(&domain, Duration::ZERO)).await;
        context.wake.notify_one();
    }
}

/// Has mail come by at once that had no place at this site, if there is some. What another node has closed for longer stays
/// closed.
pub(super) async fn place_is_free(context: &Context, delivery: &DirectDelivery, site: &SiteKey) {
    if let Some((domain, left)) = context.closed.freed(site) {
        let _ = timeout(STORE_TIMEOUT, delivery.parts.open_domain(&domain, left + LATER)).await;
        context.wake.notify_one();
    }
}

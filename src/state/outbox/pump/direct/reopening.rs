//! Opens the domains of a site that were closed because it took no mail, by the order of a person.

use std::time::Duration;

use tokio::time::timeout;

use super::super::context::{Context, STORE_TIMEOUT};

/// Has the mail for this site come by at once. A domain that is not opened for want of an answer opens by itself.
pub(in super::super) async fn open_site(context: &Context, site: &str) {
    let Some(delivery) = &context.parts.direct else { return };
    for domain in context.closed.open(site) {
        let _ = timeout(STORE_TIMEOUT, delivery.parts.close_domain(&domain, Duration::ZERO)).await;
        context.wake.notify_one();
    }
}

//! A node that was started without sending from the outbox.

use super::*;
use crate::harness::outbox::pause;

on_both_stores! { a_node_that_was_started_paused_says_so_until_it_goes_on }

async fn a_node_that_was_started_paused_says_so_until_it_goes_on(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_OUTBOX_START", "paused")).await;
    let is_paused = async |expected: bool| {
        eventually("the metric says whether it is paused", async || {
            let metrics = node.proxy.client.metrics().await;
            when((metrics.gauge("smsp_outbox_paused", &[]) > 0.5) == expected, || metrics.page)
        })
        .await;
        assert_eq!(node.proxy.client.ops("/outbox").await.expect(200).at("/paused"), expected);
    };
    is_paused(true).await;
    let path = node.accepts(&mails::plain()).await;
    pause(&node.proxy, false).await;
    is_paused(false).await;
    node.until(&path, "accepted").await;
}

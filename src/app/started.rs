//! The line that says what has started: the first that an operator looks for.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use tracing::info;

use super::config::Config;
use crate::delivery::routing::rules::MX;
use crate::state::store::Location;

/// What a node is made of, in words of its settings. No key, no address of a mail, no place of a store.
pub(super) struct Started {
    upstreams: String,
    routing: String,
    rules: usize,
    failover: String,
    callers: usize,
    store: &'static str,
    outbox: &'static str,
}

impl Started {
    pub(super) fn of(config: &Config) -> Self {
        let upstreams = config.upstreams.iter().map(|upstream| format!("{}={}", upstream.name, upstream.kind));
        let upstreams = upstreams.chain(config.direct.as_ref().map(|_| MX.to_owned()));
        let callers: BTreeSet<_> = config.callers.keys.holders().map(|(name, _)| name).collect();
        Self {
            upstreams: upstreams.collect::<Vec<_>>().join(","),
            routing: in_force(config, "SMSP_ROUTING"),
            rules: config.routes.rules.iter().len(),
            failover: in_force(config, "SMSP_FAILOVER"),
            callers: callers.len(),
            store: match config.store.as_ref().map(|store| &store.location) {
                None => "none",
                Some(Location::Sqlite(_)) => "sqlite",
                Some(Location::Postgres(_)) => "postgresql",
            },
            outbox: if config.outbox.is_some() { "on" } else { "off" },
        }
    }

    /// Writes the line, once both listeners serve.
    pub(super) fn log(self, api: SocketAddr, admin: SocketAddr) {
        let Self { upstreams, routing, rules, failover, callers, store, outbox } = self;
        let version = env!("CARGO_PKG_VERSION");
        info!(version, upstreams, routing, rules, failover, callers, store, outbox, %api, %admin, "started");
    }
}

/// The value of a setting as an operator would write it.
fn in_force(config: &Config, name: &str) -> String {
    let setting = config.effective.iter().find(|setting| setting.name == name);
    setting.map(|setting| setting.value.clone()).unwrap_or_default()
}

//! The alert about direct delivery: a node reaches no recipient's server.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::Method;
use serde_json::json;

use super::watch::Watch;
use crate::harness::database::Database;
use crate::harness::mx_host::{Act, MxHost, own_address};
use crate::harness::outbox::{becomes, queued};
use crate::harness::{Proxy, Settings, admin, mails};

/// Sites that are shut: as many as the rule needs.
const SITES: usize = 5;

/// A node whose recipients' servers are all away.
pub(super) struct DirectNode {
    proxy: Proxy,
    addresses: [Ipv4Addr; SITES],
    /// It has their port, and no recipient.
    at_port: MxHost,
    _database: Database,
}

impl DirectNode {
    pub(super) async fn start() -> Self {
        let (at_port, database) = (MxHost::start().await, Database::sqlite());
        let addresses = [0; SITES].map(|_| own_address());
        let servers: Vec<_> =
            addresses.iter().enumerate().map(|(site, address)| format!("d{site}.example:{address}")).collect();
        let settings = database
            .under(Settings::server())
            .with("SMSP_PROVIDERS", "mx")
            .with("SMSP_MX_HELO", "mail.example.org")
            .with("SMSP_MX_STATIC", &servers.join(";"))
            .with("SMSP_MX_PORT", &at_port.port())
            .with("SMSP_OUTBOX_RETRY", "200ms");
        Self { proxy: Proxy::start(settings).await, addresses, at_port, _database: database }
    }

    pub(super) fn job(&self) -> (&'static str, SocketAddr) {
        ("direct", self.proxy.ops)
    }

    pub(super) async fn no_server_is_reached(&self, watch: Watch<'_>) {
        let mut ids = Vec::new();
        for site in 0..SITES {
            let mail = mails::but("to", json!(format!("x@d{site}.example")));
            ids.push(queued(&self.proxy.client, &mail).await);
        }
        watch.fires("SmspDirectDeliveryFails", ("job", "direct"), "page", async || {}).await;
        let mut servers = Vec::new();
        for address in self.addresses {
            servers.push(self.at_port.beside_at(address, |_| Act::Usual).await);
            let path = format!("/sites/{address}");
            let order = json!({"retry": true});
            admin::call(self.proxy.ops, Method::PUT, &path, &[], Some(&order)).await.expect(200);
        }
        for id in ids {
            becomes(&self.proxy.client, &id, "accepted").await;
        }
        watch.ends("SmspDirectDeliveryFails", async || {}).await;
    }
}

//! Nodes with one store that deliver to the same network: each is killed and started anew while mail is on its way.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::super::environment::kill;
use super::network::Network;
use crate::harness::database::Database;
use crate::harness::wait::when;
use crate::harness::{Client, Proxy, Settings, eventually};

/// Nodes that have shown themselves in their database.
const NODES: [&str; 2] = ["select 1 where false", "select node from smsp_node"];

/// Some nodes, all of which run.
pub(super) struct Nodes<'a> {
    network: &'a Network,
    database: Database,
    settings: Settings,
    proxies: Vec<Proxy>,
    /// What each is called in the database, if that is shared.
    names: Vec<Option<String>>,
    /// What nodes were called so far.
    known: BTreeSet<String>,
    clients: watch::Sender<Vec<Option<Client>>>,
}

impl<'a> Nodes<'a> {
    pub(super) async fn start(network: &'a Network, database: &Database, count: usize, own: &[(&str, &str)]) -> Self {
        let settings = database.under(Settings::server()).with("SMSP_PROVIDERS", "mx");
        let settings = settings.with("SMSP_MX_HELO", "mail.example.org").with("SMSP_OUTBOX_RETRY", "200ms");
        let settings = own.iter().fold(network.under(settings), |all, (name, value)| all.with(name, value));
        let (database, clients) = (database.clone(), watch::Sender::new(vec![None; count]));
        let (proxies, names, known) = (Vec::new(), vec![None; count], BTreeSet::new());
        let mut nodes = Self { network, database, settings, proxies, names, known, clients };
        for number in 0..count {
            let proxy = nodes.another().await;
            nodes.proxies.push(proxy);
            nodes.opens(number).await;
        }
        nodes
    }

    /// Those that live, from now on.
    pub(super) fn clients(&self) -> watch::Receiver<Vec<Option<Client>>> {
        self.clients.subscribe()
    }

    /// Where operators ask the first one.
    pub(super) fn client(&self) -> &Client {
        &self.proxies[0].client
    }

    pub(super) fn evidence(&self) -> String {
        self.proxies.iter().map(|proxy| proxy.process.evidence()).collect()
    }

    /// Kills one, which counts as dead at once, and starts it again.
    pub(super) async fn is_killed_and_starts_again(&mut self, number: usize) {
        self.clients.send_modify(|all| all[number] = None);
        kill(&mut self.proxies[number]).await;
        if let Some(name) = self.names[number].take() {
            let forget = format!("delete from smsp_node where node = '{name}' returning 1");
            assert_eq!(self.database.change([NODES[0], &forget]).await, 1, "{name} was there");
        }
        self.proxies[number] = self.another().await;
        self.opens(number).await;
    }

    async fn another(&self) -> Proxy {
        Proxy::of(self.network.node(&self.settings), &self.settings).await
    }

    /// Calls may come to it.
    async fn opens(&mut self, number: usize) {
        if matches!(self.database, Database::Postgres(..)) {
            let name = self.new_name().await;
            self.known.insert(name.clone());
            self.names[number] = Some(name);
        }
        let client = self.proxies[number].client.clone();
        self.clients.send_modify(|all| all[number] = Some(client));
    }

    /// That of a node which is in the database since a moment ago.
    async fn new_name(&self) -> String {
        eventually("the node says that it lives", async || {
            let all = self.database.select(NODES).await;
            let new: Vec<_> = all.iter().filter(|name| !self.known.contains(*name)).collect();
            when(new.len() == 1, || format!("{all:?}")).map(|()| new[0].clone())
        })
        .await
    }
}

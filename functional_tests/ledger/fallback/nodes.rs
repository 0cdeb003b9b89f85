//! Nodes with one store, before the same providers: each is killed and started anew while callers call.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::super::environment::{Environment, kill};
use super::super::rest::at_rest_with_mended_accounts;
use super::super::scenario::Scenario;
use super::call::Life;
use super::listeners::{Listener, Listeners};
use crate::harness::database::Database;
use crate::harness::outbox::Counts;
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually};

/// Nodes that have shown themselves in their database.
const NODES: [&str; 2] = ["select 1 where false", "select node from smsp_node"];

/// Some nodes.
pub(super) struct Nodes {
    pub(super) environment: Environment,
    /// All but the first, which is that of the environment.
    others: Vec<Proxy>,
    database: Database,
    /// What each is called in the database, if it is shared.
    names: Vec<Option<String>>,
    /// What nodes were called so far.
    known: BTreeSet<String>,
    listeners: watch::Sender<Vec<Option<Listener>>>,
}

impl Nodes {
    /// So many, which all run.
    pub(super) async fn start(scenario: &Scenario, database: &Database, count: usize) -> Self {
        let environment = Environment::start(scenario, None).await;
        let (listeners, names) = (watch::Sender::new(vec![None; count]), vec![None; count]);
        let (others, database, known) = (Vec::new(), database.clone(), BTreeSet::new());
        let mut nodes = Self { environment, others, database, names, known, listeners };
        nodes.opens(0).await;
        for number in 1..count {
            let other = nodes.environment.another_node(scenario).await;
            nodes.others.push(other);
            nodes.opens(number).await;
        }
        nodes
    }

    /// Where they listen from now on.
    pub(super) fn listeners(&self) -> Listeners {
        Listeners::new(self.listeners.subscribe())
    }

    pub(super) fn proxy(&self, number: usize) -> &Proxy {
        number.checked_sub(1).map_or(&self.environment.proxy, |other| &self.others[other])
    }

    /// The life that each is in, with its process.
    pub(super) fn all(&self) -> Vec<(Life, &Proxy)> {
        let lives = self.listeners.borrow();
        let life = |(number, listener): (usize, &Option<Listener>)| Some((listener.as_ref()?.life, self.proxy(number)));
        lives.iter().enumerate().filter_map(life).collect()
    }

    /// Kills one: calls that come afterwards go to the others. It counts as dead at once, and starts again.
    pub(super) async fn is_killed_and_starts_again(&mut self, scenario: &Scenario, number: usize) {
        let life = self.listeners.borrow()[number].map(|listener| listener.life.number).unwrap_or_default();
        self.listeners.send_modify(|all| all[number] = None);
        match number.checked_sub(1) {
            None => self.environment.dies().await,
            Some(other) => kill(&mut self.others[other]).await,
        }
        if let Some(name) = self.names[number].take() {
            let forget = format!("delete from smsp_node where node = '{name}' returning 1");
            assert_eq!(self.database.change([NODES[0], &forget]).await, 1, "{name} was there");
        }
        match number.checked_sub(1) {
            None => self.environment.starts_again(scenario).await,
            Some(other) => self.others[other] = self.environment.another_node(scenario).await,
        }
        self.open(number, life + 1).await;
    }

    /// Waits until nothing is pending.
    pub(super) async fn at_rest(&self) -> Counts {
        at_rest_with_mended_accounts(&self.proxy(0).client, &self.database).await
    }

    async fn opens(&mut self, number: usize) {
        self.open(number, 0).await;
    }

    /// Calls may come to it.
    async fn open(&mut self, number: usize, life: usize) {
        if matches!(self.database, Database::Postgres(..)) {
            let name = self.new_name().await;
            self.known.insert(name.clone());
            self.names[number] = Some(name);
        }
        let api = self.proxy(number).api;
        let listener = Listener { api, life: Life { node: number, number: life } };
        self.listeners.send_modify(|all| all[number] = Some(listener));
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

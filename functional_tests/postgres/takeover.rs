//! A node that is stopped with a mail in hand, for so long that another node takes over, and then wakes up: the mail is sent
//! once, whether it was claimed, marked or on its way.

use super::fixture::{on, store_is};
use crate::harness::cutting_proxy::{Fault, Proxy as Line};
use crate::harness::database::Database;
use crate::harness::outbox::{becomes, pause, queued};
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// What only a claim says.
const CLAIMING: &str = "fair as (";
/// What only a mark says.
const MARKING: &str = "marked as (";

/// A node with one mail, and the line to its database.
struct Stopped {
    database: Database,
    line: Line,
    node: Proxy,
    settings: Settings,
    id: String,
}

impl Stopped {
    /// Its mail waits.
    async fn before(provider: &StubProvider) -> Option<Self> {
        let database = Database::postgres().await?;
        let Database::Postgres(server, name) = &database else { return None };
        let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
        let line = Line::before(server).await;
        let node = Proxy::start(on(&line.url("127.0.0.1", name), settings.clone())).await;
        store_is(&node.client, true).await;
        pause(&node, true).await;
        // Every claim, also a small one, asks for urgent mail.
        let id = queued(&node.client, &mails::but("priority", "high".into())).await;
        Some(Self { database, line, node, settings, id })
    }

    /// The transaction that says this and brings the mail into this state, by its number, is committed; the node has not heard
    /// of it.
    async fn stops_before_it_hears_of(&self, statement: &'static str, state: &str) {
        self.line.set_for(Fault::HoldAnswer, statement);
        pause(&self.node, false).await;
        eventually("an answer is held back", async || {
            let is_held = self.line.has(Fault::Holding);
            let states = self.database.select(["", "select state from smsp_outbox"]).await;
            if is_held && states != [state] {
                // One that has found nothing goes on.
                self.line.set_for(Fault::HoldAnswer, statement);
            }
            when(is_held && states == [state], || format!("{states:?}\n{}", self.node.process.evidence()))
        })
        .await;
        self.node.process.signal("STOP");
    }

    /// The other node, once the first one counts as dead.
    async fn is_taken_over(&self) -> Proxy {
        self.database.silent_nodes_are_dead().await;
        Proxy::start(self.database.under(self.settings.clone())).await
    }

    /// Until nothing of what it had in hand is left.
    async fn wakes_up_and_ends(self) {
        self.line.set(Fault::None);
        self.node.process.signal("CONT");
        self.node.terminate();
        let output = self.node.exit(PATIENCE).await;
        assert_eq!(output.code, Some(0), "{output:?}");
    }
}

#[tokio::test]
async fn a_claimed_mail_of_a_stopped_node_is_sent_by_another_one_and_not_by_itself() {
    let provider = StubProvider::sendgrid().await;
    let Some(stopped) = Stopped::before(&provider).await else { return };
    stopped.stops_before_it_hears_of(CLAIMING, "1").await;
    let (other, id) = (stopped.is_taken_over().await, stopped.id.clone());
    becomes(&other.client, &id, "accepted").await;
    stopped.wakes_up_and_ends().await;
    assert_eq!(provider.mails().len(), 1);
}

#[tokio::test]
async fn a_marked_mail_of_a_stopped_node_is_unknown_until_that_node_has_sent_it() {
    let provider = StubProvider::sendgrid().await;
    let Some(stopped) = Stopped::before(&provider).await else { return };
    stopped.stops_before_it_hears_of(MARKING, "2").await;
    let (other, id) = (stopped.is_taken_over().await, stopped.id.clone());
    becomes(&other.client, &id, "unknown").await;
    assert_eq!(provider.mails().len(), 0);
    stopped.wakes_up_and_ends().await;
    becomes(&other.client, &id, "accepted").await;
    assert_eq!(provider.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_that_a_stopped_node_has_sent_is_unknown_until_that_node_hears_of_it() {
    let (provider, gate) = (StubProvider::sendgrid().await, Gate::shut());
    provider.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_accepts()));
    let Some(stopped) = Stopped::before(&provider).await else { return };
    pause(&stopped.node, false).await;
    provider.receives_mails(1).await;
    stopped.node.process.signal("STOP");
    let (other, id) = (stopped.is_taken_over().await, stopped.id.clone());
    becomes(&other.client, &id, "unknown").await;
    gate.open();
    stopped.wakes_up_and_ends().await;
    becomes(&other.client, &id, "accepted").await;
    assert_eq!(provider.mails().len(), 1);
}

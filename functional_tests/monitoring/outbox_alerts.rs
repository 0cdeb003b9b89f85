//! Alerts about the mail of an outbox that needs people, that is refused, that fills it or a share of it, and about its store.

use reqwest::Method;
use serde_json::json;

use super::watch::Watch;
use crate::harness::database::Database;
use crate::harness::outbox::{becomes, pause, queue, queued};
use crate::harness::wait::PATIENCE;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, admin, mails};

/// Mails that are refused: more than the rule needs.
const REFUSED: usize = 12;
/// Mails that fill an outbox of ten to more than four fifths.
const WAITING: usize = 9;

/// The nodes.
pub(super) struct OutboxNodes {
    people: Node,
    full: Node,
    share: Node,
    went_back: Node,
    /// An `unknown` mail of the first.
    unknown: String,
}

/// A node with a store of its own.
struct Node {
    proxy: Proxy,
    sg: StubProvider,
    _database: Database,
}

impl Node {
    async fn start(change: impl FnOnce(Settings) -> Settings) -> Self {
        let (sg, database) = (StubProvider::sendgrid().await, Database::sqlite());
        let settings = database.under(Settings::server().sendgrid(&sg.url()).patient_circuits());
        Self { proxy: Proxy::start(change(settings)).await, sg, _database: database }
    }

    /// With another database in the place of the one that it has used.
    async fn on_another_store() -> Self {
        let (sg, database) = (StubProvider::sendgrid().await, Database::sqlite());
        let settings = database.under(Settings::server().sendgrid(&sg.url()).patient_circuits());
        let before = Proxy::start(settings.clone()).await;
        let id = queued(&before.client, &mails::plain()).await;
        becomes(&before.client, &id, "accepted").await;
        before.terminate();
        assert_eq!(before.exit(PATIENCE).await.code, Some(0));
        let Database::Sqlite(directory) = &database else { unreachable!("it is one") };
        std::fs::remove_file(directory.path().join("smsp.db")).expect("it can be removed");
        Self { proxy: Proxy::start(settings).await, sg, _database: database }
    }
}

impl OutboxNodes {
    pub(super) async fn start() -> Self {
        let people = Node::start(|settings| settings).await;
        people.sg.does(Behaviour::Close);
        let unknown = queued(&people.proxy.client, &mails::plain()).await;
        becomes(&people.proxy.client, &unknown, "unknown").await;
        let small = |settings: Settings| {
            let small = settings.with("SMSP_OUTBOX_MAX_ROWS", "10").with("SMSP_CALLER_OUTBOX_ROWS", "10");
            small.with("SMSP_OUTBOX_FALLBACK", "true")
        };
        let (full, went_back) = (Node::start(small).await, Node::on_another_store().await);
        let share = Node::start(|settings| settings.with("SMSP_CALLER_OUTBOX_ROWS", "1")).await;
        Self { people, full, share, went_back, unknown }
    }

    pub(super) fn jobs(&self) -> [(&'static str, std::net::SocketAddr); 4] {
        let Self { people, full, share, went_back, .. } = self;
        let jobs = [("people", people), ("full", full), ("share", share), ("went_back", went_back)];
        jobs.map(|(job, node)| (job, node.proxy.ops))
    }

    pub(super) async fn mail_needs_people_and_is_refused(&self, watch: Watch<'_>) {
        let Node { proxy, sg, .. } = &self.people;
        watch.fires("SmspOutboxNeedsPeople", ("state", "unknown"), "ticket", async || {}).await;
        let (path, order) = (format!("/outbox/{}/settle", self.unknown), json!({"as": "accepted"}));
        admin::call(proxy.ops, Method::POST, &path, &[], Some(&order)).await.expect(200);
        watch.ends("SmspOutboxNeedsPeople", async || {}).await;
        sg.does(Reply::sendgrid_refuses(400, "no").into());
        for _ in 0..REFUSED {
            queued(&proxy.client, &mails::plain()).await;
        }
        watch.fires("SmspOutboxRefused", ("job", "people"), "ticket", async || {}).await;
        watch.ends("SmspOutboxRefused", async || {}).await;
    }

    pub(super) async fn it_is_nearly_full(&self, watch: Watch<'_>) {
        let Node { proxy, sg, .. } = &self.full;
        pause(proxy, true).await;
        for _ in 0..WAITING {
            queued(&proxy.client, &mails::plain()).await;
        }
        watch.fires("SmspOutboxNearlyFull", ("job", "full"), "page", async || {}).await;
        queued(&proxy.client, &mails::plain()).await;
        sg.goes_down().await;
        let send = async || drop(proxy.client.send(&mails::plain()).await.expect(502));
        watch.fires("SmspFallbackFails", ("result", "full"), "ticket", send).await;
        sg.comes_up();
        let refuse = async || queue(&proxy.client, &mails::plain()).await.expect(503);
        watch.fires("SmspOutboxFull", ("limit", "rows"), "page", async || drop(refuse().await)).await;
        pause(proxy, false).await;
        watch.ends("SmspOutboxNearlyFull", async || {}).await;
        watch.ends("SmspFallbackFails", async || {}).await;
        watch.ends("SmspOutboxFull", async || {}).await;
    }

    pub(super) async fn a_share_of_it_is_full(&self, watch: Watch<'_>) {
        let Node { proxy, .. } = &self.share;
        pause(proxy, true).await;
        queued(&proxy.client, &mails::plain()).await;
        let refuse = async || queue(&proxy.client, &mails::plain()).await.expect(503);
        watch.fires("SmspOutboxShareFull", ("limit", "callers_rows"), "ticket", async || drop(refuse().await)).await;
        pause(proxy, false).await;
        watch.ends("SmspOutboxShareFull", async || {}).await;
    }

    /// What ends it takes a stop of the node (`smsp store accept-restore`), which then has another port here.
    pub(super) async fn its_store_went_back(&self, watch: Watch<'_>) {
        watch.fires("SmspOutboxWentBack", ("job", "went_back"), "page", async || {}).await;
        assert_eq!(self.went_back.sg.mail_count(), 1, "nothing is sent from it");
    }
}

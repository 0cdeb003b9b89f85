//! Alerts on real nodes: each is brought about, fires, and ends once its cause is mended.

use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::direct_alerts::DirectNode;
use super::node::{Node, with_outbox};
use super::outbox_alerts::OutboxNodes;
use super::process_alerts::ProcessNodes;
use super::prometheus::Prometheus;
use super::rules::shortened;
use super::watch::Watch;
use crate::harness::database::Database;
use crate::harness::outbox::{becomes, pause, queued};
use crate::harness::{Behaviour, Gate, Proxy, Reply, Settings, StubProvider, mails};

/// The shortest duration of each alert. It holds several looks of Prometheus.
const SHORTEST: Duration = Duration::from_secs(1);
const KEY: &str = "key-of-billing-that-ends";

async fn nothing() {}

async fn send(proxy: &Proxy) {
    proxy.client.send(&mails::plain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_fire_on_real_nodes_and_end_with_their_cause() {
    live(SHORTEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: scripts/check --long alerts-live"]
async fn alerts_fire_on_real_nodes_and_end_with_their_cause_in_a_slower_time() {
    live(4 * SHORTEST).await;
}

async fn live(shortest: Duration) {
    let plain = |settings: Settings, _: &std::path::Path| settings;
    let fallback = Node::eager(plain).await;
    let account = Node::eager(|settings, _| settings.with("SMSP_PROVIDERS", "mg")).await;
    let refusals =
        Node::patient(|settings, _| settings.with("SMSP_PROVIDERS", "sg,mg").with("SMSP_SENDER_HOLD", "1s")).await;
    let faults = Node::patient(|settings, _| settings.with("SMSP_PROVIDERS", "mg")).await;
    let limits = Node::patient(|settings, _| settings.with("SMSP_MAX_IN_FLIGHT", "1")).await;
    let store = Node::eager(with_outbox).await;
    let late = Late::node().await;
    let keys = Keys::node().await;
    let (outbox, process) = (OutboxNodes::start().await, ProcessNodes::start(shortest > SHORTEST).await);
    let direct = DirectNode::start().await;
    let mut nodes = vec![
        ("fallback", fallback.proxy.ops),
        ("account", account.proxy.ops),
        ("refusals", refusals.proxy.ops),
        ("faults", faults.proxy.ops),
        ("limits", limits.proxy.ops),
        ("store", store.proxy.ops),
        ("late", late.proxy.ops),
        ("keys", keys.proxy.ops),
        direct.job(),
    ];
    nodes.extend(outbox.jobs().into_iter().chain(process.jobs()));
    let Some(prometheus) = Prometheus::of(&nodes, &shortened(shortest)).await else { return };
    let watch = |job| Watch { prometheus: &prometheus, job };
    futures_util::join!(
        the_fallback_carries_the_mail(watch("fallback"), &fallback),
        an_account_is_refused_and_no_upstream_is_left(watch("account"), &account),
        a_sender_is_refused_and_then_all_mail_by_an_unknown_code(watch("refusals"), &refusals),
        mails_are_unknown_and_the_error_budget_burns(watch("faults"), &faults),
        a_limit_is_reached_a_standby_rests_and_an_override_is_forgotten(watch("limits"), &limits),
        a_store_is_down_with_orders_that_it_lacks(watch("store"), &store),
        late.mail_waits_expires_or_is_dropped(watch("late")),
        keys.end_and_break(watch("keys")),
        direct.no_server_is_reached(watch("direct")),
        outbox.mail_needs_people_and_is_refused(watch("people")),
        outbox.it_is_nearly_full(watch("full")),
        outbox.a_share_of_it_is_full(watch("share")),
        outbox.its_store_went_back(watch("went_back")),
        process.lines_are_dropped(watch("log")),
        process.a_node_is_gone(watch("gone")),
        process.a_supervisor_is_silent(watch("silent")),
    );
}

async fn the_fallback_carries_the_mail(watch: Watch<'_>, node: &Node) {
    node.mg.goes_down().await;
    send(&node.proxy).await;
    // The circuit is open after one attempt, so the counter has gone from 0 to 1, and stays there.
    let first = "increase(smsp_attempts_total{job=\"$\",upstream=\"mg\",outcome=\"unavailable\"}[1m]) > 0";
    watch.sees(first, |value| value > 0.0).await;
    let alert = "SmspFallbackCarriesTheMail";
    watch.fires(alert, ("upstream", "mg"), "ticket", || send(&node.proxy)).await;
    node.mg.comes_up();
    watch.ends(alert, || send(&node.proxy)).await;
}

async fn an_account_is_refused_and_no_upstream_is_left(watch: Watch<'_>, node: &Node) {
    node.mg.does(Reply::mailgun_refuses(401, "Invalid private key").into());
    send(&node.proxy).await;
    watch.fires("SmspAccountRefused", ("upstream", "mg"), "page", nothing).await;
    watch.fires("SmspNoUpstream", ("job", "account"), "page", nothing).await;
    node.mg.does(Reply::mailgun_accepts().into());
    watch.ends("SmspAccountRefused", nothing).await;
    watch.ends("SmspNoUpstream", nothing).await;
}

async fn a_sender_is_refused_and_then_all_mail_by_an_unknown_code(watch: Watch<'_>, node: &Node) {
    node.sg.does(Reply::sendgrid_refuses_the_sender().into());
    watch.fires("SmspSenderRejected", ("upstream", "sg"), "ticket", || send(&node.proxy)).await;
    node.sg.does(Reply::sendgrid_refuses(418, "teapot").into());
    watch.fires("SmspUnlistedAnswersOnly", ("upstream", "sg"), "ticket", || send(&node.proxy)).await;
    node.sg.does(Reply::sendgrid_accepts().into());
    watch.ends("SmspUnlistedAnswersOnly", || send(&node.proxy)).await;
    watch.ends("SmspSenderRejected", || send(&node.proxy)).await;
}

async fn mails_are_unknown_and_the_error_budget_burns(watch: Watch<'_>, node: &Node) {
    for _ in 0..9 {
        node.proxy.client.send(&mails::plain()).await.expect(200);
    }
    node.mg.answers(500, "");
    node.proxy.client.send(&mails::plain()).await.expect(504);
    let class = |class| {
        format!("sum(smsp_request_duration_seconds_count{{job=\"$\",path=\"/email\",status_class=~\"{class}\"}})")
    };
    let ratio = format!("{} / {}", class("5xx"), class("2xx|5xx"));
    watch.sees(&ratio, |value| (value - 0.1).abs() < 1e-9).await;
    watch.fires("SmspUnknown", ("job", "faults"), "page", || send(&node.proxy)).await;
    watch.fires("SmspErrorBudgetBurnsFast", ("path", "/email"), "page", || send(&node.proxy)).await;
    // Its end would take the six hours of its shorter window, and there is no shorter one.
    watch.fires("SmspErrorBudgetBurnsSlow", ("path", "/email"), "ticket", || send(&node.proxy)).await;
    node.mg.does(Reply::mailgun_accepts().into());
    watch.ends("SmspUnknown", || send(&node.proxy)).await;
    watch.ends("SmspErrorBudgetBurnsFast", || send(&node.proxy)).await;
}

async fn a_limit_is_reached_a_standby_rests_and_an_override_is_forgotten(watch: Watch<'_>, node: &Node) {
    let gate = Gate::shut();
    node.mg.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let client = node.proxy.client.clone();
    let held = tokio::spawn(async move { client.send(&mails::plain()).await });
    node.mg.receives_mails(1).await;
    watch.fires("SmspSheds", ("reason", "in_flight"), "ticket", || send(&node.proxy)).await;
    gate.open();
    held.await.expect("a send does not panic").expect(200);
    watch.ends("SmspSheds", || send(&node.proxy)).await;
    watch.fires("SmspStandbyUntried", ("upstream", "sg"), "ticket", || send(&node.proxy)).await;
    node.proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    watch.fires("SmspOverrideForgotten", ("override", "open"), "ticket", || send(&node.proxy)).await;
    watch.ends("SmspStandbyUntried", || send(&node.proxy)).await;
    node.proxy.client.order("mg", &json!({"override": "auto"})).await.expect(200);
    watch.ends("SmspOverrideForgotten", nothing).await;
}

async fn a_store_is_down_with_orders_that_it_lacks(watch: Watch<'_>, node: &Node) {
    let [database, away] = ["smsp.db", "away.db"].map(|name| node.directory.path().join(name));
    fs::rename(&database, &away).expect("it can be renamed");
    watch.fires("SmspStoreDown", ("database", "sqlite"), "page", nothing).await;
    node.proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    watch.fires("SmspCircuitOrdersUnwritten", ("job", "store"), "ticket", nothing).await;
    fs::rename(&away, &database).expect("it can be renamed");
    watch.ends("SmspStoreDown", nothing).await;
    watch.ends("SmspCircuitOrdersUnwritten", nothing).await;
}

/// A node whose outbox has an `unknown` mail, and others that wait since its provider is down.
struct Late {
    proxy: Proxy,
    mg: StubProvider,
    database: Database,
}

impl Late {
    async fn node() -> Self {
        let (mg, database) = (StubProvider::mailgun().await, Database::sqlite());
        mg.answers(500, "");
        let settings = Settings::server().mailgun(&mg.url()).one_failure_opens().eager_probes().one_probe_closes();
        let proxy = Proxy::start(database.under(settings)).await;
        let unknown = queued(&proxy.client, &mails::plain()).await;
        becomes(&proxy.client, &unknown, "unknown").await;
        mg.goes_down().await;
        for _ in 0..2 {
            queued(&proxy.client, &mails::plain()).await;
        }
        Self { proxy, mg, database }
    }

    async fn mail_waits_expires_or_is_dropped(&self, watch: Watch<'_>) {
        // No time of a mail is shortened: the mails are made older.
        for older in [
            "update envelope set wanted_at = wanted_at - 2000000 where settled_at is null returning id",
            "update envelope set settled_at = settled_at - 400000000 where settled_at is not null returning id",
            "update envelope set expires_at = 1 where id = (select max(id) from envelope) returning id",
        ] {
            assert!(self.database.change([older, ""]).await >= 1, "{older}");
        }
        futures_util::join!(self.mail_waits(watch), Self::mail_ends(watch));
    }

    async fn mail_waits(&self, watch: Watch<'_>) {
        watch.fires("SmspOutboxLate", ("state", "queued"), "page", nothing).await;
        pause(&self.proxy, true).await;
        watch.fires("SmspOutboxPaused", ("job", "late"), "ticket", nothing).await;
        pause(&self.proxy, false).await;
        watch.ends("SmspOutboxPaused", nothing).await;
        self.mg.does(Reply::mailgun_accepts().into());
        self.mg.comes_up();
        watch.ends("SmspOutboxLate", nothing).await;
    }

    async fn mail_ends(watch: Watch<'_>) {
        watch.fires("SmspOutboxExpired", ("outcome", "expired"), "ticket", nothing).await;
        watch.fires("SmspOutboxDoubtDropped", ("outcome", "unknown"), "ticket", nothing).await;
        watch.ends("SmspOutboxExpired", nothing).await;
        watch.ends("SmspOutboxDoubtDropped", nothing).await;
    }
}

/// A node whose callers' keys are in a file.
struct Keys {
    proxy: Proxy,
    directory: tempfile::TempDir,
}

impl Keys {
    async fn node() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = directory.path().join("keys");
        let in_five_days = SystemTime::now() + Duration::from_secs(5 * 86400);
        let seconds = in_five_days.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
        let day = mail_parser::DateTime::from_timestamp(seconds.cast_signed()).to_rfc3339();
        write(&path, &format!("billing:{KEY};until={}\n", &day[..10]));
        let settings = Settings::mock().without("SMSP_API_KEY");
        let proxy = Proxy::start(settings.with("SMSP_API_KEYS_FILE", &path.display().to_string())).await;
        Self { proxy, directory }
    }

    async fn end_and_break(&self, watch: Watch<'_>) {
        let path = self.directory.path().join("keys");
        watch.fires("SmspKeyEnds", ("caller", "billing"), "ticket", nothing).await;
        let panics = mails::with_subject("panic").to_string();
        let answer = self.proxy.client.post_raw(panics, &[("x-api-key", KEY)]).await;
        answer.expect(500);
        watch.fires("SmspPanics", ("job", "keys"), "ticket", nothing).await;
        write(&path, "no key\n");
        watch.fires("SmspConfigIgnored", ("file", "caller_keys"), "ticket", nothing).await;
        write(&path, &format!("billing:{KEY}\n"));
        watch.ends("SmspConfigIgnored", nothing).await;
        watch.ends("SmspKeyEnds", nothing).await;
        watch.ends("SmspPanics", nothing).await;
    }
}

/// In one step, so that nobody reads a half of it.
fn write(path: &std::path::Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("it can be written");
    fs::rename(&new, path).expect("it can be renamed");
}

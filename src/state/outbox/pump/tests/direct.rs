//! Mail to the recipients' own servers, in real time: from a sealed submission in SQLite, by a name server and a mail server on
//! loopback, to the verdict on each recipient.

mod behind;
mod bounces;
mod endless;
mod ends;
mod faulty;
mod faults;
mod sites;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::super::super::{
    Acceptance, Batch, Earlier, Keeping, NewRow, Outbox, RouteSet, RulesVersion, Sealer, SqliteOutbox, Status, TABLES,
    When, Withdrawal,
};
use super::*;
use crate::delivery::mx::direct::fixture::direct;
use crate::delivery::routing::rules::Rules;
use crate::delivery::smtp_client::stub;
use crate::delivery::smtp_client::stub::Stub;
use crate::model::message::{Draft, Message};
use crate::runtime::net::name_server::{NameServer, Says, records};
use crate::state::store::{Clock, Sqlite, Start, StoreKeys};
use faulty::Faulty;
use hickory_resolver::proto::rr::RecordType;

const KEYS: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";
const HOUR: Duration = Duration::from_secs(3600);
/// Between two attempts.
const WAIT: Duration = Duration::from_millis(50);

/// What a mail server does when it hears this.
type Script = fn(usize, &str) -> Option<stub::Act>;

/// Every domain has a server, but for those that its name says otherwise of.
fn names(name: &str, kind: RecordType) -> Says {
    match (name, kind) {
        ("gone.example", _) => Says::NoSuchName,
        (name, _) if name.starts_with("lame") => Says::ServerFailure,
        ("alias.example", RecordType::MX) => records(["10 mx.one.example"]),
        ("two.example", RecordType::MX) => records(["10 mx.dead.example", "20 mx.two.example"]),
        (name, RecordType::MX) => Says::Records(vec![format!("10 mx.{name}")]),
        ("mx.dead.example", RecordType::A) => records(["127.0.0.2"]),
        (name, RecordType::A) if name.starts_with("mx.") => records(["127.0.0.1"]),
        _ => Says::NoData,
    }
}

/// Opens what a real sealer has sealed; that of the caller `panics` once, for it to be split.
struct Opening {
    sealer: Sealer,
    panics: AtomicBool,
}

impl Contents for Opening {
    fn open(&self, id: Id, caller: &CallerName, content: &SealedContent) -> Option<Submission> {
        assert!(caller.as_str() != "panics" || !self.panics.swap(true, Ordering::Relaxed), "a fault of ours");
        Contents::open(&self.sealer, id, caller, content)
    }

    fn has_key(&self, key: &KeyId) -> bool {
        self.sealer.has_key(key)
    }

    fn recipients(&self, id: Id, recipients: &SealedRecipients) -> Option<Vec<String>> {
        self.sealer.open_recipients(id, recipients)
    }

    fn domain(&self, domain: &str) -> Option<Hmac> {
        self.sealer.domain_hmac(domain)
    }
}

/// How a node is to be.
#[derive(Clone)]
struct Setup {
    /// What its upstreams do, which come before `mx`.
    upstreams: &'static [&'static [Act]],
    script: Script,
    policy: Policy,
    after: Duration,
    /// For the last reply.
    final_timeout: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        let policy = Policy { schedule: Schedule::new(WAIT, Vec::new()), ..Policy::default() };
        Self { upstreams: &[], script: |_, _| None, policy, after: HOUR, final_timeout: "10s" }
    }
}

/// A node whose mail may go to its recipients' own servers.
struct Mx {
    fixture: Fixture,
    store: Arc<SqliteOutbox>,
    parts: Arc<Faulty>,
    sealer: Sealer,
    server: Stub,
    delivery: Arc<DirectDelivery>,
    pump: Pump,
    drain: Shutdown,
    metrics: Metrics,
    bounced: Arc<Mutex<Vec<Submission>>>,
    _tasks: JoinSet<()>,
    _names: NameServer,
    _directory: tempfile::TempDir,
}

impl Setup {
    async fn start(self) -> Mx {
        let (directory, keys) = (tempfile::tempdir().unwrap(), StoreKeys::parse(KEYS).unwrap());
        let store = open(directory.path(), &keys).await;
        let (sealer, metrics) = (Sealer::new(Arc::new(keys)), Metrics::default());
        let scripts: Vec<_> = self.upstreams.iter().map(|script| (ANY, *script)).collect();
        let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts);
        fixture.dispatcher.replace_rules(Rules::default().beside_list(true));
        let (server, names) = (Stub::new(self.script).await, NameServer::start(names).await);
        let settings = [("PORT", server.port.to_string()), ("FINAL_TIMEOUT", self.final_timeout.to_owned())];
        let bounced = Arc::default();
        let parts = Arc::new(Faulty::new(Arc::clone(&store) as _));
        let delivery = Arc::new(DirectDelivery {
            direct: Arc::new(direct(&names, &settings, &metrics)),
            parts: Arc::clone(&parts) as _,
            after: self.after,
            mails: metrics.mails.clone(),
            bounces: bounces(&sealer, &bounced),
        });
        let drain = Shutdown::default();
        let pump = Pump::new(Parts {
            store: Arc::clone(&store) as _,
            contents: Arc::new(Opening { sealer: sealer.clone(), panics: AtomicBool::new(false) }),
            dispatcher: Arc::clone(&fixture.dispatcher),
            node: NodeId(crate::runtime::ids::fresh()),
            drain: drain.clone(),
            policy: self.policy,
            max_window: 16,
            paused_start: PausedStart::default(),
            direct: Some(Arc::clone(&delivery)),
            metrics: Arc::new(metrics_of(&metrics, Room { rows: 1, bytes: 1 })),
            traces: Traces::default(),
        });
        let (mut _tasks, at_work) = (JoinSet::new(), pump.clone());
        _tasks.spawn(async move { at_work.run(Arc::default()).await });
        let (_names, _directory) = (names, directory);
        Mx {
            fixture,
            store,
            parts,
            sealer,
            server,
            delivery,
            pump,
            drain,
            metrics,
            bounced,
            _tasks,
            _names,
            _directory,
        }
    }
}

fn message(to: &[&str]) -> Message {
    let to = to.iter().map(|address| address.parse().unwrap()).collect();
    let id = crate::runtime::ids::fresh().into();
    Message::new(id, "a@example.org".parse().unwrap(), Draft { to, ..Draft::default() }).unwrap()
}

/// Has each bounce that is sealed kept, beside the way that it goes; to seal one to `panics` is a fault.
fn bounces(sealer: &Sealer, sealed: &Arc<Mutex<Vec<Submission>>>) -> Bounces {
    let (sealer, kept) = (sealer.clone(), Arc::clone(sealed));
    Bounces {
        reporter: "out.example.org".to_owned(),
        address: Box::new(|caller| (caller.as_str() == "shop").then(|| "now@example.org".parse().unwrap())),
        seal: Box::new(move |submission, names| {
            assert!(!names.is_empty() && !submission.message.to()[0].address().as_str().starts_with("panics@"));
            let row = new_row(&sealer, &submission, RouteSet::new(["mx"]), RulesVersion(1));
            let caller = submission.caller.clone();
            kept.lock().unwrap().push(submission);
            Some(batch(caller, row))
        }),
    }
}

fn new_row(sealer: &Sealer, submission: &Submission, route_set: RouteSet, rules: RulesVersion) -> NewRow {
    NewRow {
        id: submission.message.id(),
        key: None,
        sealed: sealer.seal(submission).unwrap(),
        from_domain: "example.org".to_owned(),
        lane: Lane::Normal,
        route_set,
        rules,
        send: When::After(Duration::ZERO),
        expires: When::After(HOUR),
        earlier: Earlier::default(),
        bounces: submission.message.can_bounce(),
    }
}

fn batch(caller: CallerName, row: NewRow) -> Batch {
    let room = Room { rows: 1000, bytes: 1 << 30 };
    Batch { withdrawal: Withdrawal::default(), caller, rows: vec![row], atomic: true, room, callers_room: room }
}

async fn open(directory: &std::path::Path, keys: &StoreKeys) -> Arc<SqliteOutbox> {
    let (clock, metrics, restarts) = (Clock::since_start(), Arc::default(), Arc::default());
    let store = Sqlite::open(Start { directory, keys, modules: &[TABLES], clock, metrics, restarts }).unwrap();
    Arc::new(SqliteOutbox::new(Arc::new(store), Keeping { keep: HOUR, min_free: 0 }).await.unwrap())
}

impl Mx {
    async fn new(script: Script) -> Self {
        Setup { script, ..Setup::default() }.start().await
    }

    async fn send(&self, to: &[&str]) -> Id {
        self.send_for("shop", to).await
    }

    /// A mail of this caller to these recipients, which may go wherever the route of now leads.
    async fn send_for(&self, caller: &str, to: &[&str]) -> Id {
        self.accept(caller, message(to)).await
    }

    async fn accept(&self, caller: &str, message: Message) -> Id {
        let id = message.id();
        let submission = submission(message, SendOptions::default());
        let eligible = self.fixture.dispatcher.eligible(&submission).unwrap();
        let set = RouteSet::new(eligible.upstreams.iter().map(|name| &**name));
        let row = new_row(&self.sealer, &submission, set, RulesVersion(eligible.rules.cast_signed()));
        let batch = batch(caller.into(), row);
        let answers = self.store.accept(batch).await.unwrap();
        assert!(matches!(answers[..], [Acceptance::Accepted(_)]), "{answers:?}");
        self.pump.wake();
        id
    }

    async fn status_for(&self, caller: &str, id: Id) -> Status {
        self.store.status(&caller.into(), id).await.unwrap().expect("it is known")
    }

    async fn status(&self, id: Id) -> Status {
        self.status_for("shop", id).await
    }

    /// Waits until the mail is so.
    async fn until(&self, id: Id, what: impl Fn(&Status) -> bool) -> Status {
        let start = Instant::now();
        loop {
            let status = self.status(id).await;
            if what(&status) {
                return status;
            }
            assert!(start.elapsed() < 30 * SECOND, "{:?} {:?}", status.ticket, status.parts);
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_in(&self, id: Id, state: State) -> Status {
        self.until(id, |status| status.ticket.state == state).await
    }

    /// How often the server was told of this recipient, and how often it got a mail.
    fn heard(&self, start: &str) -> usize {
        self.server.heard().iter().filter(|line| line.starts_with(start)).count()
    }
}

/// What became of each recipient, by place: where it is, why, and who says so.
fn ends(status: &Status) -> BTreeMap<u32, String> {
    let verdicts = status.parts.iter().flat_map(|part| part.verdicts.iter().map(move |verdict| (part.state, verdict)));
    let word =
        |state: State, reason: &str, host: Option<&str>| format!("{} {reason} {}", state.as_str(), host.unwrap_or("-"));
    verdicts.map(|(state, verdict)| (verdict.place, word(state, &verdict.reason, verdict.host.as_deref()))).collect()
}

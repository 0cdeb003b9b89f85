//! One run of a case: the node is killed at a point of it, another one follows, and each recipient is asked after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use tokio::time::sleep;

use super::super::fixture::{OPEN_DOMAINS, mail, served};
use super::cases::{Case, Memory, SERVERS, Server};
use crate::harness::database::Database;
use crate::harness::mx_host::{Act, MxHost, own_address};
use crate::harness::outbox::{at_rest, id, queue, shown};
use crate::harness::strace::Trace;
use crate::harness::trap::Trap;
use crate::harness::trapping_proxy::TrappingProxy;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Answer, Client, Proxy, Settings, eventually};

/// Where the node is killed: at the latest when the case has come to its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    /// When the servers have heard so many lines. With PostgreSQL what goes to it and comes from it counts, too.
    Event(usize),
    /// At so many writes and syncs of SQLite's files, before that one.
    Write(usize),
}

const SHOP: &str = "key-of-the-shop-0000000000000001";
const APP: &str = "key-of-the-app-00000000000000001";
/// For a case without a kill.
const ENDS: Duration = Duration::from_secs(60);
/// Between two looks into the database, each of which is a session of its own.
const LOOK: Duration = Duration::from_millis(40);
/// Writes of SQLite, in the order in which they are counted.
const WRITES: &str = "pwrite64,fsync,fdatasync";
const PENDING: [&str; 2] = [
    "select id from envelope where coalesce(shown, state) in (0, 1, 2)",
    "select row_id from smsp_outbox where coalesce(shown, state) in (0, 1, 2)",
];
const SENDING: [&str; 2] =
    ["select id from part where state = 2 order by 1", "select part from smsp_part where state = 2 order by 1"];
const UNKNOWN: [&str; 2] =
    ["select id from part where state = 3 order by 1", "select part from smsp_part where state = 3 order by 1"];
/// Sessions of the node: what it has sent may be carried out after its end.
const SESSIONS: [&str; 2] = [
    "select 1 where false",
    "select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
        and pid <> pg_backend_pid()",
];

/// A case in a database of its own.
pub(super) struct Run<'a> {
    case: &'a Case,
    point: Point,
    database: Database,
    trap: Arc<Trap>,
    memory: Arc<Memory>,
    servers: Vec<MxHost>,
}

impl<'a> Run<'a> {
    pub(super) async fn new(case: &'a Case, point: Point, database: Database) -> Self {
        let at = if let Point::Event(at) = point { at } else { usize::MAX };
        let (trap, memory) = (Trap::at(at), Arc::<Memory>::default());
        let script = |server| {
            let (trap, memory, of_case) = (Arc::clone(&trap), Arc::clone(&memory), case.script);
            move |line: &str| match (trap.springs(), line) {
                (false, line) => of_case(&memory, server, line),
                (true, _) => Act::Stall,
            }
        };
        let mut servers = vec![MxHost::that(script(0)).await];
        for server in 1..SERVERS {
            let next = servers[0].beside(script(server)).await;
            servers.push(next);
        }
        Self { case, point, database, trap, memory, servers }
    }

    /// Runs it; how many points it has had to its end, or to the one at which the node was killed.
    pub(super) async fn ends(self) -> usize {
        let (writes, ids) = self.is_killed().await;
        eventually("the sessions of the node have ended", async || {
            let sessions = self.database.select(SESSIONS).await;
            when(sessions.is_empty(), || format!("{sessions:?}"))
        })
        .await;
        let seen = self.trap.seen();
        let sending = self.database.select(SENDING).await;
        self.memory.is_over.store(true, Ordering::SeqCst);
        self.database.silent_nodes_are_dead().await;
        self.database.change(OPEN_DOMAINS).await;
        let proxy = Proxy::start(self.settings()).await;
        at_rest(&client(&proxy, SHOP)).await;
        assert_eq!(self.database.select(UNKNOWN).await, sending, "{}: those that were on their way", self.shown());
        for (id, number) in ids.iter().zip(0..) {
            self.is_right(&proxy, id, number).await;
        }
        seen.max(writes)
    }

    /// Accepts the mails and kills the node: how many writes there were, and the mails' ids.
    async fn is_killed(&self) -> (usize, Vec<String>) {
        let (mut settings, mut before) = (self.settings().with("SMSP_OUTBOX_START", "paused"), None);
        if let Database::Postgres(server, name) = &self.database {
            let between = TrappingProxy::before(server, &self.trap).await;
            settings = settings.with("SMSP_STORE", &between.url(name));
            before = Some(between);
        }
        let mut proxy = Proxy::start(settings).await;
        let mut ids = Vec::new();
        for (recipients, number) in self.case.mails.iter().zip(0..) {
            let to: Vec<_> = recipients.iter().map(|(address, _)| *address).collect();
            let accepted = queue(&client(&proxy, SHOP), &mail(&subject(number), &to)).await;
            ids.push(id(&accepted.expect(202)));
        }
        let trace = match self.point {
            Point::Event(_) => None,
            Point::Write(at) => {
                let inject = format!("inject={WRITES}:signal=KILL:when={at}");
                Trace::of(&proxy.process, &["-e", &format!("trace={WRITES}"), "-e", &inject]).await
            }
        };
        self.trap.arm();
        let goes_on = goes_on(&proxy);
        tokio::select! {
            () = self.trap.sprung() => {}
            () = self.has_ended(&mut proxy) => {}
        }
        // By SIGKILL, if it was not yet.
        drop(proxy);
        goes_on.abort();
        drop(before);
        let writes = match trace {
            Some(trace) => trace.ends().await.len(),
            None => 0,
        };
        (writes, ids)
    }

    /// Waits until nothing is under way but what stalls, or the node is dead.
    async fn has_ended(&self, proxy: &mut Proxy) {
        eventually_within(ENDS, "the case has come to its end", async || {
            sleep(LOOK).await;
            let pending = self.database.select(PENDING).await;
            let is_over = pending.len() <= self.case.stalled || proxy.process.ended().is_some();
            when(is_over, || format!("{}: {pending:?}\n{}", self.shown(), proxy.process.evidence()))
        })
        .await;
    }

    /// Each recipient has the mail once, or is not to get it, or its status says that nobody knows.
    async fn is_right(&self, proxy: &Proxy, id: &str, number: usize) {
        let mail = shown(&client(proxy, SHOP), id).await.expect(200);
        for ((address, gets_it), at) in self.case.mails[number].iter().zip(0..) {
            let taken = self.servers.iter().filter_map(|host| host.taken(&subject(number)).remove(*address));
            let (status, times) = (mail.at(&format!("/recipients/{at}/status")), taken.sum::<usize>());
            let is_right = match status.as_str() {
                Some("delivered") => *gets_it && times == 1,
                Some("refused") => !gets_it && times == 0,
                Some("unknown") => times <= 1,
                _ => false,
            };
            assert!(is_right, "{}: {address} has it {times} times: {mail}", self.shown());
        }
        shown(&client(proxy, APP), id).await.expect(404);
    }

    fn settings(&self) -> Settings {
        let name = |server: &Server| match server {
            Server::Running(number) => self.servers[*number].ip(),
            Server::Dead => own_address().to_string(),
            // No name server is asked for it (RFC 6761 6.4).
            Server::Nameless => "mx.invalid".to_owned(),
        };
        let servers: Vec<Vec<_>> =
            self.case.domains.iter().map(|(_, servers)| servers.iter().map(name).collect()).collect();
        let names: Vec<Vec<_>> = servers.iter().map(|names| names.iter().map(String::as_str).collect()).collect();
        let domains: Vec<_> =
            self.case.domains.iter().zip(&names).map(|((domain, _), names)| (*domain, &names[..])).collect();
        served(&self.database, &self.servers[0], &domains)
            .with("SMSP_OUTBOX_ATTEMPTS", "3")
            .without("SMSP_API_KEY")
            .with("SMSP_API_KEYS", &format!("shop:{SHOP},app:{APP}"))
    }

    fn shown(&self) -> String {
        format!("{} on {}, killed at {:?}", self.case.name, self.database.kind(), self.point)
    }
}

fn subject(number: usize) -> String {
    format!("mail {number}")
}

fn client(proxy: &Proxy, key: &str) -> Client {
    Client::new(&format!("http://{}", proxy.api), key).with_ops(&format!("http://{}", proxy.ops))
}

/// The node claims from now on. It may be dead before it can say so.
fn goes_on(proxy: &Proxy) -> tokio::task::JoinHandle<()> {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let request = http.request(Method::PUT, format!("http://{}/outbox", proxy.ops));
    let request = request.header("content-type", "application/json").body(r#"{"paused": false}"#);
    tokio::spawn(async move { drop(Answer::try_to(request).await) })
}

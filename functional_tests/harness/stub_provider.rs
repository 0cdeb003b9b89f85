//! A provider on loopback that does what its test tells it, and keeps what it was sent.
//!
//! It speaks HTTP/1.1 over raw TCP, because a provider's worst failures (silence, resets, closing without an answer) are
//! below HTTP.

mod behaviour;
mod connection;
mod gate;
mod in_flight;
mod black_hole;
mod request_peek;
mod refusing_port;
mod reply;
mod request;
pub(crate) mod rules;
mod state;
mod step;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use in_flight::InFlight;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

pub(crate) use behaviour::Behaviour;
pub(crate) use black_hole::BlackHole;
pub(crate) use gate::Gate;
pub(crate) use refusing_port::RefusingPort;
pub(crate) use reply::Reply;
pub(crate) use request::Request;
pub(crate) use request_peek::{Glance, Look};
pub(crate) use step::Step;

use super::lock::lock;
use super::wait::{PATIENCE, eventually, eventually_within, when};
use state::{Gatekeeper, Script, State};

/// So long may a busy machine take for each mail of many.
const EACH: Duration = Duration::from_millis(100);

/// A stub. A test fails in which it was to take a mail that its provider refuses.
pub(crate) struct StubProvider {
    address: SocketAddr,
    port: RefusingPort,
    state: Arc<State>,
    accepting: Mutex<Option<Accepting>>,
}

/// What takes connections, and how it is told to stop.
struct Accepting {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl StubProvider {
    /// Accepts every mail as Mailgun does.
    pub(crate) async fn mailgun() -> Self {
        Self::start(|_| Reply::mailgun_accepts().into()).await
    }

    /// Accepts every mail as SendGrid does.
    pub(crate) async fn sendgrid() -> Self {
        Self::start(|_| Reply::sendgrid_accepts().into()).await
    }

    async fn start(script: impl FnMut(&Request) -> Behaviour + Send + 'static) -> Self {
        Self::with(Box::new(script), None)
    }

    /// Looks at each request before it reads it, and forgets it afterwards: a test that wants to know it writes it down.
    pub(crate) fn gated(
        gatekeeper: impl Fn(&Glance) -> Look + Send + Sync + 'static,
        script: impl FnMut(&Request) -> Behaviour + Send + 'static,
    ) -> Self {
        Self::with(Box::new(script), Some(Box::new(gatekeeper)))
    }

    fn with(script: Script, gatekeeper: Option<Gatekeeper>) -> Self {
        let port = RefusingPort::reserve();
        let state = Arc::new(State {
            script: Mutex::new(script),
            gatekeeper,
            received: Mutex::default(),
            lenient: AtomicBool::default(),
            broken: Mutex::default(),
            connections: AtomicUsize::new(0),
            probes: InFlight::default(),
        });
        let stub = Self { address: port.address(), port, state, accepting: Mutex::default() };
        stub.comes_up();
        stub
    }

    /// Takes connections.
    pub(crate) fn comes_up(&self) {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(self.port.listen(), self.state.clone(), stopped));
        *lock(&self.accepting) = Some(Accepting { task, stop });
    }

    /// Ends all connections and refuses new ones; waits until that is so.
    pub(crate) async fn goes_down(&self) {
        let accepting = lock(&self.accepting).take();
        if let Some(Accepting { task, stop }) = accepting {
            drop(stop);
            task.await.expect("accepting does not panic");
        }
    }

    /// From now on it does this with every request.
    pub(crate) fn does(&self, behaviour: Behaviour) {
        self.follows(move |_| behaviour.clone());
    }

    /// From now on it gives this answer.
    pub(crate) fn answers(&self, status: u16, body: &str) {
        self.does(Reply::new(status, body).into());
    }

    /// From now on it decides request by request.
    pub(crate) fn follows(&self, script: impl FnMut(&Request) -> Behaviour + Send + 'static) {
        *lock(&self.state.script) = Box::new(script);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Real mails, in order of arrival.
    pub(crate) fn mails(&self) -> Vec<Request> {
        self.received(|request| !request.is_probe())
    }

    /// How many real mails have arrived.
    pub(crate) fn mail_count(&self) -> usize {
        lock(&self.state.received).iter().filter(|request| !request.is_probe()).count()
    }

    /// Probes' probes, in order of arrival.
    pub(crate) fn probes(&self) -> Vec<Request> {
        self.received(Request::is_probe)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The most probes that it ever had to answer at a time.
    pub(crate) fn most_probes_in_flight(&self) -> usize {
        self.state.probes.most()
    }

    /// Waits until that many real mails have arrived.
    pub(crate) async fn receives_mails(&self, count: usize) {
        let within = PATIENCE.max(EACH.saturating_mul(u32::try_from(count).expect("a number of mails")));
        let received = async || when(self.mail_count() >= count, || self.evidence());
        eventually_within(within, &format!("{count} mails reach the provider"), received).await;
    }

    /// Waits until that many probes have arrived.
    pub(crate) async fn receives_probes(&self, count: usize) {
        let received = async || when(self.probes().len() >= count, || self.evidence());
        eventually(&format!("{count} probes reach the provider"), received).await;
    }

    /// The one mail that it got.
    #[track_caller]
    pub(crate) fn only_mail(&self) -> Request {
        let mut mails = self.mails();
        assert_eq!(mails.len(), 1, "{}", self.evidence());
        mails.remove(0)
    }

    /// Takes mails of another client than ours, which need not obey.
    pub(crate) fn is_lenient(&self) {
        self.state.lenient.store(true, Ordering::Relaxed);
    }

    /// The rules that mails broke until now; this test knows of them.
    pub(crate) fn take_broken_rules(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.state.broken))
    }

    fn received(&self, wanted: impl Fn(&Request) -> bool) -> Vec<Request> {
        lock(&self.state.received).iter().filter(|request| wanted(request)).cloned().collect()
    }

    fn evidence(&self) -> String {
        let received: Vec<_> = lock(&self.state.received).iter().map(ToString::to_string).collect();
        format!("--- provider {} received {}\n{}\n---", self.address, received.len(), received.join("\n"))
    }
}

impl Drop for StubProvider {
    fn drop(&mut self) {
        if let Some(accepting) = lock(&self.accepting).take() {
            accepting.task.abort();
        }
        let broken = self.take_broken_rules();
        if !broken.is_empty() || std::thread::panicking() {
            eprintln!("{}", self.evidence());
        }
        assert!(broken.is_empty() || std::thread::panicking(), "the provider would refuse this mail: {broken:#?}");
    }
}

/// The connections live in this task, so they end with it; to the last one before it ends in good order.
async fn accept(listener: TcpListener, state: Arc<State>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { break };
                state.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(connection::converse(stream, state.clone()));
            }
        }
    }
    RefusingPort::close(listener);
    connections.shutdown().await;
}

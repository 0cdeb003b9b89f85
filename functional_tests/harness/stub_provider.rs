//! A provider on loopback that does what its test tells it, and keeps what it was sent.
//!
//! It speaks HTTP/1.1 over raw TCP, because a provider's worst habits (silence, resets, closing without an answer) are
//! below HTTP.

mod behaviour;
mod connection;
mod refusing_port;
mod reply;
mod request;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub(crate) use behaviour::{Behaviour, Gate};
pub(crate) use refusing_port::RefusingPort;
pub(crate) use reply::Reply;
pub(crate) use request::Request;

use super::wait::{eventually, when};

type Script = Box<dyn FnMut(&Request) -> Behaviour + Send>;

struct State {
    script: Mutex<Script>,
    received: Mutex<Vec<Request>>,
    connections: AtomicUsize,
}

impl State {
    fn receive(&self, request: Request) -> Behaviour {
        let behaviour = lock(&self.script)(&request);
        lock(&self.received).push(request);
        behaviour
    }
}

/// A stub.
pub(crate) struct StubProvider {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
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
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::new(State {
            script: Mutex::new(Box::new(script)),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, state.clone()));
        Self { address, state, accepting }
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

    /// Real mails, in order of arrival.
    pub(crate) fn mails(&self) -> Vec<Request> {
        self.received(|request| !request.is_dummy())
    }

    /// Probes' dummies, in order of arrival.
    pub(crate) fn dummies(&self) -> Vec<Request> {
        self.received(Request::is_dummy)
    }

    /// How many connections anybody made.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until that many real mails have arrived.
    pub(crate) async fn receives_mails(&self, count: usize) {
        let received = async || when(self.mails().len() >= count, || self.evidence());
        eventually(&format!("{count} mails reach the provider"), received).await;
    }

    /// Waits until that many dummies have arrived.
    pub(crate) async fn receives_dummies(&self, count: usize) {
        let received = async || when(self.dummies().len() >= count, || self.evidence());
        eventually(&format!("{count} dummies reach the provider"), received).await;
    }

    /// The one mail that it got.
    #[track_caller]
    pub(crate) fn only_mail(&self) -> Request {
        let mut mails = self.mails();
        assert_eq!(mails.len(), 1, "{}", self.evidence());
        mails.remove(0)
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
        self.accepting.abort();
        if std::thread::panicking() {
            eprintln!("{}", self.evidence());
        }
    }
}

/// The connections live in this task, so they end with it.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(connection::converse(stream, state.clone()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

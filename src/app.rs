//! Where everything is put together: configuration in, a running node out. The only place with concrete names.

pub mod config;
pub mod failure;
pub mod help;
mod keys;
mod outbox;
mod plan_table;
mod reload;
pub mod route_command;
mod routes;
pub mod store;
pub mod store_command;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::{error, info, warn};

use crate::access::admission::Admission;
use crate::app::config::{Config, StoreConfig, UpstreamConfig};
use crate::app::failure::Failure;
use crate::app::outbox::RunningOutbox;
use crate::app::store::Store;
use crate::delivery::dispatch::{AllOpen, Dispatcher};
use crate::delivery::provider::recording;
use crate::delivery::supervisor::{self, supervise};
use crate::delivery::upstream::Upstream;
use crate::delivery::upstream::history::{Event, Events};
use crate::ingress::admin;
use crate::ingress::api;
use crate::ingress::server::listener::{self, Limits};
use crate::model::outcome::Outcome;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::{Restarts, restart_on_panic};
use crate::runtime::shutdown::{Shutdown, Signals};
use crate::runtime::telemetry;
use crate::service::submit::Submit;
use crate::state::answers::Answers;
use crate::state::audit::AuditLog;
use crate::state::overrides::{Change, Overrides};
use crate::state::store::OpenError;

/// More transitions than happen while a listener is busy.
const EVENTS: usize = 256;
/// Connections that wait to be accepted; the kernel's own limit (`net.core.somaxconn`) is the other bound.
const BACKLOG: u32 = 4096;
/// What the kernel holds of a connection each way, of which it counts half as its own: bytes.
const SOCKET_BUFFER: u32 = 128 * 1024;

/// Why a node could not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {error}; choose another with {variable}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which variable says so.
        variable: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// The store.
    #[error("cannot open the store: {0}")]
    Store(#[from] OpenError),
    /// The operator wants it so.
    #[error("no circuit was usable, and SMSP_ALL_OPEN=exit")]
    Down,
    /// No log.
    #[error("cannot start the thread that writes the log: {0}; look at the limits on threads and open files")]
    Log(std::io::Error),
    /// No signals.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let is_of_configuration = matches!(&error, StartError::Store(error) if error.is_of_configuration());
        Self { error: error.to_string(), is_of_configuration }
    }
}

/// Serves until a signal says otherwise.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let metrics = Arc::new(Metrics::default());
    let (panics, lines) = (Arc::clone(&metrics), Arc::clone(&metrics));
    telemetry::init(config.telemetry, move || panics.panicked(), move |dropped| lines.log_lines_dropped(dropped))
        .map_err(StartError::Log)?;
    let restarts = Arc::new(Restarts::default());
    let store = match &config.store {
        Some(store) => Some(Store::open(store, &metrics, &restarts).await?),
        None => None,
    };
    let signals = Signals::listen().map_err(StartError::Signals)?;
    for variable in &config.deprecated {
        warn!(variable, "a variable is set under its former name");
    }
    let public = bind("api", config.listen.api, "SMSP_PORT").await?;
    let admin = bind("admin", config.listen.admin, "SMSP_ADMIN_PORT").await?;
    let shutdown = Shutdown::default();
    let events = Events::new(EVENTS);
    let listener = events.subscribe();
    let upstreams = upstreams(config.upstreams, &metrics, &events);
    let all: Arc<[Arc<Upstream>]> = upstreams.clone().into();
    supervise_all(&all, config.supervisor);
    let rules = config.routes.rules.clone();
    let dispatcher = Dispatcher::new(upstreams.clone(), config.dispatch, rules, shutdown.clone(), Arc::clone(&metrics));
    routes::watch(config.routes, &dispatcher);
    tokio::spawn(exit_when_down(listener, Arc::clone(&dispatcher), shutdown.clone()));
    let (callers, admins) = keys::holders(config.callers, config.admins);
    let up = store.as_ref().map(Store::up);
    let outbox = match (config.outbox, &store, config.store) {
        (Some(outbox), Some(store), Some(StoreConfig { keys, .. })) => {
            Some(RunningOutbox::start(outbox, store, keys, &dispatcher, &restarts, &metrics).await?)
        }
        (_, Some(store), _) => {
            tokio::spawn(outbox::warn_of_waiting(store.clone()));
            None
        }
        _ => None,
    };
    let answers = Answers::new(config.answers.held_answers, Arc::clone(&metrics));
    let submit = Submit::new(Arc::clone(&dispatcher), answers, Arc::clone(&metrics));
    let (docs, max_mail) = (config.http.docs, config.http.max_body);
    let api_state = api::ApiState {
        dispatcher,
        submit: Arc::new(submit),
        outbox: outbox.as_ref().map(|outbox| Arc::clone(&outbox.service)),
        store: up.clone(),
        callers,
        admission: Arc::new(Admission::new(config.admission, Arc::clone(&metrics))),
        settings: Arc::new(config.http),
        shutdown: shutdown.clone(),
        metrics: Arc::clone(&metrics),
    };
    let audit = Arc::default();
    let overrides = overrides(&all, &audit);
    let admin_state = admin::AdminState {
        upstreams: all,
        overrides,
        audit,
        outbox: api_state.outbox.clone(),
        store: up,
        admins,
        metrics: Arc::clone(&metrics),
        restarts,
        shutdown: shutdown.clone(),
        explain: explain(api_state.clone()),
        max_mail,
        docs,
    };
    let serve = |listener, service, shutdown, limits| {
        tokio::spawn(listener::serve(listener, service, shutdown, limits, Arc::clone(&metrics)));
    };
    serve(public, api::service(api_state), shutdown.clone(), config.listener);
    // With a shutdown of its own that never comes: operators watch until the very end.
    serve(admin, admin::service(admin_state), Shutdown::default(), Limits::ADMIN);
    let draining = async {
        match &outbox {
            Some(outbox) => outbox.drain().await,
            None => true,
        }
    };
    shutdown.clone().run(signals, config.shutdown, draining).await;
    if shutdown.was_requested() { Err(StartError::Down) } else { Ok(()) }
}

/// What explains mail at the admin listener: the API, which knows how to read it.
fn explain(state: api::ApiState) -> admin::Explain {
    Arc::new(move |caller, request| {
        let state = state.clone();
        Box::pin(async move { api::explain_for(&state, &caller, request).await })
    })
}

/// Starts a supervisor for each upstream.
fn supervise_all(upstreams: &Arc<[Arc<Upstream>]>, settings: supervisor::Settings) {
    let settings = Arc::new(settings);
    for upstream in upstreams.iter() {
        let (upstream, all, settings) = (Arc::clone(upstream), Arc::clone(upstreams), Arc::clone(&settings));
        tokio::spawn(restart_on_panic("supervisor", Some(upstream.name().to_string()), move || {
            supervise(Arc::clone(&upstream), Arc::clone(&all), Arc::clone(&settings))
        }));
    }
}

/// The overrides of these upstreams, and a task that ends them when their time is over.
fn overrides(upstreams: &Arc<[Arc<Upstream>]>, audit: &Arc<AuditLog<Change>>) -> Arc<Overrides> {
    let overrides = Arc::new(Overrides::new(Arc::clone(upstreams), Arc::clone(audit)));
    let ending = Arc::clone(&overrides);
    tokio::spawn(restart_on_panic("task that ends overrides", None, move || {
        let ending = Arc::clone(&ending);
        async move { ending.end_when_due().await }
    }));
    overrides
}

/// Ends this node once no circuit is usable, if the operator wants it so.
async fn exit_when_down(mut events: Receiver<Event>, dispatcher: Arc<Dispatcher>, shutdown: Shutdown) {
    loop {
        // What was missed does not matter: the circuits themselves are asked.
        if matches!(events.recv().await, Err(RecvError::Closed)) || shutdown.is_draining() {
            return;
        }
        if dispatcher.is_down(AllOpen::Exit) {
            error!("down: no circuit is usable, and SMSP_ALL_OPEN=exit");
            return shutdown.request();
        }
    }
}

async fn bind(name: &str, address: SocketAddr, variable: &'static str) -> Result<TcpListener, StartError> {
    let unable = |error| StartError::Listen { address, variable, error };
    let listener = listen(address).map_err(unable)?;
    let bound = listener.local_addr().map_err(unable)?;
    info!(listener = name, address = %bound, "listening");
    Ok(listener)
}

/// With room for callers who come at once: the library's own 128 made the kernel drop connections.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the connections of the process before.
    socket.set_reuseaddr(true)?;
    // Of its connections too: the kernel would keep megabytes for each caller who does not read, and run short of them.
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn upstreams(configs: Vec<UpstreamConfig>, metrics: &Arc<Metrics>, events: &Events) -> Vec<Arc<Upstream>> {
    let upstream = |config: UpstreamConfig| {
        let UpstreamConfig { name, kind, provider, settings } = config;
        Arc::new(Upstream::new(name, kind, provider, settings, metrics, events.clone()))
    };
    configs.into_iter().map(upstream).collect()
}

/// Sends one test message along every upstream, open or closed, and prints a line each; with `show_answer` also what the
/// provider said, word for word. Were all of them taken?
pub async fn probe(config: Config, show_answer: bool, mut print: impl FnMut(String)) -> bool {
    let mut all_taken = true;
    for upstream in upstreams(config.upstreams, &Arc::new(Metrics::default()), &Events::new(EVENTS)) {
        let (verdict, answers) = recording(upstream.probe(&config.supervisor.test_message())).await;
        all_taken &= verdict.outcome == Outcome::Accepted;
        let code = verdict.code.map(|code| format!(", {code}")).unwrap_or_default();
        print(format!("{}: {} ({}{code})", upstream.name(), verdict.outcome.as_str(), verdict.reason));
        let lines = answers.iter().filter(|_| show_answer).flat_map(|answer| answer.lines());
        lines.for_each(|line| print(format!("  {}", printable(line))));
    }
    all_taken
}

/// Without control characters: a terminal would obey them.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

//! A node: put together from its configuration, it serves until a signal says otherwise, and ends in order.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::{info, warn};

use super::config::{Config, DirectConfig, OutboxConfig, RoutesConfig, UpstreamConfig, time_of_store};
use super::listen::bind;
use super::orders::{Orders, keep_audit};
use super::outbox::{self, Destinations, RunningOutbox, ToServers};
use super::start_error::StartError;
use super::started::Started;
use super::store::Store;
use super::traces::Traces;
use super::upstreams::{events, exit_when_down, supervise_all, upstreams};
use super::{dkim, keys, routes};
use crate::access::admins::Admins;
use crate::access::admission::Admission;
use crate::delivery::dispatch::{self, Dispatcher};
use crate::delivery::mx::direct::Direct;
use crate::delivery::mx::dkim::Keys;
use crate::delivery::supervisor;
use crate::delivery::upstream::Upstream;
use crate::ingress::admin::{self, AdminState};
use crate::ingress::api::{self, ApiState};
use crate::ingress::compat::{self, CompatState, Shapes};
use crate::ingress::server::beside::Beside;
use crate::ingress::server::body;
use crate::ingress::server::listener::{self, Limits};
use crate::runtime::metrics::{Listener, Metrics};
use crate::runtime::restart::{Restarts, restart_and_count};
use crate::runtime::shutdown::{Shutdown, Signals};
use crate::runtime::telemetry;
use crate::runtime::telemetry::trace::Tracer;
use crate::service::outbox::{OutboxService, Rows};
use crate::service::submit::Submit;
use crate::state::answers::{self, Answers, Kept, StoredAnswers, TracedAnswers};
use crate::state::store::{OpenError, StoreKeys};

/// What the parts of a node share.
struct Shared {
    metrics: Arc<Metrics>,
    restarts: Arc<Restarts>,
    shutdown: Shutdown,
}

/// Where its mail goes.
struct Delivery {
    upstreams: Arc<[Arc<Upstream>]>,
    dispatcher: Arc<Dispatcher>,
}

/// Serves until a signal says otherwise.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let shutdown = Shutdown::with_answers_of(time_of_store(config.store.as_ref(), config.outbox.as_ref()));
    let shared = Shared { metrics: Arc::default(), restarts: Arc::default(), shutdown };
    start_log(config.telemetry, &shared.metrics)?;
    let started = Started::of(&config);
    let traces = Traces::start(config.traces, &shared.metrics)?;
    // Open until the node has ended, whether its outbox is on or off.
    let store = match &config.store {
        Some(store) => Some(Store::open(store, &shared.metrics, &shared.restarts).await?),
        None => None,
    };
    let signals = Signals::listen().map_err(StartError::Signals)?;
    for variable in &config.deprecated {
        warn!(variable, "a variable is set under its former name");
    }
    let (public, api_address) = bind("api", config.listen.api, "SMSP_PORT").await?;
    let (admin, admin_address) = bind("admin", config.listen.admin, "SMSP_ADMIN_PORT").await?;
    let delivery = Delivery::start(config.upstreams, config.supervisor, config.dispatch, config.routes, &shared);
    // Before any mail leaves: what an operator has held open stays open.
    let orders = Orders::start(&delivery.upstreams, store.as_ref(), &shared.metrics).await;
    let (callers, admins) = keys::holders(config.callers, config.admins, &shared.metrics);
    let in_store = store.clone().zip(config.store.map(|store| store.keys));
    let answers = start_answers(config.answers, in_store.clone(), &traces.tracer, &shared).await?;
    let signing = dkim::keys(config.dkim, &shared.metrics);
    let direct = start_direct(config.direct, signing, &shared.metrics)?;
    let sites = direct.as_ref().map(|to| Arc::clone(to.direct.sites()));
    let destinations = Destinations { dispatcher: &delivery.dispatcher, direct, callers: &callers };
    let (outbox, rows) = start_outbox(config.outbox, in_store, destinations, &traces.tracer, &shared).await?;
    let service = outbox.as_ref().map(|outbox| Arc::clone(&outbox.service));
    let api_state = ApiState {
        submit: submit(&delivery, answers, service.clone(), rows, &shared),
        outbox: service,
        store: store.as_ref().map(Store::up),
        dispatcher: Arc::clone(&delivery.dispatcher),
        callers,
        admission: Arc::new(Admission::new(config.admission, Arc::clone(&shared.metrics))),
        settings: Arc::new(config.http),
        shutdown: shared.shutdown.clone(),
        metrics: Arc::clone(&shared.metrics),
        tracer: traces.tracer.clone(),
    };
    keep_audit(config.audit.keep, orders.kept_audit.clone(), api_state.outbox.clone(), &shared.restarts);
    let admin_state = AdminState { sites, ..admin_state(delivery.upstreams, orders, admins, &api_state, &shared) };
    let metrics = || Arc::clone(&shared.metrics);
    let beside = beside(config.shapes, &api_state);
    let api = api::service(api_state, beside);
    tokio::spawn(listener::serve(public, api, shared.shutdown.clone(), config.listener, Listener::Api, metrics()));
    // With a shutdown of its own that never comes: operators watch until the very end.
    let (admin_api, never) = (admin::service(admin_state), Shutdown::default());
    tokio::spawn(listener::serve(admin, admin_api, never, Limits::ADMIN, Listener::Admin, metrics()));
    started.log(api_address, admin_address);
    let draining = async {
        match &outbox {
            Some(outbox) => outbox.drain().await,
            None => true,
        }
    };
    let is_drained = shared.shutdown.clone().run(signals, config.shutdown, draining).await;
    traces.finish(is_drained).await;
    if is_drained {
        // Operators may still ask until the process ends.
        telemetry::last(|| info!("drained"));
    }
    if shared.shutdown.was_requested() { Err(StartError::Down) } else { Ok(()) }
}

fn start_log(settings: telemetry::Settings, metrics: &Arc<Metrics>) -> Result<(), StartError> {
    let (panics, lines) = (Arc::clone(metrics), Arc::clone(metrics));
    let on_dropped = move |dropped| lines.node.log_lines_dropped(dropped);
    telemetry::init(settings, move || panics.node.panicked(), on_dropped).map_err(StartError::Log)
}

impl Delivery {
    /// Circuits are probed from now on, and rules in a file are read anew.
    fn start(
        configs: Vec<UpstreamConfig>,
        supervisor: supervisor::Settings,
        settings: dispatch::Settings,
        routes: RoutesConfig,
        Shared { metrics, shutdown, .. }: &Shared,
    ) -> Self {
        let events = events();
        let listener = events.subscribe();
        let upstreams = upstreams(configs, metrics, &events);
        let all: Arc<[Arc<Upstream>]> = upstreams.clone().into();
        supervise_all(&all, supervisor);
        let rules = routes.rules.clone();
        let dispatcher = Dispatcher::new(upstreams, settings, rules, shutdown.clone(), Arc::clone(metrics));
        routes::watch(routes, &dispatcher, metrics);
        tokio::spawn(exit_when_down(listener, Arc::clone(&dispatcher), shutdown.clone()));
        Self { upstreams: all, dispatcher }
    }
}

/// What delivers to the recipients' own servers, and how long their mail waits for upstreams. None where no mail goes there.
fn start_direct(
    config: Option<DirectConfig>,
    keys: Arc<ArcSwap<Keys>>,
    metrics: &Metrics,
) -> Result<Option<ToServers>, StartError> {
    let Some(DirectConfig { settings, helo }) = config else { return Ok(None) };
    let direct = Direct::new(&settings, helo.clone(), keys, metrics.mx.clone()).map_err(StartError::Direct)?;
    Ok(Some(ToServers { direct: Arc::new(direct), after: settings.after, helo }))
}

/// None where it is off, or there is no store for it. Where only the outbox is off, what the store has of it.
async fn start_outbox(
    config: Option<OutboxConfig>,
    store: Option<(Store, Arc<StoreKeys>)>,
    destinations: Destinations<'_>,
    tracer: &Tracer,
    Shared { metrics, restarts, .. }: &Shared,
) -> Result<(Option<RunningOutbox>, Option<Rows>), StartError> {
    match (config, store) {
        (Some(config), Some((store, keys))) => {
            let outbox = RunningOutbox::start(config, &store, keys, destinations, restarts, metrics, tracer).await?;
            Ok((Some(outbox), None))
        }
        (None, Some((store, keys))) => Ok((None, Some(outbox::left_alone(&store, keys, tracer).await?))),
        (_, None) => Ok((None, None)),
    }
}

/// In memory, or in the store where there is one.
async fn start_answers(
    settings: answers::Settings,
    store: Option<(Store, Arc<StoreKeys>)>,
    tracer: &Tracer,
    Shared { metrics, restarts, shutdown }: &Shared,
) -> Result<Answers, StartError> {
    let kept = match store {
        Some((store, keys)) => {
            let rows = traced_answers(&store, tracer).await?;
            let (swept, restarts) = (Arc::clone(&rows), Arc::clone(restarts));
            tokio::spawn(async move {
                let sweep = || answers::sweep(Arc::clone(&swept));
                restart_and_count("task that drops answers that are over", &restarts, sweep).await;
            });
            Some(Kept::new(rows, store.up(), keys, shutdown.clone()))
        }
        None => None,
    };
    Ok(Answers::new(settings.held_answers, kept, Arc::clone(metrics)))
}

/// Its calls are spans where traces are recorded.
async fn traced_answers(store: &Store, tracer: &Tracer) -> Result<Arc<dyn StoredAnswers>, OpenError> {
    let rows = store.answers().await?;
    Ok(if tracer.is_on() { Arc::new(TracedAnswers::new(rows, store.system())) } else { rows })
}

/// What sends mail, beside the rows of an outbox that is off at this node.
fn submit(
    delivery: &Delivery,
    answers: Answers,
    outbox: Option<Arc<OutboxService>>,
    rows: Option<Rows>,
    shared: &Shared,
) -> Arc<Submit> {
    let submit = Submit::new(Arc::clone(&delivery.dispatcher), answers, outbox, Arc::clone(&shared.metrics));
    Arc::new(match rows {
        Some(rows) => submit.beside(rows),
        None => submit,
    })
}

/// What the API listener serves beside the API, over the outbox.
fn beside(shapes: Shapes, api: &ApiState) -> Option<Beside> {
    let outbox = api.outbox.clone().filter(|_| shapes.minimailgun)?;
    let settings = &api.settings;
    let bytes = settings.max_body.min(api.admission.max_unidentified());
    Some(compat::minimailgun(CompatState {
        outbox,
        callers: Arc::clone(&api.callers),
        admission: Arc::clone(&api.admission),
        shutdown: api.shutdown.clone(),
        body: body::Limits { bytes, time: settings.body_timeout },
        recipients: settings.mail.recipients,
    }))
}

fn admin_state(
    upstreams: Arc<[Arc<Upstream>]>,
    Orders { overrides, audit, kept_audit }: Orders,
    admins: Arc<Admins>,
    api: &ApiState,
    Shared { metrics, restarts, shutdown }: &Shared,
) -> AdminState {
    AdminState {
        upstreams,
        overrides,
        audit,
        kept_audit,
        outbox: api.outbox.clone(),
        sites: None,
        store: api.store.clone(),
        admins,
        metrics: Arc::clone(metrics),
        restarts: Arc::clone(restarts),
        shutdown: shutdown.clone(),
        explain: explain(api.clone()),
        field_names_of_mail: &api::FIELD_NAMES,
        max_mail: api.settings.max_body,
        docs: api.settings.docs,
    }
}

/// What explains mail at the admin listener: the API, which knows how to read it.
fn explain(state: ApiState) -> admin::Explain {
    Arc::new(move |caller, request| {
        let state = state.clone();
        Box::pin(async move { api::explain_for(&state, &caller, request).await })
    })
}

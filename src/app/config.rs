//! All settings, read once from the environment: [`Config`] has the `Settings` of each module, which declares their rows.
//!
//! Invariants: a wrong start reports every error at once, each with the full name of its variable and what to do;
//! a name that no setting claims is an error; no error and no listing shows a secret. Deliberately absent: files (but for
//! secrets and routes), flags, reloading (but for keys and routes in files), and the process environment itself: the pairs are passed in.

mod admins;
mod callers;
mod direct;
mod dkim;
mod egress;
mod groups;
mod listen;
mod names;
mod outbox;
mod providers;
mod quotas;
mod routes;
mod senders;
mod shapes;
mod store;
mod times;
mod traces;
mod unclaimed;
mod upstream;
mod upstreams;

use std::net::SocketAddr;

pub use admins::{AdminAccess, AdminKeySource, AdminsConfig};
pub use callers::{CallersConfig, KeySource};
pub use direct::DirectConfig;
pub use dkim::{DkimConfig, NewKeys};
pub use groups::{Group, groups};
pub use listen::Listen;
use names::{OF_TEST_CLIENTS, PREFIX};
pub use outbox::{OutboxConfig, time_of_store};
pub use routes::{RouteSource, RoutesConfig};
pub use store::StoreConfig;
pub use upstream::UpstreamConfig;

use crate::access::admission;
use crate::access::admission::settings::MAX_IN_FLIGHT_BYTES;
use crate::delivery::dispatch;
use crate::delivery::mx;
use crate::delivery::provider;
use crate::delivery::supervisor;
use crate::ingress::api;
use crate::ingress::compat::Shapes;
use crate::ingress::server::listener;
use crate::runtime::settings::{Effective, Findings, Section};
use crate::runtime::shutdown;
use crate::runtime::telemetry;
use crate::runtime::telemetry::trace;
use crate::state::{answers, audit};

/// Everything that was configured.
pub struct Config {
    /// Where the two listeners are.
    pub listen: Listen,
    /// The API.
    pub http: api::Settings,
    /// What it answers beside the API.
    pub shapes: Shapes,
    /// Who may call there.
    pub callers: CallersConfig,
    /// Who may look at this node and change it; `None`: no admin keys are set.
    pub admins: Option<AdminsConfig>,
    /// What it takes on at once.
    pub admission: admission::Settings,
    /// The connections of the API listener.
    pub listener: listener::Limits,
    /// How mails find their upstream.
    pub dispatch: dispatch::Settings,
    /// Which mail goes where.
    pub routes: RoutesConfig,
    /// What is kept for repeats.
    pub answers: answers::Settings,
    /// How long the records of orders are kept.
    pub audit: audit::Settings,
    /// What outlives the process; `None`: nothing does.
    pub store: Option<StoreConfig>,
    /// Mail that is accepted now and sent later; `None`: none is.
    pub outbox: Option<OutboxConfig>,
    /// How mail reaches its recipients' own servers; `None`: none goes there.
    pub direct: Option<DirectConfig>,
    /// The keys that sign mail that a node delivers by itself.
    pub dkim: DkimConfig,
    /// This node's own name, for such mail.
    pub mx_helo: Option<String>,
    /// How open circuits are probed.
    pub supervisor: supervisor::Settings,
    /// The provider accounts, the preferred one first.
    pub upstreams: Vec<UpstreamConfig>,
    /// Logs.
    pub telemetry: telemetry::Settings,
    /// Traces; `None`: none are recorded.
    pub traces: Option<trace::Settings>,
    /// The end.
    pub shutdown: shutdown::Settings,
    /// Every setting as it holds, secrets redacted.
    pub effective: Vec<Effective>,
    /// What may be meant, but is worth a thought; a line each.
    pub warnings: Vec<String>,
    /// Variables that are set under a name that the next version no longer takes; a line each.
    pub deprecated: Vec<String>,
}

/// Everything that is wrong with an environment, a line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Errors(pub Vec<String>);

impl Config {
    /// Reads pairs such as [`std::env::vars`] gives. Those without our prefix are not ours, but for some of OpenTelemetry's.
    pub fn load(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Errors> {
        let pairs: Vec<_> = pairs.filter(|(name, _)| !OF_TEST_CLIENTS.contains(&name.as_str())).collect();
        let mut of_traces = traces::section(&pairs);
        let mut section = Section::new(PREFIX, pairs.into_iter());
        let (config, traces) = (read(&mut section), traces::read(&mut of_traces));
        section.join(of_traces);
        let config = config.zip(traces).map(|(config, traces)| Self { traces, ..config });
        let Findings { effective, errors, warnings, deprecated } = section.finish();
        match config {
            Some(config) if errors.is_empty() => Ok(Self { effective, warnings, deprecated, ..config }),
            _ => Err(Errors(errors)),
        }
    }

    /// Who may see and order at the admin listener, in words.
    pub fn admin_access(&self) -> String {
        let Some(admins) = &self.admins else { return admins::WITHOUT_KEYS.to_owned() };
        admins.to_string()
    }

    /// What the rates of upstreams come to, a line each.
    pub fn rates(&self) -> Vec<String> {
        quotas::lines(&self.upstreams)
    }

    /// Reads the API listener's address alone: all that `smsp healthcheck` needs.
    pub fn load_api_address(pairs: impl Iterator<Item = (String, String)>) -> Result<SocketAddr, Errors> {
        let mut section = Section::new(PREFIX, pairs);
        listen::api_address(&mut section).ok_or_else(|| Errors(section.finish().errors))
    }

    /// Reads where DKIM keys are and this node's own name alone: all that `smsp dkim new` needs.
    pub fn load_new_keys(pairs: impl Iterator<Item = (String, String)>) -> Result<NewKeys, Errors> {
        let mut section = Section::new(PREFIX, pairs);
        dkim::read_for_new_keys(&mut section).ok_or_else(|| Errors(section.finish().errors))
    }

    /// Reads the admin listener's address and the key for it alone: all that `smsp route` needs.
    pub fn load_admin_access(pairs: impl Iterator<Item = (String, String)>) -> Result<AdminAccess, Errors> {
        let mut section = Section::new(PREFIX, pairs);
        let (address, key) = (listen::admin_address(&mut section), admins::command_key(&mut section));
        let access = address.zip(key).map(|(address, key)| AdminAccess { address, key });
        access.ok_or_else(|| Errors(section.finish().errors))
    }
}

/// Each part is read before any is missed, so that all errors are found.
fn read(section: &mut Section) -> Option<Config> {
    let callers = callers::read(section);
    let admins = admins::read(section, callers.as_ref().map(|callers| &callers.keys));
    let http = api::Settings::read(section, provider::table(), provider::RESERVED_HEADERS);
    let admission = admission::Settings::read(section);
    let listener = listener::Limits::read(section);
    let listen = listen::read(section);
    let reserved = groups::reserved_words();
    let listed = providers::names(section, &reserved);
    let supervisor = supervisor::Settings::read(section, upstreams::are_local(&listed.upstreams));
    let dispatch = dispatch::Settings::read(section);
    let routes = routes::read(section, &listed.upstreams);
    let listed = match &routes {
        Some(routes) => listed.or_as_ruled(section, routes.name_mx()),
        None => listed,
    };
    let answers = answers::Settings::read(section);
    let audit = audit::Settings::read(section);
    let store = store::read(section);
    let outbox = outbox::read(section, store.as_ref());
    let shapes = shapes::read(section, outbox.as_ref().map(Option::is_some));
    let mx = mx::Settings::read(section);
    let (dkim, mx_helo) = (dkim::read(section), mx.as_ref().map(|mx| mx.helo.clone()));
    let (routes, direct) = direct::read(section, mx, &listed, routes, outbox.as_ref().map(Option::is_some)).unzip();
    if let (Some(dkim), Some(routes), Some(Some(_))) = (&dkim, &routes, &direct) {
        dkim.check_that_mail_is_signed(section, routes.is_direct());
    }
    let providers = listed.upstreams;
    let poll_interval = supervisor.as_ref().map(|supervisor| supervisor.backoff.first);
    let upstreams = upstreams::read(section, &providers, poll_interval);
    let shutdown = shutdown::Settings::read(section);
    let telemetry = telemetry::Settings::read(section);
    if let (Some(http), Some(admission)) = (&http, admission) {
        check_body_fits(section, http.max_body, admission.max_in_flight_bytes);
    }
    if let (Some(upstreams), Some(supervisor)) = (&upstreams, &supervisor) {
        senders::check_poll_from(section, &supervisor.from, upstreams);
    }
    if let (Some(upstreams), Some(dispatch)) = (&upstreams, dispatch) {
        times::check_request_deadline(section, dispatch.request_deadline, upstreams);
    }
    let on = outbox.as_ref().and_then(Option::as_ref);
    if let (Some(http), Some(dispatch), Some(shutdown)) = (&http, dispatch, shutdown) {
        let of_store = time_of_store(store.as_ref().and_then(Option::as_ref), on);
        let request = dispatch.request_deadline + of_store;
        times::check_drain_deadline(section, http.max_body, request, shutdown.deadline);
    }
    if let Some(dispatch) = &dispatch {
        outbox::check_fallback(section, on, dispatch);
    }
    unclaimed::refuse(section, callers.as_ref(), &providers, &reserved);
    Some(Config {
        listen: listen?,
        http: http?,
        shapes: shapes?,
        callers: callers?,
        admins: admins?,
        admission: admission?,
        listener: listener?,
        dispatch: dispatch?,
        routes: routes?,
        direct: direct?,
        answers: answers?,
        audit: audit?,
        store: store?,
        outbox: outbox?,
        dkim: dkim?,
        mx_helo: mx_helo?,
        supervisor: supervisor?,
        upstreams: upstreams?,
        telemetry: telemetry?,
        traces: None,
        shutdown: shutdown?,
        effective: Vec::new(),
        warnings: Vec::new(),
        deprecated: Vec::new(),
    })
}

fn check_body_fits(section: &mut Section, max_body: usize, max_in_flight_bytes: usize) {
    if max_in_flight_bytes < max_body {
        let problem = "is less than SMSP_MAX_BODY: raise the one or lower the other";
        section.error(MAX_IN_FLIGHT_BYTES.row.name, problem);
    }
}

#[cfg(test)]
mod tests;

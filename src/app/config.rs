//! All settings, read once from the environment: [`Config`] is the [`Settings`](crate::ingress::api::Settings) of each module.
//!
//! Invariants: a wrong start reports every error at once, each with the full name of its variable and what to do;
//! a name that nobody claims is an error; no error and no listing shows a secret. Deliberately absent: files (but for
//! secrets), flags, reloading (but for keys in files), and the process environment itself: the pairs are passed in.

mod callers;
mod egress;
mod limits;
mod providers;
mod section;
mod times;
mod unclaimed;
mod upstreams;
mod value;

use std::net::SocketAddr;

pub use callers::{CallersConfig, KeySource};
use section::Section;
pub use upstreams::UpstreamConfig;
use value::{bare_mailbox, choice, count_to, duration, ip, mailbox, period, port, size, truth};

use crate::access::admission;
use crate::delivery::dispatch::{self, AllOpen};
use crate::delivery::provider;
use crate::delivery::routing::Strategy;
use crate::delivery::supervisor::{self, Backoff};
use crate::ingress::api::{self, MailLimits};
use crate::ingress::server::listener::Limits;
use crate::model::submission::Failover;
use crate::runtime::shutdown;
use crate::runtime::telemetry::{self, Format};
use crate::state::answers::MAX_HELD_ANSWERS;

const PREFIX: &str = "SMSP_";
/// Read by the test clients of the original, which may share an environment with the server.
const OF_TEST_CLIENTS: [&str; 2] = ["SMSP_HOST_PORT", "SMSP_PROTOCOL"];

/// Where the dummies of providers go that send nothing.
const NOBODY: &str = "nobody@smsp.invalid";

/// Everything that was configured.
pub struct Config {
    /// Where the two listeners are.
    pub listen: Listen,
    /// The API.
    pub http: api::Settings,
    /// Who may call there.
    pub callers: CallersConfig,
    /// What it takes on at once.
    pub load: admission::Settings,
    /// Its connections.
    pub listener: Limits,
    /// How mails find their upstream.
    pub dispatch: dispatch::Settings,
    /// Answers to mails with a key that are held for their repeats, at most.
    pub held_answers: usize,
    /// How open circuits are probed.
    pub supervisor: supervisor::Settings,
    /// The provider accounts, the preferred one first.
    pub upstreams: Vec<UpstreamConfig>,
    /// Logs.
    pub telemetry: telemetry::Settings,
    /// The end.
    pub shutdown: shutdown::Settings,
    /// Every variable with its effective value, secrets redacted, in the order of the README's table.
    pub effective: Vec<(String, String)>,
    /// What may be meant, but is worth a thought; a line each.
    pub warnings: Vec<String>,
    /// Variables that are set under a name that the next version no longer takes; a line each.
    pub deprecated: Vec<String>,
}

/// The addresses of the listeners.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// The API listener's.
    pub api: SocketAddr,
    /// The admin listener's.
    pub admin: SocketAddr,
}

/// Everything that is wrong with an environment, a line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Errors(pub Vec<String>);

impl Config {
    /// Reads pairs such as [`std::env::vars`] gives; those without our prefix are not ours.
    pub fn load(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Errors> {
        let pairs = pairs.filter(|(name, _)| !OF_TEST_CLIENTS.contains(&name.as_str()));
        let mut section = Section::read(PREFIX, pairs);
        let config = read(&mut section);
        let (warnings, deprecated) = section.take_notices();
        let (effective, errors) = section.finish();
        match config {
            Some(config) if errors.is_empty() => Ok(Self { effective, warnings, deprecated, ..config }),
            _ => Err(Errors(errors)),
        }
    }

    /// Reads the API listener's address alone: all that `smsp healthcheck` needs.
    pub fn load_api_address(pairs: impl Iterator<Item = (String, String)>) -> Result<SocketAddr, Errors> {
        let mut section = Section::read(PREFIX, pairs);
        api_address(&mut section).ok_or_else(|| Errors(section.finish().1))
    }
}

/// Each part is read before any is missed, so that all errors are found.
fn read(section: &mut Section) -> Option<Config> {
    let callers = callers::read(section);
    let http = http(section);
    let load = load(section, http.as_ref().map(|http| http.max_body));
    let listener = listener(section);
    let listen = listen(section);
    let providers = providers::names(section);
    let supervisor = supervisor(section, upstreams::are_local(&providers));
    let dispatch = dispatch(section);
    let held_answers = held_answers(section);
    let common = upstreams::Common::read(section);
    let shutdown = shutdown(section);
    let telemetry = telemetry(section);
    let poll_interval = supervisor.as_ref().map(|supervisor| supervisor.backoff.first);
    let upstreams = upstreams::read(section, &providers, &common, poll_interval);
    if let (Some(upstreams), Some(dispatch)) = (&upstreams, dispatch) {
        times::check_request_deadline(section, dispatch.request_deadline, upstreams);
    }
    if let (Some(http), Some(dispatch), Some(shutdown)) = (&http, dispatch, shutdown) {
        times::check_drain_deadline(section, http.max_body, dispatch.request_deadline, shutdown.deadline);
    }
    unclaimed::refuse(section, callers.as_ref(), &providers);
    Some(Config {
        listen: listen?,
        http: http?,
        callers: callers?,
        load: load?,
        listener: listener?,
        dispatch: dispatch?,
        held_answers: held_answers?,
        supervisor: supervisor?,
        upstreams: upstreams?,
        telemetry: telemetry?,
        shutdown: shutdown?,
        effective: Vec::new(),
        warnings: Vec::new(),
        deprecated: Vec::new(),
    })
}

fn http(section: &mut Section) -> Option<api::Settings> {
    let docs = section.parse("DOCS", "true", truth);
    let max_body = section.parse("MAX_BODY", "26MiB", size);
    let body_timeout = section.parse("BODY_TIMEOUT", "10s", period);
    let mail = mail_limits(section);
    Some(api::Settings {
        docs: docs?,
        providers: provider::table(),
        max_body: max_body?,
        body_timeout: body_timeout?,
        mail: mail?,
    })
}

fn mail_limits(section: &mut Section) -> Option<MailLimits> {
    let most = MailLimits::MAX;
    let recipients = section.parse("MAX_RECIPIENTS", "50", |text| count_to(text, most.recipients));
    let attachments = section.parse("MAX_ATTACHMENTS", "20", |text| count_to(text, most.attachments));
    let headers = section.parse("MAX_HEADERS", "30", |text| count_to(text, most.headers));
    Some(MailLimits {
        recipients: recipients?,
        attachments: attachments?,
        headers: headers?,
        reserved_headers: provider::RESERVED_HEADERS,
    })
}

fn load(section: &mut Section, max_body: Option<usize>) -> Option<admission::Settings> {
    let mails = |text: &str| count_to(text, admission::Settings::MAX_IN_FLIGHT);
    let max_in_flight = section.parse("MAX_IN_FLIGHT", "1024", mails);
    let max_in_flight_bytes = section.parse("MAX_IN_FLIGHT_BYTES", "48MiB", size);
    if max_in_flight_bytes < max_body && max_in_flight_bytes.is_some() {
        section.error("MAX_IN_FLIGHT_BYTES", "is less than SMSP_MAX_BODY: raise the one or lower the other");
    }
    Some(admission::Settings { max_in_flight: max_in_flight?, max_in_flight_bytes: max_in_flight_bytes? })
}

fn listener(section: &mut Section) -> Option<Limits> {
    let header_timeout = section.parse("HEADER_TIMEOUT", "5s", period);
    let idle_timeout = section.parse("IDLE_TIMEOUT", "60s", period);
    let max_connections = section.parse("MAX_CONNECTIONS", "10000", |text| count_to(text, Limits::MAX_CONNECTIONS));
    Some(Limits { header_timeout: header_timeout?, idle_timeout: idle_timeout?, max_connections: max_connections? })
}

fn api_address(section: &mut Section) -> Option<SocketAddr> {
    let host = section.parse("HOST", "0.0.0.0", ip);
    let port = section.parse("PORT", "8080", port);
    Some((host?, port?).into())
}

fn listen(section: &mut Section) -> Option<Listen> {
    let api = api_address(section);
    section.accept_former_name("OPS_HOST", "ADMIN_HOST");
    section.accept_former_name("OPS_PORT", "ADMIN_PORT");
    let host = section.parse("ADMIN_HOST", "0.0.0.0", ip);
    let port = section.parse("ADMIN_PORT", "9090", port);
    let listen = Listen { api: api?, admin: (host?, port?).into() };
    if listen.api.port() != 0 && listen.api.port() == listen.admin.port() {
        section.error("ADMIN_PORT", "is the port of the API too: give the admin listener a port of its own");
    }
    Some(listen)
}

fn supervisor(section: &mut Section, local: bool) -> Option<supervisor::Settings> {
    let to = if local {
        section.parse("POLL_MESSAGE_ADDRESS", NOBODY, bare_mailbox)
    } else {
        section.require(
            "POLL_MESSAGE_ADDRESS",
            "an address of yours for the dummies that probe open circuits",
            bare_mailbox,
        )
    };
    // One mistake is reported once.
    let default = to.as_ref().map_or_else(|| NOBODY.to_owned(), ToString::to_string);
    let from = section.parse("POLL_FROM_ADDRESS", &default, mailbox);
    for (name, mailbox) in [("POLL_MESSAGE_ADDRESS", &to), ("POLL_FROM_ADDRESS", &from)] {
        mailbox.iter().for_each(|mailbox| section.in_force(name, &mailbox.to_string()));
    }
    let first = section.parse("POLL_INTERVAL", "5s", period);
    let longest = section.parse("POLL_INTERVAL_MAX", "300s", period);
    let backoff = Backoff { first: first?, longest: longest? };
    if backoff.longest < backoff.first {
        section.error("POLL_INTERVAL_MAX", "is shorter than SMSP_POLL_INTERVAL: raise the one or lower the other");
    }
    Some(supervisor::Settings { backoff, from: from?, to: to? })
}

fn dispatch(section: &mut Section) -> Option<dispatch::Settings> {
    let request_deadline = section.parse("REQUEST_DEADLINE", "15s", period);
    let failovers = [("never", Failover::Never), ("safe", Failover::Safe), ("always", Failover::Always)];
    let failover = section.parse("FAILOVER", "safe", |text| choice(text, &failovers));
    let routings = [("priority", Strategy::Priority), ("round_robin", Strategy::RoundRobin)];
    let routing = section.parse("ROUTING", "priority", |text| choice(text, &routings));
    let all_open = [("serve", AllOpen::Serve), ("unhealthy", AllOpen::Unhealthy), ("exit", AllOpen::Exit)];
    let all_open = section.parse("ALL_OPEN", "serve", |text| choice(text, &all_open));
    Some(dispatch::Settings {
        failover: failover?,
        routing: routing?,
        request_deadline: request_deadline?,
        all_open: all_open?,
    })
}

fn held_answers(section: &mut Section) -> Option<usize> {
    section.parse("HELD_ANSWERS", "20000", |text| count_to(text, MAX_HELD_ANSWERS))
}

fn shutdown(section: &mut Section) -> Option<shutdown::Settings> {
    let delay = section.parse("DRAIN_DELAY", "0s", duration);
    let deadline = section.parse("DRAIN_DEADLINE", "20s", duration);
    Some(shutdown::Settings { delay: delay?, deadline: deadline? })
}

fn telemetry(section: &mut Section) -> Option<telemetry::Settings> {
    let formats =
        [("DEBUG", Format::Debug), ("JSON_ONELINE", Format::JsonOneline), ("JSON_PRETTY", Format::JsonPretty)];
    // The original's README spells it so.
    let known = |text: &str| if text == "JSON_ONLINE" { "JSON_ONELINE" } else { text }.to_owned();
    let format = section.parse("LOG_OUTPUT_FORMAT", "DEBUG", |text| choice(&known(text), &formats));
    let shown = known(&section.effective("LOG_OUTPUT_FORMAT"));
    section.in_force("LOG_OUTPUT_FORMAT", &shown);
    let debug = section.parse("LOG_OUTPUT_DEBUG", "false", truth);
    Some(telemetry::Settings { format: format?, debug: debug? })
}

#[cfg(test)]
mod tests;

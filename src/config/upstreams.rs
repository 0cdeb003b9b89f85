//! Which upstreams there are, and the settings of each: `SMSP_PROVIDERS` and every `SMSP_<NAME>_...`.

use std::time::Duration;

use super::egress;
use super::limits::Limits;
use super::section::Section;
use super::value::{choice, period, truth};
use crate::provider::{self, Connect, EgressProxy, Kind, Provider, Values};
use crate::upstream::{self, Probe};

/// Words that begin variables of ours, now or in a later version.
const RESERVED: [&str; 26] = [
    "account",
    "all",
    "api",
    "attempt",
    "body",
    "caller",
    "circuit",
    "concurrency",
    "connect",
    "docs",
    "drain",
    "egress",
    "failover",
    "header",
    "host",
    "idle",
    "log",
    "max",
    "ops",
    "poll",
    "port",
    "probe",
    "providers",
    "request",
    "routing",
    "sender",
];

/// One configured provider account.
pub struct UpstreamConfig {
    /// As in `SMSP_PROVIDERS`.
    pub name: String,
    /// The kind of its provider.
    pub kind: &'static str,
    /// Its adapter.
    pub provider: Box<dyn Provider>,
    /// Its limits.
    pub settings: upstream::Settings,
}

/// An upstream that is to be read.
pub(super) struct Named {
    name: String,
    kind: &'static Kind,
    /// Named, but the mock takes its place.
    idle: bool,
}

impl Named {
    fn new(name: &str, kind: &'static Kind) -> Self {
        Self { name: name.to_owned(), kind, idle: false }
    }

    fn prefix(&self) -> String {
        format!("{}_", self.name.replace('-', "_"))
    }
}

/// Do all their dummies stay on this machine?
pub(super) fn are_local(upstreams: &[Named]) -> bool {
    upstreams.iter().all(|upstream| upstream.kind.local || upstream.idle)
}

/// The upstreams in their order: as named, else every kind that has a variable set; the mock instead if it is asked
/// for. Entries that make no sense are left out, with an error.
pub(super) fn names(section: &mut Section) -> Vec<Named> {
    let mock = section.parse("MOCK_EMAIL_SERVICE", "false", truth) == Some(true);
    let configured = provider::KINDS.iter().map(|kind| kind.upstream);
    let configured: Vec<_> = configured.filter(|name| section.has(&format!("{name}_"))).collect();
    let text = section.parse("PROVIDERS", &configured.join(","), |text| Ok(text.to_owned())).unwrap_or_default();
    let (mut names, faulty) = listed(section, &text);
    if mock {
        names.retain(|named| named.kind.name != "mock");
        names.iter_mut().for_each(|named| named.idle = true);
        names.extend(provider::kind("mock").map(|kind| Named::new(kind.upstream, kind)));
    } else if names.is_empty() && !faulty {
        section.error("PROVIDERS", NO_PROVIDER);
    }
    names
}

const NO_PROVIDER: &str = "names none and none is configured: set SMSP_MG_DOMAIN and SMSP_MG_API_KEY, or \
     SMSP_SG_API_KEY, or SMSP_MAILDIR_DIR, or SMSP_MOCK_EMAIL_SERVICE=true";

/// The sound entries, and whether there were others.
fn listed(section: &mut Section, text: &str) -> (Vec<Named>, bool) {
    let (mut names, mut faulty) = (Vec::<Named>::new(), false);
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match parse_name(entry) {
            Ok(named) if names.iter().all(|seen| seen.name != named.name) => names.push(named),
            other => {
                let problem = other.map_or_else(|problem| problem, |named| format!("names {} twice", named.name));
                section.error("PROVIDERS", &problem);
                faulty = true;
            }
        }
    }
    (names, faulty)
}

fn parse_name(entry: &str) -> Result<Named, String> {
    let (name, kind) = match entry.split_once('=') {
        Some((name, kind)) => (name.trim(), provider::kind(kind.trim())),
        None => (entry, provider::KINDS.iter().find(|kind| kind.upstream == entry)),
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err(format!("has the name `{name}`: write lower-case letters, digits and -, a letter first"));
    }
    let first_word = name.split('-').next().unwrap_or(name);
    if RESERVED.contains(&first_word) {
        return Err(format!("has the name `{name}`: variables of ours begin with that word, take another"));
    }
    let kinds: Vec<_> = provider::KINDS.iter().map(|kind| kind.name).collect();
    let kind =
        kind.ok_or_else(|| format!("has no kind for `{entry}`: write name=kind, kind one of {}", kinds.join(", ")))?;
    Ok(Named::new(name, kind))
}

/// What holds for every upstream that has no word of its own.
pub(super) struct Common {
    limits: Limits,
    connect_timeout: Duration,
    egress_proxy: Option<EgressProxy>,
    /// `None`: each upstream's own attempt timeout.
    probe_timeout: Option<Duration>,
    probe: Probe,
    account_hold: Duration,
    sender_hold: Duration,
}

impl Common {
    pub(super) fn read(section: &mut Section) -> Self {
        let connect_timeout = section.parse("CONNECT_TIMEOUT", "1s", period).unwrap_or_default();
        let egress_proxy = egress::proxy(section);
        let limits = Limits::read(section, None);
        let is_set = section.has("PROBE_TIMEOUT");
        let probe_timeout = section.parse("PROBE_TIMEOUT", limits.attempt_timeout_text(), period).filter(|_| is_set);
        let probes = [("auto", Probe::Auto), ("message", Probe::Message)];
        let probe = section.parse("PROBE", "auto", |text| choice(text, &probes)).unwrap_or(Probe::Auto);
        let account_hold = section.parse("ACCOUNT_HOLD", "15m", period).unwrap_or_default();
        let sender_hold = section.parse("SENDER_HOLD", "10m", period).unwrap_or_default();
        Self { limits, connect_timeout, egress_proxy, probe_timeout, probe, account_hold, sender_hold }
    }
}

/// Reads every upstream's own section; the longest name claims first.
pub(super) fn read(
    section: &mut Section,
    names: &[Named],
    common: &Common,
    poll_interval: Option<Duration>,
) -> Option<Vec<UpstreamConfig>> {
    let mut own: Vec<_> = names.iter().map(|_| None).collect();
    let mut by_length: Vec<_> = (0..names.len()).collect();
    by_length.sort_by_key(|&index| std::cmp::Reverse(names[index].name.len()));
    for index in by_length {
        own[index] = Some(section.split_off(&names[index].prefix()));
    }
    ignore_unlisted(section, names);
    let mut upstreams = Vec::new();
    for (named, mut own) in names.iter().zip(own.into_iter().flatten()).filter(|(named, _)| !named.idle) {
        upstreams.push(upstream(named, &mut own, common, poll_interval));
        section.join(own);
        if common.egress_proxy.is_some() {
            egress::warn_of_a_direct_way(section, &named.name, named.kind);
        }
    }
    upstreams.into_iter().collect()
}

/// An operator who takes a provider out of the list need not unset its variables.
fn ignore_unlisted(section: &mut Section, names: &[Named]) {
    for kind in provider::KINDS.iter().filter(|kind| names.iter().all(|named| named.name != kind.upstream)) {
        let own = kind.variables.iter().map(|variable| variable.name);
        for variable in own.chain(Limits::NAMES) {
            let name = format!("{}_{variable}", kind.upstream);
            section.ignore(&[&name, &format!("{name}_FILE")]);
        }
    }
}

fn upstream(
    named: &Named,
    own: &mut Section,
    common: &Common,
    poll_interval: Option<Duration>,
) -> Option<UpstreamConfig> {
    let values = values(named.kind, own);
    let settings = settings(named.kind, own, common, poll_interval);
    let connect = Connect { timeout: settings.connect_timeout, proxy: common.egress_proxy.clone() };
    let provider = (named.kind.build)(&values?, connect);
    let provider = provider.map_err(|invalid| own.error(invalid.variable, invalid.problem)).ok()?;
    Some(UpstreamConfig { name: named.name.clone(), kind: named.kind.name, provider, settings })
}

fn values(kind: &Kind, own: &mut Section) -> Option<Values> {
    let mut values = Some(Values::default());
    for variable in kind.variables {
        let what = format!("the {} upstream needs it", kind.name);
        let text = |text: &str| Ok(text.to_owned());
        let value = match variable.default {
            // A secret has no other default than to be empty.
            Some(_) if variable.secret => own.optional_secret(variable.name),
            None if variable.secret => own.secret(variable.name, &what),
            Some(default) => own.parse(variable.name, default, text).map(Into::into),
            None => own.require(variable.name, &what, text).map(Into::into),
        };
        match (&mut values, value) {
            (Some(values), Some(value)) => values.set(variable, value),
            _ => values = None,
        }
    }
    values
}

fn settings(kind: &Kind, own: &mut Section, common: &Common, poll_interval: Option<Duration>) -> upstream::Settings {
    let limits = Limits::read(own, Some(&common.limits));
    let connect_timeout = common.connect_timeout.min(limits.attempt_timeout() / 2);
    upstream::Settings {
        capabilities: kind.capabilities,
        attempt_timeout: limits.attempt_timeout(),
        connect_timeout,
        probe_timeout: common.probe_timeout.unwrap_or(limits.attempt_timeout()),
        probe: common.probe,
        slow_call: limits.slow_call(),
        first_wait: poll_interval.unwrap_or_default(),
        account_hold: common.account_hold,
        sender_hold: common.sender_hold,
        ramp: limits.ramp(),
        concurrency: limits.concurrency(),
        circuit: limits.circuit(),
    }
}

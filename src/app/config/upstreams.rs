//! The settings of upstreams: those of all, and every `SMSP_<NAME>_...`.

use std::time::Duration;

use super::egress;
use super::limits::Limits;
use super::providers::Named;
use super::section::Section;
use super::times;
use super::value::{choice, period};
use crate::delivery::provider::{self, Connect, EgressProxy, Kind, Provider, Values};
use crate::delivery::upstream::{self, Probe};

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

/// Do all their dummies stay on this machine?
pub(super) fn are_local(upstreams: &[Named]) -> bool {
    upstreams.iter().all(|upstream| upstream.kind.local || upstream.idle)
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
    let upstreams: Vec<_> = upstreams.into_iter().collect::<Option<_>>()?;
    times::list_connect_timeout(section, common.connect_timeout, &upstreams);
    if common.probe_timeout.is_none() {
        times::list_default_probe_timeout(section, &upstreams);
    }
    Some(upstreams)
}

/// An operator who takes a provider out of the list need not unset its variables.
fn ignore_unlisted(section: &mut Section, names: &[Named]) {
    for kind in provider::KINDS.iter().filter(|kind| names.iter().all(|named| named.name != kind.upstream)) {
        let own = kind.variables.iter().map(|variable| variable.name);
        for variable in own.chain(Limits::NAMES) {
            let name = format!("{}_{variable}", kind.upstream);
            section.ignore(&name);
            section.ignore(&format!("{name}_FILE"));
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
            (Some(values), Some(value)) => values.set(variable.name, value),
            _ => values = None,
        }
    }
    for variable in values.iter().flat_map(|_| kind.variables) {
        let in_force = variable.in_force.zip(values.as_ref()).and_then(|(in_force, values)| in_force(values));
        in_force.into_iter().for_each(|text| own.in_force(variable.name, &text));
    }
    values
}

fn settings(kind: &Kind, own: &mut Section, common: &Common, poll_interval: Option<Duration>) -> upstream::Settings {
    let limits = Limits::read(own, Some(&common.limits));
    let connect_timeout = times::connect_timeout(common.connect_timeout, limits.attempt_timeout());
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

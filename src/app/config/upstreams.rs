//! The settings of upstreams: those of all, and every `SMSP_<NAME>_...`.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use reqwest::Url;

use super::egress;
use super::providers::UpstreamSpec;
use super::times;
use super::upstream::UpstreamConfig;
use crate::delivery::provider::{self, Connect, EgressProxy, Kind};
use crate::delivery::routing::FLOOR_PARTS;
use crate::delivery::upstream;
use crate::delivery::upstream::Server;
use crate::delivery::upstream::global::Global;
use crate::delivery::upstream::limits::{ATTEMPT_TIMEOUT, CIRCUIT_SLOW_CALL, FLOOR, Limits};
use crate::delivery::upstream::quota;
use crate::delivery::upstream::quota::settings::NODES;
use crate::runtime::settings::Section;

/// Do all their probes stay on this machine?
pub(super) fn are_local(upstreams: &[UpstreamSpec]) -> bool {
    upstreams.iter().all(|upstream| upstream.kind.local || upstream.idle)
}

/// What all upstreams have in common, as far as it is sound.
struct Common {
    global: Option<Global>,
    egress_proxy: Option<EgressProxy>,
    poll_interval: Option<Duration>,
    /// Those that share the rates.
    nodes: NonZeroU32,
    /// As it is listed.
    slow_call: String,
}

/// Reads what holds for all upstreams, then every upstream's own section; the longest name claims first.
pub(super) fn read(
    section: &mut Section,
    specs: &[UpstreamSpec],
    poll_interval: Option<Duration>,
) -> Option<Vec<UpstreamConfig>> {
    let egress_proxy = egress::proxy(section);
    let inherited = common_limits(section);
    let attempt_timeout = inherited.get(ATTEMPT_TIMEOUT.row.name).map(String::as_str).or(ATTEMPT_TIMEOUT.row.default);
    let global = Global::read(section, attempt_timeout.unwrap_or_default());
    let slow_call = section.effective(CIRCUIT_SLOW_CALL.row.name);
    let nodes = section.read(&NODES).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let common = Common { global, egress_proxy, poll_interval, nodes, slow_call };
    let mut own: Vec<_> = specs.iter().map(|_| None).collect();
    let mut by_length: Vec<_> = (0..specs.len()).collect();
    by_length.sort_by_key(|&index| std::cmp::Reverse(specs[index].name.len()));
    for index in by_length {
        own[index] = Some(section.split_off(&specs[index].prefix()));
    }
    ignore_unlisted(section, specs);
    let mut upstreams = Vec::new();
    for (spec, mut own) in specs.iter().zip(own.into_iter().flatten()).filter(|(spec, _)| !spec.idle) {
        own.inherit(&inherited);
        upstreams.push(upstream(spec, &mut own, &common));
        section.join(own);
        if common.egress_proxy.is_some() {
            egress::warn_of_a_direct_way(section, &spec.name, spec.kind);
        }
    }
    let upstreams: Vec<_> = upstreams.into_iter().collect::<Option<_>>()?;
    check_floors(section, &upstreams);
    let global = global?;
    times::list_connect_timeout(section, global.connect_timeout, &upstreams);
    times::list_probe_timeout(section, global.probe_timeout, &upstreams);
    Some(upstreams)
}

/// What the standbys get leaves some for the upstream that is preferred.
fn check_floors(section: &mut Section, upstreams: &[UpstreamConfig]) {
    let floors: u32 = upstreams.iter().map(|upstream| upstream.settings.floor).sum();
    if let Some(highest) = upstreams.iter().max_by_key(|upstream| upstream.settings.floor)
        && floors >= FLOOR_PARTS
    {
        let name = format!("{}_{}", highest.name.replace('-', "_"), FLOOR.row.name);
        section.error(&name, "is too high: the floors of all upstreams together must be less than 100%");
    }
}

/// Reads the limits of all upstreams, which each upstream inherits as they were written.
fn common_limits(section: &mut Section) -> BTreeMap<String, String> {
    let limits = Limits::read(section);
    let inherited = section.values_in_force(Limits::names());
    list_slow_call(section, limits.as_ref());
    inherited
}

/// Lists a time that no attempt can take as what it comes to.
fn list_slow_call(section: &mut Section, limits: Option<&Limits>) {
    if limits.is_some_and(|limits| limits.slow_call().is_none()) {
        section.in_force(CIRCUIT_SLOW_CALL.row.name, "never");
    }
}

/// An operator who takes a provider out of the list need not unset its variables.
fn ignore_unlisted(section: &mut Section, specs: &[UpstreamSpec]) {
    for kind in provider::KINDS.iter().filter(|kind| specs.iter().all(|spec| spec.name != kind.upstream)) {
        let own = kind.variables.iter().map(|variable| variable.name);
        for variable in own.chain(Limits::names()) {
            let name = format!("{}_{variable}", kind.upstream);
            section.ignore(&name);
            section.ignore(&format!("{name}_FILE"));
        }
    }
}

fn upstream(spec: &UpstreamSpec, own: &mut Section, common: &Common) -> Option<UpstreamConfig> {
    let values = own.values(spec.kind.variables, &format!("the {} upstream needs it", spec.kind.name));
    let limits = Limits::read(own);
    list_slow_call(own, limits.as_ref());
    own.by_default(CIRCUIT_SLOW_CALL.row.name, &common.slow_call);
    let server = server(own, spec.kind);
    let settings = limits
        .zip(common.global)
        .map(|(limits, global)| upstream::Settings { server, ..settings(spec.kind, &limits, &global, common) });
    // What cannot be built is an error, whatever else is wrong.
    let timeout = settings.as_ref().map(|settings| settings.connect_timeout).unwrap_or_default();
    let connect = Connect { timeout, proxy: common.egress_proxy.clone() };
    let provider = (spec.kind.build)(&values?, connect);
    let provider = provider.map_err(|invalid| own.error(invalid.variable, invalid.problem)).ok()?;
    Some(UpstreamConfig { name: spec.name.clone(), kind: spec.kind.name, provider, settings: settings? })
}

/// As its variables are listed: that of the URL of an API, or of a relay.
fn server(own: &Section, kind: &Kind) -> Option<Server> {
    let is_http = kind.is_over_http();
    if is_http {
        let url = Url::parse(&own.effective("BASE_URL")).ok()?;
        return Some(Server { host: url.host_str()?.into(), port: url.port_or_known_default(), is_http });
    }
    let host = Some(own.effective("HOST")).filter(|host| !host.is_empty())?;
    Some(Server { host: host.into(), port: own.effective("PORT").parse().ok(), is_http })
}

fn settings(kind: &Kind, limits: &Limits, global: &Global, common: &Common) -> upstream::Settings {
    upstream::Settings {
        server: None,
        capabilities: kind.capabilities,
        attempt_timeout: limits.attempt_timeout,
        connect_timeout: times::connect_timeout(global.connect_timeout, limits.attempt_timeout),
        probe_timeout: global.probe_timeout.unwrap_or(limits.attempt_timeout),
        probe: global.probe,
        slow_call: limits.slow_call(),
        first_wait: common.poll_interval.unwrap_or_default(),
        account_hold: global.account_hold,
        from_domains: limits.from_domains.clone(),
        sender_hold: global.sender_hold,
        ramp: limits.ramp,
        concurrency: limits.concurrency,
        quota: quota::Settings { rates: limits.rates.clone(), ramp_up: limits.ramp_up.clone(), nodes: common.nodes },
        weight: limits.weight,
        floor: limits.floor,
        circuit: limits.circuit(),
    }
}

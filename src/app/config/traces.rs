//! Traces: the variables of OpenTelemetry that are read here. They may be those of every service of a cluster, so what has
//! no row is ignored, with a warning where it is about the way to the collector; what has one must be right; and where nothing
//! is recorded none of the others is looked at.

use secrecy::ExposeSecret;

use super::names::OTEL;
use crate::runtime::host_name::host_name;
use crate::runtime::ids;
use crate::runtime::settings::{Row, Section};
use crate::runtime::telemetry::trace::settings::{
    EXPORTER_OTLP_ENDPOINT, EXPORTER_OTLP_HEADERS, EXPORTER_OTLP_PROTOCOL, EXPORTER_OTLP_TRACES_ENDPOINT,
    EXPORTER_OTLP_TRACES_PROTOCOL, Exporter, Protocol, RESOURCE_ATTRIBUTES, SDK_DISABLED, SERVICE_NAME,
    TRACES_EXPORTER, TRACES_SAMPLER, TRACES_SAMPLER_ARG, headers, resource, rows,
};
use crate::runtime::telemetry::trace::{Sampler, Settings};

/// How the names of those begin that are about the way to a collector.
const OTLP: &str = "EXPORTER_OTLP_";
/// What follows there in the names of those that are not about traces.
const OF_OTHER_SIGNALS: [&str; 3] = ["METRICS_", "LOGS_", "PROFILES_"];

/// Those of these variables that have a row.
pub(super) fn section(pairs: &[(String, String)]) -> Section {
    let names: Vec<_> = rows().into_iter().map(|entry| entry.row).chain([EXPORTER_OTLP_HEADERS]).collect();
    let is_ours = |name: &str| {
        let name = name.strip_prefix(OTEL)?;
        names.iter().find(|row| name == row.name || (row.secret && name.strip_suffix("_FILE") == Some(row.name)))
    };
    let (ours, others): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(name, _)| is_ours(name).is_some());
    let pairs = ours.into_iter();
    let mut pairs: Vec<_> = pairs.map(|(name, value)| lowered(name, value)).collect();
    let is_off = is_off(&pairs);
    if is_off {
        pairs.retain(|(name, _)| decides(name));
    }
    // What is said of traces counts: the other may be what other signals need.
    if is_set(&pairs, EXPORTER_OTLP_TRACES_PROTOCOL.row) {
        pairs.retain(|(name, _)| !is_one_of(name, [EXPORTER_OTLP_PROTOCOL.row]));
    }
    let mut section = Section::new(OTEL, pairs.into_iter());
    let unused = others.iter().filter(|(name, value)| !is_off && !value.is_empty() && is_of_the_way(name));
    unused.for_each(|(name, _)| section.warning(&name[OTEL.len()..], "is not used: spans are sent without it"));
    section
}

/// Does it say how the spans of a service get to their collector?
fn is_of_the_way(name: &str) -> bool {
    let name = name.strip_prefix(OTEL).and_then(|name| name.strip_prefix(OTLP));
    name.is_some_and(|name| !OF_OTHER_SIGNALS.iter().any(|signal| name.starts_with(signal)))
}

/// Is this the variable of one of these rows?
fn is_one_of<const N: usize>(name: &str, rows: [Row; N]) -> bool {
    name.strip_prefix(OTEL).is_some_and(|name| rows.iter().any(|row| row.name == name))
}

/// Words in lower case: OpenTelemetry takes them in any.
fn lowered(name: String, value: String) -> (String, String) {
    let words =
        [TRACES_SAMPLER.row, EXPORTER_OTLP_PROTOCOL.row, EXPORTER_OTLP_TRACES_PROTOCOL.row, TRACES_EXPORTER.row];
    let value = if is_one_of(&name, words) { value.to_ascii_lowercase() } else { value };
    (name, value)
}

/// Does it say whether anything is recorded?
fn decides(name: &str) -> bool {
    let rows = [SDK_DISABLED.row, TRACES_EXPORTER.row, EXPORTER_OTLP_ENDPOINT.row, EXPORTER_OTLP_TRACES_ENDPOINT.row];
    is_one_of(name, rows)
}

fn value(pairs: &[(String, String)], row: Row) -> &str {
    pairs.iter().find(|(name, _)| is_one_of(name, [row])).map_or("", |(_, value)| value)
}

fn is_set(pairs: &[(String, String)], row: Row) -> bool {
    !value(pairs, row).is_empty()
}

fn is_off(pairs: &[(String, String)]) -> bool {
    let has_collector = [EXPORTER_OTLP_ENDPOINT.row, EXPORTER_OTLP_TRACES_ENDPOINT.row].map(|row| is_set(pairs, row));
    value(pairs, SDK_DISABLED.row).eq_ignore_ascii_case("true")
        || value(pairs, TRACES_EXPORTER.row) == "none"
        || has_collector == [false, false]
}

/// `Some(None)`: nothing is recorded; `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section) -> Option<Option<Settings>> {
    let (is_disabled, exporter) = (section.read(&SDK_DISABLED), section.read(&TRACES_EXPORTER));
    let (base, full) = (section.read(&EXPORTER_OTLP_ENDPOINT), section.read(&EXPORTER_OTLP_TRACES_ENDPOINT));
    let (of_traces, protocol) = (section.read(&EXPORTER_OTLP_TRACES_PROTOCOL), section.read(&EXPORTER_OTLP_PROTOCOL));
    let (strategy, ratio) = (section.read(&TRACES_SAMPLER), section.read(&TRACES_SAMPLER_ARG));
    let (service, attributes) = (section.read(&SERVICE_NAME), section.read(&RESOURCE_ATTRIBUTES));
    let headers = secret_headers(section);
    let (base, full) = (base?, full?);
    let is_on = exporter? == Exporter::Otlp && !is_disabled?;
    let (of_traces, protocol) = (of_traces?, protocol?);
    let is_spoken = of_traces.unwrap_or(protocol) == Protocol::Json;
    if is_on && !is_spoken {
        let row = if of_traces.is_some() { EXPORTER_OTLP_TRACES_PROTOCOL.row } else { EXPORTER_OTLP_PROTOCOL.row };
        section.warning(row.name, "is not http/json, so no trace is recorded");
    }
    let (headers, sampler, resource) =
        (headers?, Sampler::new(strategy?, ratio?), resource(&service?, attributes?, of_this_process()));
    Some(full.or(base).filter(|_| is_on && is_spoken).map(|url| Settings { url, headers, resource, sampler }))
}

fn secret_headers(section: &mut Section) -> Option<reqwest::header::HeaderMap> {
    let Some(source) = section.source(&EXPORTER_OTLP_HEADERS)? else { return Some(Default::default()) };
    let read = source.line().and_then(|text| headers(text.expose_secret()));
    read.map_err(|problem| section.error(source.variable(), &problem)).ok()
}

fn of_this_process() -> Vec<(String, String)> {
    let own = [
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", ids::fresh().to_string()),
        ("host.name", host_name()),
    ];
    own.map(|(key, value)| (key.to_owned(), value)).into()
}

#[cfg(test)]
mod tests;

//! Traces: the variables of OpenTelemetry that are read here. They may be those of every service of a cluster, so what has
//! no row is ignored, and what has one must be right.

use secrecy::ExposeSecret;

use super::names::OTEL;
use crate::runtime::host_name::host_name;
use crate::runtime::ids;
use crate::runtime::settings::Section;
use crate::runtime::telemetry::trace::settings::{
    EXPORTER_OTLP_ENDPOINT, EXPORTER_OTLP_HEADERS, EXPORTER_OTLP_PROTOCOL, EXPORTER_OTLP_TRACES_ENDPOINT,
    RESOURCE_ATTRIBUTES, SDK_DISABLED, SERVICE_NAME, TRACES_SAMPLER, TRACES_SAMPLER_ARG, headers, resource, rows,
};
use crate::runtime::telemetry::trace::{Sampler, Settings};

/// Those of these variables that have a row.
pub(super) fn section(pairs: &[(String, String)]) -> Section {
    let names: Vec<_> = rows().into_iter().map(|entry| entry.row).chain([EXPORTER_OTLP_HEADERS]).collect();
    let is_ours = |name: &str| {
        let name = name.strip_prefix(OTEL)?;
        names.iter().find(|row| name == row.name || (row.secret && name.strip_suffix("_FILE") == Some(row.name)))
    };
    Section::new(OTEL, pairs.iter().filter(|(name, _)| is_ours(name).is_some()).cloned())
}

/// `Some(None)`: nothing is recorded; `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section) -> Option<Option<Settings>> {
    let (base, full) = (section.read(&EXPORTER_OTLP_ENDPOINT), section.read(&EXPORTER_OTLP_TRACES_ENDPOINT));
    let protocol = section.read(&EXPORTER_OTLP_PROTOCOL);
    let (strategy, ratio) = (section.read(&TRACES_SAMPLER), section.read(&TRACES_SAMPLER_ARG));
    let (service, attributes) = (section.read(&SERVICE_NAME), section.read(&RESOURCE_ATTRIBUTES));
    let is_disabled = section.read(&SDK_DISABLED);
    let headers = secret_headers(section);
    let (base, full) = (base?, full?);
    protocol?;
    let (headers, sampler, resource) =
        (headers?, Sampler::new(strategy?, ratio?), resource(&service?, attributes?, of_this_process()));
    let url = full.or(base).filter(|_| is_disabled != Some(true));
    is_disabled.map(|_| url.map(|url| Settings { url, headers, resource, sampler }))
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

//! Where traces go, which of them are recorded, and what is said of this process: the variables that OpenTelemetry has for
//! that. Their names begin with `OTEL_`.

use reqwest::Url;
use reqwest::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TE,
    TRANSFER_ENCODING, UPGRADE,
};

use super::key_values::key_values;
use super::sampler::{Root, Sampler, Strategy};
use crate::runtime::settings::{Choice, Kind, Listed, Parsed, Plain, Row, rows, setting};

/// Behind the base URL (OTLP, section "OTLP/HTTP Request").
const PATH: &str = "v1/traces";

rows! {
    EXPORTER_OTLP_ENDPOINT: Option<Url> = setting("", &BASE, "the collector, for OTLP over HTTP; spans are posted to `/v1/traces` below it; without it nothing is recorded");
    EXPORTER_OTLP_TRACES_ENDPOINT: Option<Url> = setting("", &FULL, "the whole URL that spans are posted to, instead");
    EXPORTER_OTLP_PROTOCOL: Protocol = setting("http/json", &PROTOCOLS, "what the collector is spoken to in; only `http/json` is: with another one nothing is recorded, and a warning says so");
    EXPORTER_OTLP_TRACES_PROTOCOL: Option<Protocol> = setting("", &PROTOCOL_OF_TRACES, "what it is spoken to in for traces, instead");
    TRACES_EXPORTER: Exporter = setting("otlp", &EXPORTERS, "`none`: nothing is recorded, whatever else is set");
    TRACES_SAMPLER: Strategy = setting("parentbased_traceidratio", &STRATEGIES, "which traces are recorded; `parentbased`: where the caller sent a `traceparent`, those that it records");
    TRACES_SAMPLER_ARG: f64 = setting("1.0", &RATIO, "the share of traces that `traceidratio` records");
    SERVICE_NAME: String = setting("", &TEXT, "the name of this service in traces").by_default("the `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else `smsp`");
    RESOURCE_ATTRIBUTES: Vec<(String, String)> = setting("", &ATTRIBUTES, "what else is said of this process");
    SDK_DISABLED: bool = setting("false", &SWITCH, "`true`: nothing is recorded, whatever else is set");
}

/// The headers of requests to the collector: a secret, since one may be a key.
pub const EXPORTER_OTLP_HEADERS: Row = Row::optional_secret(
    "EXPORTER_OTLP_HEADERS",
    "headers of requests to the collector, `name=value,name=value`, with `%XX` for special characters",
);

const BASE: Plain<Option<Url>> = Plain { unit: "URL", parse: base };
/// A query may hold a key.
const FULL: Listed<Option<Url>> = Listed { plain: Plain { unit: "URL", parse: full }, list: without_query };
const PROTOCOLS: Choice<Protocol> =
    Choice(&[("http/json", Protocol::Json), ("http/protobuf", Protocol::Other), ("grpc", Protocol::Other)]);
const PROTOCOL_OF_TRACES: Plain<Option<Protocol>> =
    Plain { unit: "`http/json`, `http/protobuf`, `grpc`", parse: protocol_of_traces };
const EXPORTERS: Choice<Exporter> = Choice(&[("otlp", Exporter::Otlp), ("none", Exporter::None)]);
const RATIO: Plain<f64> = Plain { unit: "share from 0 to 1", parse: ratio };
const TEXT: Plain<String> = Plain { unit: "text", parse: |text| Ok(text.to_owned()) };
const ATTRIBUTES: Plain<Vec<(String, String)>> = Plain { unit: "`key=value,key=value`", parse: key_values };
const SWITCH: Listed<bool> =
    Listed { plain: Plain { unit: "`true`, `false`", parse: switch }, list: |is_on| is_on.to_string() };
const STRATEGIES: Choice<Strategy> = Choice(&[
    ("parentbased_traceidratio", Strategy { by_parent: true, root: Root::Ratio }),
    ("parentbased_always_on", Strategy { by_parent: true, root: Root::All }),
    ("parentbased_always_off", Strategy { by_parent: true, root: Root::None }),
    ("traceidratio", Strategy { by_parent: false, root: Root::Ratio }),
    ("always_on", Strategy { by_parent: false, root: Root::All }),
    ("always_off", Strategy { by_parent: false, root: Root::None }),
]);

/// How a collector is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON over HTTP.
    Json,
    /// One of OpenTelemetry's that is not spoken here.
    Other,
}

/// Who gets spans.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Exporter {
    /// A collector, if there is one.
    Otlp,
    /// Nobody.
    None,
}

/// A collector, and what it gets.
pub struct Settings {
    /// Where spans are posted to.
    pub url: Url,
    /// The headers of each request.
    pub headers: HeaderMap,
    /// What is said of this process.
    pub resource: Vec<(String, String)>,
    /// Which traces are recorded.
    pub sampler: Sampler,
}

/// What the HTTP client writes itself, or what changes where a request ends or goes.
const OF_THE_CLIENT: [HeaderName; 9] =
    [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE];

/// The headers of a text; an error says what is wrong, and quotes nothing.
pub fn headers(text: &str) -> Parsed<HeaderMap> {
    let header = |(name, value): (String, String)| {
        let name = HeaderName::try_from(name).ok()?;
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    };
    let headers: Option<HeaderMap> = key_values(text)?.into_iter().map(header).collect();
    let headers = headers.ok_or_else(|| "has a name or a value that no header can have".to_owned())?;
    match OF_THE_CLIENT.into_iter().find(|name| headers.contains_key(name)) {
        Some(name) => Err(format!("must leave the header {name} to smsp")),
        None => Ok(headers),
    }
}

/// What is said of a process of this service: what is named twice is as it is named first.
pub fn resource(service: &str, attributes: Vec<(String, String)>, own: Vec<(String, String)>) -> Vec<(String, String)> {
    let named = (!service.is_empty()).then(|| ("service.name".to_owned(), service.to_owned()));
    let by_default = ("service.name".to_owned(), env!("CARGO_PKG_NAME").to_owned());
    let mut resource = Vec::<(String, String)>::new();
    for (key, value) in named.into_iter().chain(attributes).chain(own).chain([by_default]) {
        let is_no_name = key == "service.name" && value.is_empty();
        if !is_no_name && resource.iter().all(|(known, _)| *known != key) {
            resource.push((key, value));
        }
    }
    resource
}

fn base(text: &str) -> Parsed<Option<Url>> {
    let below = |url: Url| {
        if url.query().is_some() {
            return Err("must have no query: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT takes a whole URL".to_owned());
        }
        let folder = format!("{}/", url.path().trim_end_matches('/'));
        let mut url = url;
        url.set_path(&format!("{folder}{PATH}"));
        Ok(url)
    };
    full(text)?.map(below).transpose()
}

fn full(text: &str) -> Parsed<Option<Url>> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_plain = |url: &Url| {
        let has_login = !url.username().is_empty() || url.password().is_some();
        matches!(url.scheme(), "http" | "https") && url.has_host() && !has_login && url.fragment().is_none()
    };
    let url = Url::parse(text).ok().filter(is_plain).map(Some);
    url.ok_or_else(|| {
        "must be a URL such as http://collector:4318; a login goes into OTEL_EXPORTER_OTLP_HEADERS".to_owned()
    })
}

fn protocol_of_traces(text: &str) -> Parsed<Option<Protocol>> {
    if text.is_empty() { Ok(None) } else { Kind::parse(&PROTOCOLS, text).map(Some) }
}

fn without_query(url: &Option<Url>) -> String {
    let Some(mut url) = url.clone() else { return String::new() };
    if url.query().is_some() {
        url.set_query(Some("..."));
    }
    url.to_string()
}

fn ratio(text: &str) -> Parsed<f64> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be a share from 0 to 1, for example 0.01".to_owned())
}

/// In any case, as OpenTelemetry has it.
fn switch(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be one of: true, false".to_owned()),
    }
}

#[cfg(test)]
mod tests;

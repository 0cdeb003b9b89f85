//! Every setting there is, in groups: what the help, the tables of the documents and the reserved names are made of.

use std::collections::BTreeSet;

use super::names::{OTEL, PREFIX};
use super::{listen, providers};
use crate::access::admins::settings::{ADMIN_KEY, ADMIN_KEYS};
use crate::access::{admission, callers};
use crate::delivery::dispatch;
use crate::delivery::dispatch::settings::ROUTES;
use crate::delivery::mx;
use crate::delivery::provider::KINDS;
use crate::delivery::provider::egress_proxy::EGRESS_PROXY;
use crate::delivery::supervisor;
use crate::delivery::upstream::{global, limits, quota};
use crate::ingress::api;
use crate::ingress::compat;
use crate::ingress::server::listener;
use crate::runtime::settings::Entry;
use crate::runtime::telemetry::trace::settings as traces;
use crate::runtime::{shutdown, telemetry};
use crate::service::outbox;
use crate::state::{self, answers, audit, store};

/// First words of settings that are to come.
const TO_COME: [&str; 8] = ["console", "quota", "route", "submission", "suppression", "tenant", "tls", "webhook"];

/// Settings that belong together.
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// What holds for all of them, in Markdown; may be empty.
    pub about: &'static str,
    /// Each with its variable in full.
    pub settings: Vec<(String, Entry)>,
}

/// All settings.
pub fn groups() -> Vec<Group> {
    let mut groups = own_groups();
    groups.push(providers_group());
    groups
}

/// First words of settings, those to come included: no upstream may be called so, in lower case.
pub(super) fn reserved_words() -> BTreeSet<String> {
    let groups = own_groups();
    let settings = groups.iter().flat_map(|group| &group.settings);
    let former = settings.clone().filter_map(|(_, entry)| entry.row.former);
    let present = settings.filter_map(|(variable, _)| variable.strip_prefix(PREFIX));
    let first_words = present.chain(former).filter_map(|name| name.split('_').next()).map(str::to_ascii_lowercase);
    let words = first_words.chain(TO_COME.map(str::to_owned));
    // The mock's switch begins with the name of its upstream.
    words.filter(|word| KINDS.iter().all(|kind| kind.upstream != word)).collect()
}

fn own_groups() -> Vec<Group> {
    let keys = vec![callers::settings::API_KEY.entry(), callers::settings::API_KEYS.entry()];
    let answers = [dispatch::settings::rows(), vec![ROUTES.entry()], answers::settings::rows()].concat();
    let requests =
        [api::settings::rows(), admission::settings::rows(), listener::limits::rows(), compat::settings::rows()]
            .concat();
    let probes = [global::rows(), supervisor::settings::rows()].concat();
    vec![
        group("Keys of callers", "", PREFIX, keys),
        group("Limits of callers", EACH_CALLER, "SMSP_CALLER_", callers::settings::rows()),
        group("Listeners", "", PREFIX, [listen::rows(), vec![ADMIN_KEYS.entry(), ADMIN_KEY.entry()]].concat()),
        group("Requests", "", PREFIX, requests),
        group(
            "Upstreams",
            "",
            PREFIX,
            [providers::rows(), vec![EGRESS_PROXY.entry()], quota::settings::rows()].concat(),
        ),
        group("Limits and circuits of upstreams", EACH_UPSTREAM, PREFIX, limits::rows()),
        group("Connections and probes", "", PREFIX, probes),
        group("Sending", "", PREFIX, answers),
        group("Store", "", PREFIX, [store::settings::rows(), audit::settings::rows()].concat()),
        group("Outbox", "", PREFIX, [outbox::settings::rows(), state::outbox::settings::rows()].concat()),
        group("Direct delivery", "", PREFIX, [mx::settings::rows(), mx::dkim::settings::rows()].concat()),
        group("End of a node", "", PREFIX, shutdown::settings::rows()),
        group("Log", "", PREFIX, telemetry::settings::rows()),
        group("Traces", OF_OPENTELEMETRY, OTEL, [traces::rows(), vec![traces::EXPORTER_OTLP_HEADERS.entry()]].concat()),
    ]
}

const OF_OPENTELEMETRY: &str = "The names and values are those of OpenTelemetry, so that variables for all services of a \
     cluster hold here too. Others that begin with `OTEL_` are ignored; where a collector is configured, a warning names \
     those for the way to it that are not used, such as `OTEL_EXPORTER_OTLP_CERTIFICATE`.";
const EACH_CALLER: &str = "Each holds for every caller, and may be set for one alone: `SMSP_CALLER_SHOP_RATE` for the caller \
     `shop`. In names, `-` becomes `_`.";
const EACH_UPSTREAM: &str = "Each holds for every upstream, and may be set for one alone: `SMSP_MG_ATTEMPT_TIMEOUT` for the \
     upstream `mg`. In names, `-` becomes `_`.";
const EACH_ACCOUNT: &str = "An upstream's variables begin with its name; these are those of the names that upstreams have \
     where `SMSP_PROVIDERS` gives no others. Required are those of the upstreams that are used.";

fn providers_group() -> Group {
    let settings = KINDS.iter().flat_map(|kind| {
        let prefix = format!("{PREFIX}{}_", kind.upstream.to_ascii_uppercase());
        kind.variables.iter().map(move |row| (format!("{prefix}{}", row.name), row.entry()))
    });
    Group { title: "Accounts of providers", about: EACH_ACCOUNT, settings: settings.collect() }
}

fn group(title: &'static str, about: &'static str, prefix: &str, entries: Vec<Entry>) -> Group {
    let settings = entries.into_iter().map(|entry| (format!("{prefix}{}", entry.row.name), entry));
    Group { title, about, settings: settings.collect() }
}

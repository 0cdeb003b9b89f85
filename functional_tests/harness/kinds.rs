//! The kinds of providers as the program's own table has them, so that a new one is in the tests from its first day.

use smsp::delivery::provider::{KINDS, Kind};

use super::Settings;

/// The kinds whose API speaks HTTP.
pub(crate) fn over_http() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.variables.iter().any(|variable| variable.name == "BASE_URL"))
}

/// The names of all upstreams, as `SMSP_PROVIDERS` takes them.
pub(crate) fn upstreams() -> String {
    KINDS.iter().map(|kind| kind.upstream).collect::<Vec<_>>().join(",")
}

/// How the variables of a kind's upstream begin.
pub(crate) fn prefix(kind: &Kind) -> String {
    format!("SMSP_{}_", kind.upstream.to_uppercase())
}

/// What a kind cannot do without.
pub(crate) fn with_needed(settings: Settings, kind: &Kind) -> Settings {
    let needed = kind.variables.iter().filter(|variable| variable.default.is_none());
    needed.fold(settings, |all, variable| all.with(&format!("{}{}", prefix(kind), variable.name), "value-1"))
}

/// A server in front of this kind alone, whose API stands at `url`.
pub(crate) fn alone(kind: &Kind, url: &str) -> Settings {
    let settings = Settings::server().with("SMSP_PROVIDERS", kind.upstream);
    with_needed(settings, kind).with(&format!("{}BASE_URL", prefix(kind)), url)
}

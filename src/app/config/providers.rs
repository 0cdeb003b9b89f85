//! The list of upstreams, `SMSP_PROVIDERS`: their names, their order, the kind of each.
//!
//! An entry is `name=kind`, or the default name of a kind, or the name of the kind, which stands for its default name. The last
//! may be `mx`, which is no upstream, but the servers of the recipients themselves.

use std::collections::BTreeSet;

use crate::delivery::provider;
use crate::delivery::routing::rules::MX;
use crate::runtime::settings::{BOOLEAN, Kind, Parsed, Section, rows, setting};
use crate::runtime::suggestion::nearest;

rows! {
    MOCK_EMAIL_SERVICE: bool = setting(
        "false",
        &BOOLEAN,
        "`true`: one mock instead of all providers; subject `timeout` never answers, `fail` fails, `panic` is a fault of \
         ours, anything else is accepted",
    );
    PROVIDERS: String = setting(
        "",
        &UPSTREAM_LIST,
        "the upstreams in order of preference: `name`, or `name=kind` for several accounts of a kind; a kind alone stands \
         for its default name; `mx` last, or alone: mail that no upstream takes goes to its recipients' own servers",
    )
    .by_default("all that are configured, in the order of the kinds; `mx` where there is none and a rule of `SMSP_ROUTES` names it");
}

const UPSTREAM_LIST: UpstreamList = UpstreamList;

/// A list of upstreams, which [`names`] looks into.
struct UpstreamList;

impl Kind<String> for UpstreamList {
    fn parse(&self, text: &str) -> Parsed<String> {
        Ok(text.to_owned())
    }

    fn unit(&self) -> String {
        let kinds: Vec<_> = provider::KINDS.iter().map(|kind| format!("`{}`", kind.name)).collect();
        format!("list separated by commas; kinds are {}", kinds.join(", "))
    }
}

/// An upstream that is to be read.
pub(super) struct UpstreamSpec {
    pub(super) name: String,
    pub(super) kind: &'static provider::Kind,
    /// The upstream is listed, but the mock takes its place.
    pub(super) idle: bool,
}

impl UpstreamSpec {
    fn new(name: &str, kind: &'static provider::Kind) -> Self {
        Self { name: name.to_owned(), kind, idle: false }
    }

    /// What its variables begin with, after `SMSP_`.
    pub(super) fn prefix(&self) -> String {
        format!("{}_", self.name.replace('-', "_"))
    }

    /// As the list names it.
    fn entry(&self) -> String {
        if self.name == self.kind.upstream { self.name.clone() } else { format!("{}={}", self.name, self.kind.name) }
    }
}

/// The operator's list.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) upstreams: Vec<UpstreamSpec>,
    /// Does it end with `mx`?
    pub(super) is_direct: bool,
    /// Is nothing listed, configured, or wrong?
    is_empty: bool,
}

/// The upstreams in their order: as named, else every kind that has a variable set; the mock instead if it is asked
/// for. Entries that make no sense are left out, with an error.
pub(super) fn names(section: &mut Section, reserved: &BTreeSet<String>) -> Listed {
    let mock = section.read(&MOCK_EMAIL_SERVICE) == Some(true);
    let configured = provider::KINDS.iter().map(|kind| kind.upstream);
    let configured: Vec<_> = configured.filter(|name| section.has(&format!("{name}_"))).collect();
    let text = section.read_or(&PROVIDERS, &configured.join(",")).unwrap_or_default();
    let (text, ends_with_mx) = without_mx(&text);
    let (mut names, faulty) = listed(section, text, reserved);
    if mock {
        names.retain(|named| named.kind.name != "mock");
        names.iter_mut().for_each(|named| named.idle = true);
        warn_of_idle_upstreams(section, &names, ends_with_mx);
        names.extend(provider::kind("mock").map(|kind| UpstreamSpec::new(kind.upstream, kind)));
    }
    let is_direct = ends_with_mx && !mock;
    let listed = Listed { is_empty: names.is_empty() && !is_direct && !faulty, upstreams: names, is_direct };
    listed.list(section);
    listed
}

impl Listed {
    /// Where nothing is listed or configured, the rules have to name `mx`; then that is the list.
    pub(super) fn or_as_ruled(self, section: &mut Section, rules_name_mx: bool) -> Self {
        if !self.is_empty {
            return self;
        }
        if !rules_name_mx {
            section.error(PROVIDERS.row.name, NO_PROVIDER);
        }
        let listed = Self { is_direct: rules_name_mx, ..self };
        listed.list(section);
        listed
    }

    /// Lists it as it holds.
    fn list(&self, section: &mut Section) {
        let entries = self.upstreams.iter().filter(|named| !named.idle).map(UpstreamSpec::entry);
        let entries: Vec<_> = entries.chain(self.is_direct.then(|| MX.to_owned())).collect();
        section.in_force(PROVIDERS.row.name, &entries.join(","));
    }
}

/// A list without the `mx` at its end, if it stands there.
fn without_mx(text: &str) -> (&str, bool) {
    let text = text.trim_end_matches([',', ' ', '\t']);
    let (rest, last) = text.rsplit_once(',').unwrap_or(("", text));
    if last.trim() == MX { (rest, true) } else { (text, false) }
}

/// A mock that was forgotten would go on for days.
fn warn_of_idle_upstreams(section: &mut Section, idle: &[UpstreamSpec], mx_is_idle: bool) {
    let idle: Vec<_> = idle.iter().map(|named| named.name.as_str()).chain(mx_is_idle.then_some(MX)).collect();
    if !idle.is_empty() {
        let verb = if idle.len() == 1 { "gets" } else { "get" };
        let problem = format!("is true, so the mock takes all mail, and {} {verb} none", idle.join(", "));
        section.warning(MOCK_EMAIL_SERVICE.row.name, &problem);
    }
}

const NO_PROVIDER: &str = "names none and none is configured: set SMSP_MG_DOMAIN and SMSP_MG_API_KEY, or \
     SMSP_SG_API_KEY, or SMSP_MAILDIR_DIR, or SMSP_MOCK_EMAIL_SERVICE=true";
const MX_ONCE: &str =
    "names mx before others: it is no upstream, and gets the mail that no other takes, so it stands last, once";
const MX_HAS_NO_KIND: &str = "gives mx a name or a kind: it is no account of a provider, so write mx alone, last";

/// The sound entries, and whether there were others.
fn listed(section: &mut Section, text: &str, reserved: &BTreeSet<String>) -> (Vec<UpstreamSpec>, bool) {
    let (mut names, mut faulty) = (Vec::<UpstreamSpec>::new(), false);
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match parse(entry, reserved) {
            Ok(named) if names.iter().all(|seen| seen.name != named.name) => names.push(named),
            other => {
                section.error(PROVIDERS.row.name, &other.map_or_else(|problem| problem, |named| twice(&named)));
                faulty = true;
            }
        }
    }
    (names, faulty)
}

fn twice(UpstreamSpec { name, kind, .. }: &UpstreamSpec) -> String {
    format!("names {name} twice: give a second account a name of its own, such as {name}-2={}", kind.name)
}

fn parse(entry: &str, reserved: &BTreeSet<String>) -> Result<UpstreamSpec, String> {
    if entry == MX {
        return Err(MX_ONCE.to_owned());
    }
    let Some((name, kind)) = entry.split_once('=') else {
        let kind = provider::KINDS.iter().find(|kind| [kind.name, kind.upstream].contains(&entry));
        return kind.map(|kind| UpstreamSpec::new(kind.upstream, kind)).ok_or_else(|| no_kind(entry, None));
    };
    let (name, kind) = (name.trim(), kind.trim());
    if [name, kind].contains(&MX) {
        return Err(MX_HAS_NO_KIND.to_owned());
    }
    check_name(name, reserved)?;
    let kind = provider::kind(kind).ok_or_else(|| no_kind(kind, Some(name)))?;
    let other = provider::KINDS.iter().find(|other| [other.name, other.upstream].contains(&name));
    match other.filter(|other| other.name != kind.name && !kind.local) {
        Some(other) => {
            Err(format!("calls a {} upstream `{name}`, which says {}: take another name", kind.name, other.name))
        }
        None => Ok(UpstreamSpec::new(name, kind)),
    }
}

fn check_name(name: &str, reserved: &BTreeSet<String>) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err(format!("has the name `{name}`: write lower-case letters, digits and -, a letter first"));
    }
    let first_word = name.split('-').next().unwrap_or(name);
    if reserved.contains(first_word) {
        return Err(format!("has the name `{name}`: variables of ours begin with that word, take another"));
    }
    Ok(())
}

/// `word` is no kind; it stood alone or behind a name.
fn no_kind(word: &str, name: Option<&str>) -> String {
    let kinds: Vec<_> = provider::KINDS.iter().map(|kind| kind.name).collect();
    let default_names = provider::KINDS.iter().map(|kind| kind.upstream);
    let meant = nearest(word, kinds.iter().copied().chain(default_names));
    let kind_of = |near| provider::KINDS.iter().find(|kind| kind.upstream == near).map_or(near, |kind| kind.name);
    match (meant, name) {
        (Some(near), None) => format!("has no kind for `{word}`: did you mean {near}?"),
        (Some(near), Some(name)) => format!("has no kind `{word}`: did you mean {name}={}?", kind_of(near)),
        (None, _) => format!("has no kind for `{word}`: write name=kind, kind one of {}", kinds.join(", ")),
    }
}

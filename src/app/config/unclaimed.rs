//! Variables that no setting claims: each is an error, which says what was meant where that can be told.
//!
//! Such a name is misspelt, or it names a caller without a key, an upstream that is not listed, or a kind where its
//! upstream belongs. Values are never looked at, for they may be secrets.

use std::collections::BTreeSet;

use super::callers::CallersConfig;
use super::names::PREFIX;
use super::providers::UpstreamSpec;
use crate::access::callers::CallerPolicy;
use crate::delivery::provider::{self, Kind};
use crate::delivery::upstream::limits::Limits;
use crate::runtime::settings::Section;
use crate::runtime::suggestion::nearest;

/// Variables of upstreams whose names are common enough to end other names too.
const AMBIGUOUS: [&str; 2] = ["HOST", "PORT"];
/// The most names that an error lists.
const MAX_NAMES: usize = 10;

/// Records an error for each variable that is left.
pub(super) fn refuse(
    section: &mut Section,
    callers: Option<&CallersConfig>,
    upstreams: &[UpstreamSpec],
    reserved: &BTreeSet<String>,
) {
    let (unclaimed, known) = section.take_unclaimed();
    let mut callers: Vec<_> = callers.iter().flat_map(|callers| callers.by_name.keys()).map(String::as_str).collect();
    callers.sort_unstable();
    for name in unclaimed {
        let misspelt = misspelt(&name, &known);
        let is_ours = nearest(first_word(&name), reserved.iter().map(String::as_str)).is_some();
        let problem = no_caller(&name, &callers)
            .or_else(|| named_after_a_kind(&name, upstreams))
            .or_else(|| misspelt.clone().filter(|_| is_ours))
            .or_else(|| no_upstream(&name, upstreams, reserved))
            .or(misspelt);
        section.error(&name, problem.as_deref().unwrap_or(UNKNOWN));
    }
}

const UNKNOWN: &str = "is not a setting: correct its name (`smsp help settings` lists all) or remove it";

fn no_caller(name: &str, callers: &[&str]) -> Option<String> {
    let rest = name.strip_prefix("CALLER_")?;
    let owner = owner(rest, CallerPolicy::names())?;
    unknown_owner("caller", owner, callers, |near| format!("CALLER_{near}{}", &rest[owner.len()..]))
}

fn named_after_a_kind(name: &str, upstreams: &[UpstreamSpec]) -> Option<String> {
    if upstreams.iter().any(|named| name.starts_with(&named.prefix().to_ascii_uppercase())) {
        return None;
    }
    let variable = |kind: &Kind| name.strip_prefix(&kind.name.to_ascii_uppercase())?.strip_prefix('_');
    let (kind, variable) = provider::KINDS.iter().find_map(|kind| Some((kind, variable(kind)?)))?;
    let mut names: Vec<_> =
        upstreams.iter().filter(|named| named.kind.name == kind.name).map(UpstreamSpec::prefix).collect();
    if names.is_empty() {
        names.push(format!("{}_", kind.upstream));
    }
    let in_a_file = || Some((nearest(variable.strip_suffix("_FILE")?, variables(kind))?, "_FILE"));
    let (variable, file) = nearest(variable, variables(kind)).map(|variable| (variable, "")).or_else(in_a_file)?;
    let full = |prefix: &String| format!("{PREFIX}{}{variable}{file}", prefix.to_ascii_uppercase());
    let meant: Vec<_> = names.iter().map(full).collect();
    Some(format!("is named after the kind, not the upstream: did you mean {}?", meant.join(" or ")))
}

fn no_upstream(name: &str, upstreams: &[UpstreamSpec], reserved: &BTreeSet<String>) -> Option<String> {
    let variables = provider::KINDS.iter().flat_map(variables).filter(|variable| !AMBIGUOUS.contains(variable));
    let owner = owner(name, variables)?;
    if reserved.contains(&first_word(name).to_ascii_lowercase()) {
        return None;
    }
    let names: Vec<_> = upstreams.iter().map(|named| named.name.as_str()).collect();
    unknown_owner("upstream", owner, &names, |near| format!("{near}{}", &name[owner.len()..]))
}

fn misspelt(name: &str, known: &[String]) -> Option<String> {
    let swapped = [name.replace("TIMEOUT", "DEADLINE"), name.replace("DEADLINE", "TIMEOUT")];
    let swapped = known.iter().find(|known| swapped.contains(known)).map(String::as_str);
    let meant = swapped.or_else(|| nearest(name, known.iter().map(String::as_str)))?;
    Some(format!("is not a setting: did you mean {PREFIX}{meant}?"))
}

fn variables(kind: &'static Kind) -> impl Iterator<Item = &'static str> {
    kind.variables.iter().map(|variable| variable.name).chain(Limits::names())
}

fn first_word(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

/// What stands before the longest of these variables, or of its file.
fn owner(name: &str, variables: impl Iterator<Item = &'static str>) -> Option<&str> {
    let plain = name.strip_suffix("_FILE").unwrap_or(name);
    let before = |variable| name.strip_suffix(variable).or_else(|| plain.strip_suffix(variable));
    let owners = variables.filter_map(|variable| before(variable)?.strip_suffix('_'));
    owners.filter(|owner| !owner.is_empty()).min_by_key(|owner| owner.len())
}

/// The error where none of `all` is the `owner` of a variable; `full` is its name, without our prefix, with another owner.
fn unknown_owner(what: &str, owner: &str, all: &[&str], full: impl Fn(&str) -> String) -> Option<String> {
    let name = owner.to_ascii_lowercase().replace('_', "-");
    if all.is_empty() || all.contains(&name.as_str()) {
        return None;
    }
    if let Some(near) = nearest(&name, all.iter().copied()) {
        let meant = full(&near.to_ascii_uppercase().replace('-', "_"));
        return Some(format!("no {what} is named {name}: did you mean {PREFIX}{meant}?"));
    }
    let more = all.len().saturating_sub(MAX_NAMES);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let all = all[..all.len().min(MAX_NAMES)].join(", ");
    Some(format!("no {what} is named {name}; there are: {all}{more}"))
}

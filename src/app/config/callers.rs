//! Who may call: `SMSP_API_KEY`, `SMSP_API_KEYS` and every caller's `SMSP_CALLER_<NAME>_...`.
//!
//! Keys in a file may change while the node serves: [`KeySource::read`] reads them anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use secrecy::ExposeSecret;

use super::names::PREFIX;
use crate::access::admins::Role;
use crate::access::callers::CallerPolicy;
use crate::access::callers::settings::{API_KEY, API_KEYS};
use crate::access::keys::KeyRing;
use crate::runtime::settings::{Section, Source};

/// The caller who holds `SMSP_API_KEY`.
const DEFAULT_CALLER: &str = "caller";

/// How the names of callers' settings begin.
const CALLER: &str = "CALLER_";

/// Everything about callers.
pub struct CallersConfig {
    /// Their keys, as they are now.
    pub keys: KeyRing,
    /// Where the keys came from.
    pub source: KeySource,
    /// The policy of each caller.
    pub by_name: HashMap<String, CallerPolicy>,
    /// The policy of callers whose keys come later.
    pub common: CallerPolicy,
}

/// Where callers' keys stand.
#[derive(Clone)]
pub struct KeySource {
    one: Option<Source>,
    many: Option<Source>,
}

impl KeySource {
    /// Can they change while the node serves?
    pub fn may_change(&self) -> bool {
        [&self.one, &self.many].into_iter().flatten().any(Source::is_file)
    }

    /// The keys as they are now, none of which may be one of the `admins`; an error names its variable, and no key.
    pub fn read(&self, admins: Option<&KeyRing<Role>>) -> Result<KeyRing, String> {
        let ring = self.ring(SystemTime::now());
        let ring = ring.map_err(|(source, problem)| format!("{PREFIX}{}: {problem}", source.variable()))?;
        match admins.and_then(|admins| ring.shared_with(admins)) {
            Some((caller, admin)) => Err(format!(
                "{PREFIX}{}: has a key for `{caller}` that is the admin key of `{admin}`: give each a key of its own",
                if **caller == *DEFAULT_CALLER { API_KEY.name } else { API_KEYS.name }
            )),
            None => Ok(ring),
        }
    }

    fn ring(&self, now: SystemTime) -> Result<KeyRing, (&Source, String)> {
        let mut ring = KeyRing::default();
        if let Some(one) = &self.one {
            ring.add(DEFAULT_CALLER, one.line().map_err(|problem| (one, problem))?.expose_secret());
        }
        if let Some(many) = &self.many {
            let text = many.text().map_err(|problem| (many, problem))?;
            ring.read(text.expose_secret(), now).map_err(|problem| (many, problem))?;
        }
        Ok(ring)
    }
}

fn source(section: &mut Section) -> Option<KeySource> {
    let (one, many) = (section.source(&API_KEY), section.source(&API_KEYS));
    let source = KeySource { one: one?, many: many? };
    if source.one.is_none() && source.many.is_none() {
        section
            .error(API_KEY.name, "is required: the key that callers send as X-API-KEY (or SMSP_API_KEYS, for several)");
        return None;
    }
    Some(source)
}

pub(super) fn read(section: &mut Section) -> Option<CallersConfig> {
    let source = source(section);
    let keys = source.as_ref().and_then(|source| {
        source.ring(SystemTime::now()).map_err(|(source, problem)| section.error(source.variable(), &problem)).ok()
    });
    let (common, inherited) = common(section);
    let (Some(source), Some(keys)) = (source, keys) else {
        // Whose policies these are is not known; one mistake is reported once.
        drop(section.split_off(CALLER));
        return None;
    };
    let names: BTreeSet<_> = keys.holders().map(|(name, ())| name.to_string()).collect();
    let mut names: Vec<_> = names.into_iter().collect();
    // The longest name claims first: `a-b` before `a`.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let by_name = names.into_iter().map(|name| {
        let mut own = section.split_off(&format!("{CALLER}{}_", name.replace('-', "_")));
        own.inherit(&inherited);
        // A wrong one is an error, so no node starts with what stands for it here.
        let policy = CallerPolicy::read(&mut own).unwrap_or_default();
        section.join(own);
        (name, policy)
    });
    let by_name = by_name.collect();
    Some(CallersConfig { keys, source, by_name, common: common.unwrap_or_default() })
}

/// The policy of all callers, and its texts.
fn common(section: &mut Section) -> (Option<CallerPolicy>, BTreeMap<String, String>) {
    let mut common = section.split_off_names(CALLER, CallerPolicy::names());
    let policy = CallerPolicy::read(&mut common);
    let inherited = common.values_in_force(CallerPolicy::names());
    section.join(common);
    (policy, inherited)
}

//! Who may call: `SMSP_API_KEY`, `SMSP_API_KEYS` and every caller's `SMSP_CALLER_<NAME>_...`.
//!
//! Keys that stand in a file may be exchanged while we serve, so it is read here at the start and once more whenever
//! somebody asks.

use std::collections::{BTreeSet, HashMap};
use std::time::SystemTime;

use secrecy::ExposeSecret;

use super::PREFIX;
use super::section::{Section, Source};
use super::value::{address, count_to, domains, or_none, rate};
use crate::access::admission;
use crate::access::callers::CallerPolicy;
use crate::access::keys::KeyRing;

/// The caller who holds `SMSP_API_KEY`.
const THE_ONE: &str = "caller";

/// What may be set of all callers, and of each.
pub(super) const TERMS: [&str; 4] = ["RATE", "CONCURRENCY", "FROM_DOMAINS", "BOUNCE_ADDRESS"];

/// Everything about callers.
pub struct CallersConfig {
    /// Their keys, as they are now.
    pub keys: KeyRing,
    /// Where the keys came from.
    pub source: KeySource,
    /// The terms of each caller.
    pub by_name: HashMap<String, CallerPolicy>,
    /// The terms of whoever comes later.
    pub common: CallerPolicy,
}

/// Where keys stand.
#[derive(Clone)]
pub struct KeySource {
    one: Option<Source>,
    many: Option<Source>,
}

impl KeySource {
    /// Can they be exchanged while we serve?
    pub fn may_change(&self) -> bool {
        [&self.one, &self.many].into_iter().flatten().any(Source::is_file)
    }

    /// The keys as they are now; an error names its variable, and no key.
    pub fn read(&self) -> Result<KeyRing, String> {
        self.ring(SystemTime::now()).map_err(|(source, problem)| format!("{PREFIX}{}: {problem}", source.variable()))
    }

    fn ring(&self, now: SystemTime) -> Result<KeyRing, (&Source, String)> {
        let mut ring = KeyRing::default();
        if let Some(one) = &self.one {
            ring.add(THE_ONE, one.line().map_err(|problem| (one, problem))?.expose_secret());
        }
        if let Some(many) = &self.many {
            let text = many.text().map_err(|problem| (many, problem))?;
            ring.read(text.expose_secret(), now).map_err(|problem| (many, problem))?;
        }
        Ok(ring)
    }
}

fn source(section: &mut Section) -> Option<KeySource> {
    let (one, many) = (section.source("API_KEY"), section.source("API_KEYS"));
    let source = KeySource { one: one?, many: many? };
    if source.one.is_none() && source.many.is_none() {
        section.error("API_KEY", "is required: the key that callers send as X-API-KEY (or SMSP_API_KEYS, for several)");
        return None;
    }
    Some(source)
}

pub(super) fn read(section: &mut Section) -> Option<CallersConfig> {
    let source = source(section);
    let keys = source.as_ref().and_then(|source| {
        source.ring(SystemTime::now()).map_err(|(source, problem)| section.error(source.variable(), &problem)).ok()
    });
    let common = Written::read(section, "CALLER_", None);
    let (Some(source), Some(keys)) = (source, keys) else {
        // Whose terms these are is not known; one mistake is reported once.
        drop(section.split_off("CALLER_"));
        return None;
    };
    let names: BTreeSet<_> = keys.holders().map(|(name, ())| name.to_string()).collect();
    let mut names: Vec<_> = names.into_iter().collect();
    // The longest name claims first: `a-b` before `a`.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let by_name = names.into_iter().map(|name| {
        let mut own = section.split_off(&format!("CALLER_{}_", name.replace('-', "_")));
        let terms = Written::read(&mut own, "", Some(&common)).terms;
        section.join(own);
        (name, terms)
    });
    let by_name = by_name.collect();
    Some(CallersConfig { keys, source, by_name, common: common.terms })
}

/// Terms as they were understood, and as they were written.
struct Written {
    terms: CallerPolicy,
    texts: [String; 4],
}

impl Written {
    /// What is not set is as in `common`, or free.
    fn read(section: &mut Section, prefix: &str, common: Option<&Self>) -> Self {
        let names = TERMS.map(|name| format!("{prefix}{name}"));
        let free = ["none", "none", "any", "none"].map(str::to_owned);
        let [rate_default, mails_default, domains_default, bounces_default] =
            common.map_or(&free, |common| &common.texts);
        let most = |text: &str| count_to(text, admission::Settings::MAX_IN_FLIGHT);
        let terms = CallerPolicy {
            rate: section.parse(&names[0], rate_default, |text| or_none(text, "none", rate)).flatten(),
            concurrency: section.parse(&names[1], mails_default, |text| or_none(text, "none", most)).flatten(),
            from_domains: section.parse(&names[2], domains_default, |text| or_none(text, "any", domains)).flatten(),
            bounce_address: section.parse(&names[3], bounces_default, |text| or_none(text, "none", address)).flatten(),
        };
        terms.from_domains.iter().for_each(|domains| section.in_force(&names[2], &domains.join(",")));
        terms.bounce_address.iter().for_each(|address| section.in_force(&names[3], address.as_str()));
        Self { terms, texts: names.map(|name| section.effective(&name)) }
    }
}

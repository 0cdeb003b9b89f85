//! The variables of one prefix: claimed one by one, every error kept.
//!
//! Empty means unset; values are trimmed. What is left over when every setting has been read is a mistake. A setting is
//! listed as it was written, or else as it holds ([`Section::in_force`]).
//!
//! envy turns the environment into text by name: it selects the prefix, strips it, and lower-cases the names. Its typed
//! structs are not used, for they stop at the first error.

mod reading;

use std::collections::BTreeMap;

use super::findings::{Effective, Findings};

/// The variables of one prefix, and what became of them.
#[derive(Default)]
pub struct Section {
    prefix: String,
    /// Unclaimed ones, by lower-case name without the prefix.
    values: BTreeMap<String, String>,
    /// Defaults that hold instead of the rows', by name.
    inherited: BTreeMap<String, String>,
    /// Every name that was asked for, set or not.
    known: Vec<String>,
    /// Full names that the sections split off have left over.
    left_over: Vec<String>,
    /// The name under which a setting is set, by its present name.
    former_names: BTreeMap<String, &'static str>,
    effective: Vec<Effective>,
    errors: Vec<String>,
    warnings: Vec<String>,
    deprecated: Vec<String>,
}

impl Section {
    /// The pairs whose names start with `prefix`.
    pub fn new(prefix: &str, pairs: impl Iterator<Item = (String, String)>) -> Self {
        let (odd, pairs): (Vec<_>, Vec<_>) = pairs
            .filter(|(name, value)| name.starts_with(prefix) && !value.trim().is_empty())
            .partition(|(name, _)| name.contains(|c: char| c.is_ascii_lowercase()));
        let values: Result<BTreeMap<String, String>, _> = envy::prefixed(prefix).from_iter(pairs);
        let mut errors: Vec<_> = odd.iter().map(|(name, _)| format!("{name}: names are written in capitals")).collect();
        errors.extend(values.as_ref().err().map(ToString::to_string));
        let values = values.unwrap_or_default().into_iter().map(|(name, value)| (name, value.trim().to_owned()));
        Self { prefix: prefix.to_owned(), values: values.collect(), errors, ..Self::default() }
    }

    /// The value in force of a setting that was read before; empty if it had none, or was wrong.
    pub fn effective(&self, name: &str) -> String {
        let name = self.full(name);
        self.effective.iter().find(|seen| seen.name == name).map(|seen| seen.value.clone()).unwrap_or_default()
    }

    /// Lists this as what holds of a setting that was read before, instead of what was written; of a secret, what may be
    /// seen of it.
    pub fn in_force(&mut self, name: &str, text: &str) {
        self.listed(name).into_iter().for_each(|shown| text.clone_into(&mut shown.value));
    }

    /// Takes this as the default of a setting that was read before.
    pub fn by_default(&mut self, name: &str, text: &str) {
        self.listed(name).into_iter().for_each(|shown| shown.default = Some(text.to_owned()));
    }

    /// Takes what holds in `other` as the default of each setting that is read from now on.
    pub fn inherit(&mut self, inherited: &BTreeMap<String, String>) {
        self.inherited.clone_from(inherited);
    }

    /// The values in force of those of these settings that have been read and are sound.
    pub fn values_in_force<'a>(&self, names: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
        let found = names.filter_map(|name| {
            let full = self.full(name);
            let found = self.effective.iter().find(|seen| seen.name == full)?;
            Some((name.to_owned(), found.value.clone()))
        });
        found.collect()
    }

    /// Is any variable that starts like this still unclaimed?
    pub fn has(&self, start: &str) -> bool {
        let start = start.to_ascii_lowercase();
        self.values.keys().any(|name| name.starts_with(&start))
    }

    /// Moves what starts with `prefix` into a section of its own.
    pub fn split_off(&mut self, prefix: &str) -> Self {
        self.split(prefix, |_| true)
    }

    /// Moves the variables of these names behind `prefix` into a section of its own.
    pub fn split_off_names<'a>(&mut self, prefix: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.map(str::to_ascii_lowercase).collect();
        self.split(prefix, |rest| names.iter().any(|name| name == rest))
    }

    fn split(&mut self, prefix: &str, belongs: impl Fn(&str) -> bool) -> Self {
        let start = prefix.to_ascii_lowercase();
        let mine = self.values.extract_if(.., |name, _| name.strip_prefix(&start).is_some_and(&belongs));
        let values = mine.map(|(name, value)| (name[start.len()..].to_owned(), value)).collect();
        Self { prefix: self.full(prefix), values, ..Self::default() }
    }

    /// Takes the findings of a section that was split off.
    pub fn join(&mut self, mut other: Self) {
        let left_over = std::mem::take(&mut other.values);
        self.left_over.extend(left_over.into_keys().map(|name| other.full(&name)));
        self.left_over.append(&mut other.left_over);
        self.known.append(&mut other.known);
        self.effective.append(&mut other.effective);
        self.errors.append(&mut other.errors);
        self.warnings.append(&mut other.warnings);
        self.deprecated.append(&mut other.deprecated);
    }

    /// Claims a variable, unread.
    pub fn ignore(&mut self, name: &str) {
        self.take(name);
    }

    /// Records what is wrong with a variable; the problem reads on from its name.
    pub fn error(&mut self, name: &str, problem: &str) {
        let written = self.former_names.get(name).copied().unwrap_or(name);
        self.errors.push(format!("{}: {problem}", self.full(written)));
    }

    /// Records what may be meant, but is worth a thought.
    pub fn warning(&mut self, name: &str, problem: &str) {
        self.warnings.push(format!("{}: {problem}", self.full(name)));
    }

    /// The names that no setting has claimed, and all that were asked for: in capitals, without the prefix.
    pub fn take_unclaimed(&mut self) -> (Vec<String>, Vec<String>) {
        let (mut unclaimed, known) = (std::mem::take(&mut self.left_over), std::mem::take(&mut self.known));
        unclaimed.extend(std::mem::take(&mut self.values).into_keys().map(|name| self.full(&name)));
        let short = |names: Vec<String>| names.iter().map(|name| name[self.prefix.len()..].to_owned()).collect();
        (short(unclaimed), short(known))
    }

    /// All that was found.
    pub fn finish(self) -> Findings {
        let Self { effective, errors, warnings, deprecated, .. } = self;
        Findings { effective, errors, warnings, deprecated }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.known.push(self.full(name));
        self.values.remove(&name.to_ascii_lowercase())
    }

    fn list(&mut self, name: &str, value: String, default: Option<&str>) {
        self.effective.push(Effective { name: self.full(name), value, default: default.map(str::to_owned) });
    }

    fn listed(&mut self, name: &str) -> Option<&mut Effective> {
        let name = self.full(name);
        self.effective.iter_mut().find(|seen| seen.name == name)
    }

    fn full(&self, name: &str) -> String {
        format!("{}{}", self.prefix, name.to_ascii_uppercase())
    }
}

//! The variables of one prefix: read with envy as text, claimed one by one, every error kept.
//!
//! Empty means unset; values are trimmed. What is left over when everybody has claimed theirs is a mistake. A setting is
//! listed as it was written, or else as it holds ([`Section::in_force`]).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::Read;

use secrecy::{ExposeSecret, SecretString};

/// More than all keys together need.
const LARGEST_FILE: u64 = 1 << 20;
const REDACTED: &str = "<redacted>";

/// Where a secret stands.
#[derive(Clone)]
pub(super) struct Source {
    /// Without the prefix.
    variable: String,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Variable(SecretString),
    File(String),
}

impl Source {
    /// The variable that says so, without the prefix.
    pub(super) fn variable(&self) -> &str {
        &self.variable
    }

    /// May it change while we look?
    pub(super) fn is_file(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// The secret as it is now.
    pub(super) fn text(&self) -> Result<SecretString, String> {
        match &self.place {
            Place::Variable(secret) => Ok(secret.clone()),
            Place::File(path) => read_secret(path).map(SecretString::from),
        }
    }

    /// The same where it must be one line.
    pub(super) fn line(&self) -> Result<SecretString, String> {
        self.text().and_then(|secret| check_secret(secret.expose_secret()).map(|()| secret))
    }
}

/// The variables of one prefix, and what became of them.
#[derive(Default)]
pub(super) struct Section {
    prefix: String,
    /// Unclaimed ones, by lower-case name without the prefix.
    values: BTreeMap<String, String>,
    /// Every name that was asked for, set or not.
    known: Vec<String>,
    /// Full names that the sections split off have left over.
    left_over: Vec<String>,
    effective: Vec<(String, String)>,
    errors: Vec<String>,
    warnings: Vec<String>,
    /// The name under which a setting is set, by its present name: both in lower case, without the prefix.
    former_names: BTreeMap<String, String>,
    deprecated: Vec<String>,
}

impl Section {
    /// The pairs whose names start with `prefix`.
    pub(super) fn read(prefix: &str, pairs: impl Iterator<Item = (String, String)>) -> Self {
        let (odd, pairs): (Vec<_>, Vec<_>) = pairs
            .filter(|(name, value)| name.starts_with(prefix) && !value.trim().is_empty())
            .partition(|(name, _)| name.contains(|c: char| c.is_ascii_lowercase()));
        let values: Result<BTreeMap<String, String>, _> = envy::prefixed(prefix).from_iter(pairs);
        let mut errors: Vec<_> = odd.iter().map(|(name, _)| format!("{name}: names are written in capitals")).collect();
        errors.extend(values.as_ref().err().map(ToString::to_string));
        let values = values.unwrap_or_default().into_iter().map(|(name, value)| (name, value.trim().to_owned()));
        Self { errors, ..Self::new(prefix.to_owned(), values.collect()) }
    }

    fn new(prefix: String, values: BTreeMap<String, String>) -> Self {
        Self { prefix, values, ..Self::default() }
    }

    /// Takes the setting `name` under its former name too, which is recorded as deprecated. Both are a contradiction. Called
    /// before the setting is read.
    pub(super) fn accept_former_name(&mut self, former: &str, name: &str) {
        let Some(text) = self.values.remove(&former.to_ascii_lowercase()) else { return };
        let (old, new) = (self.full(former), self.full(name));
        match self.values.entry(name.to_ascii_lowercase()) {
            Entry::Occupied(_) => {
                self.error(former, &format!("is the former name of {new}, which is set too: remove {old}"))
            }
            Entry::Vacant(place) => {
                place.insert(text);
                self.former_names.insert(name.to_ascii_lowercase(), former.to_ascii_lowercase());
                self.deprecated.push(format!("{old}: is deprecated: rename it to {new}; the next version refuses it"));
            }
        }
    }

    /// A setting; `default` is written as an operator would.
    pub(super) fn parse<T>(
        &mut self,
        name: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.take(name).unwrap_or_else(|| default.to_owned());
        self.understand(name, text, parse)
    }

    fn understand<T>(&mut self, name: &str, text: String, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let value = parse(&text).map_err(|problem| self.error(name, &problem)).ok();
        self.effective.push((self.full(name), text));
        value
    }

    /// A setting without a default; `what` it is stands in the error.
    pub(super) fn require<T>(
        &mut self,
        name: &str,
        what: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if let Some(text) = self.take(name) {
            return self.understand(name, text, parse);
        }
        self.error(name, &format!("is required: {what}"));
        None
    }

    /// A secret without a default, from the variable itself or from the file that `<NAME>_FILE` names.
    pub(super) fn secret(&mut self, name: &str, what: &str) -> Option<SecretString> {
        let Some(source) = self.source(name)? else {
            self.error(name, &format!("is required: {what}"));
            return None;
        };
        source.line().map_err(|problem| self.error(source.variable(), &problem)).ok()
    }

    /// Where a secret stands: in the variable itself, or in the file that `<NAME>_FILE` names; if it is set at all. Both
    /// contradict each other, which is recorded.
    pub(super) fn source(&mut self, name: &str) -> Option<Option<Source>> {
        let file = format!("{name}_FILE");
        let (text, path) = (self.take(name), self.take(&file));
        let shown = if text.is_some() || path.is_some() { REDACTED } else { "" };
        self.effective.push((self.full(name), shown.to_owned()));
        match (text, path) {
            (None, None) => Some(None),
            (Some(text), None) => Some(Some(Source { variable: name.to_owned(), place: Place::Variable(text.into()) })),
            (None, Some(path)) => Some(Some(Source { variable: file, place: Place::File(path) })),
            (Some(_), Some(_)) => {
                self.error(&file, &format!("is set beside {}: remove one of them", self.full(name)));
                None
            }
        }
    }

    /// The same where it may be left out; then it is empty.
    pub(super) fn optional_secret(&mut self, name: &str) -> Option<SecretString> {
        let Some(source) = self.source(name)? else { return Some(SecretString::default()) };
        source.line().map_err(|problem| self.error(source.variable(), &problem)).ok()
    }

    /// The effective text of a setting that was read before; empty if it had none.
    pub(super) fn effective(&self, name: &str) -> String {
        let name = self.full(name);
        let found = self.effective.iter().find(|(seen, _)| *seen == name);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// Lists this as what holds of a setting that was read before, instead of what was written; of a secret, what may be
    /// seen of it.
    pub(super) fn in_force(&mut self, name: &str, text: &str) {
        let name = self.full(name);
        let found = self.effective.iter_mut().find(|(seen, _)| *seen == name);
        found.into_iter().for_each(|(_, shown)| text.clone_into(shown));
    }

    /// Is any variable that starts like this still unclaimed?
    pub(super) fn has(&self, start: &str) -> bool {
        let start = start.to_ascii_lowercase();
        self.values.keys().any(|name| name.starts_with(&start))
    }

    /// Moves what starts with `prefix` into a section of its own.
    pub(super) fn split_off(&mut self, prefix: &str) -> Self {
        let start = prefix.to_ascii_lowercase();
        let mine = self.values.extract_if(.., |name, _| name.starts_with(&start));
        let values = mine.map(|(name, value)| (name[start.len()..].to_owned(), value)).collect();
        Self::new(self.full(prefix), values)
    }

    /// Takes the findings of a section that was split off.
    pub(super) fn join(&mut self, mut other: Self) {
        let left_over = std::mem::take(&mut other.values);
        self.left_over.extend(left_over.into_keys().map(|name| other.full(&name)));
        self.known.append(&mut other.known);
        self.effective.append(&mut other.effective);
        self.errors.append(&mut other.errors);
        self.warnings.append(&mut other.warnings);
        self.deprecated.append(&mut other.deprecated);
    }

    /// Claims it, unread.
    pub(super) fn ignore(&mut self, name: &str) {
        self.take(name);
    }

    /// Records what is wrong with a variable; the problem reads on from its name.
    pub(super) fn error(&mut self, name: &str, problem: &str) {
        let written = self.former_names.get(&name.to_ascii_lowercase()).map_or(name, String::as_str);
        self.errors.push(format!("{}: {problem}", self.full(written)));
    }

    /// What may be meant, but is worth a thought.
    pub(super) fn warning(&mut self, name: &str, problem: &str) {
        self.warnings.push(format!("{}: {problem}", self.full(name)));
    }

    /// The warnings so far, and the variables that are set under a former name.
    pub(super) fn take_notices(&mut self) -> (Vec<String>, Vec<String>) {
        (std::mem::take(&mut self.warnings), std::mem::take(&mut self.deprecated))
    }

    /// The names that nobody has claimed, and all that somebody has asked for: in capitals, without the prefix.
    pub(super) fn take_unclaimed(&mut self) -> (Vec<String>, Vec<String>) {
        let (mut unclaimed, known) = (std::mem::take(&mut self.left_over), std::mem::take(&mut self.known));
        unclaimed.extend(std::mem::take(&mut self.values).into_keys().map(|name| self.full(&name)));
        let short = |names: Vec<String>| names.iter().map(|name| name[self.prefix.len()..].to_owned()).collect();
        (short(unclaimed), short(known))
    }

    /// The effective settings and all errors.
    pub(super) fn finish(self) -> (Vec<(String, String)>, Vec<String>) {
        (self.effective, self.errors)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.known.push(self.full(name));
        self.values.remove(&name.to_ascii_lowercase())
    }

    fn full(&self, name: &str) -> String {
        format!("{}{}", self.prefix, name.to_ascii_uppercase())
    }
}

/// One line of plain text: anything else could not be sent as a header.
fn check_secret(secret: &str) -> Result<(), String> {
    let plain = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER;
    if secret.chars().all(plain) { Ok(()) } else { Err("must be one line of plain text".to_owned()) }
}

fn read_secret(path: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_string(&mut text));
    match read.map(|_| text.trim().to_owned()) {
        Ok(secret) if secret.is_empty() => Err("names an empty file".to_owned()),
        Ok(_) if text.len() as u64 > LARGEST_FILE => Err(format!("names a file of more than {LARGEST_FILE} bytes")),
        Ok(secret) => Ok(secret),
        Err(error) => Err(format!("names a file that cannot be read: {}", error.kind())),
    }
}

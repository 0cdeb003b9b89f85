//! The row of a setting: what people and its reader need to know of it.

use super::Values;
use super::kind::Kind;

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Without the prefix of its section, for example `MAX_BODY`.
    pub name: &'static str,
    /// The name that it had in the version before, taken for one version more.
    pub former: Option<&'static str>,
    /// Taken where it is not set, as an operator would write it; without one it is required.
    pub default: Option<&'static str>,
    /// The default in words, where its text does not tell.
    pub default_words: Option<&'static str>,
    /// The unit, the bounds or the words of its value.
    pub unit: &'static str,
    /// What it is for, in Markdown without `|`.
    pub text: &'static str,
    /// Never shown; may stand in the file that `<NAME>_FILE` names.
    pub secret: bool,
    /// What is listed instead of the value.
    pub in_force: Option<InForce>,
}

/// What holds of one setting, given all that its section has; `None`: the value itself. Never of a secret.
pub type InForce = fn(&Values) -> Option<String>;

impl Row {
    /// A setting without a default.
    pub const fn required(name: &'static str, unit: &'static str, text: &'static str) -> Self {
        Self { name, former: None, default: None, default_words: None, unit, text, secret: false, in_force: None }
    }

    /// A setting with a default.
    pub const fn with_default(
        name: &'static str,
        default: &'static str,
        unit: &'static str,
        text: &'static str,
    ) -> Self {
        Self { default: Some(default), ..Self::required(name, unit, text) }
    }

    /// A setting that is empty if it is not set.
    pub const fn optional(name: &'static str, unit: &'static str, text: &'static str) -> Self {
        Self::with_default(name, "", unit, text)
    }

    /// A secret without a default.
    pub const fn secret(name: &'static str, text: &'static str) -> Self {
        Self { secret: true, ..Self::required(name, "secret", text) }
    }

    /// A secret that is empty if it is not set.
    pub const fn optional_secret(name: &'static str, text: &'static str) -> Self {
        Self { default: Some(""), ..Self::secret(name, text) }
    }

    /// Tells the default in these words.
    pub const fn by_default(self, words: &'static str) -> Self {
        Self { default_words: Some(words), ..self }
    }

    /// Lists this instead of the value.
    pub const fn listed_as(self, in_force: InForce) -> Self {
        Self { in_force: Some(in_force), ..self }
    }

    /// For people.
    pub fn entry(&self) -> Entry {
        Entry { row: *self, unit: self.unit.to_owned() }
    }
}

/// A row whose values have a type.
pub struct Setting<T: 'static> {
    /// The row, without a unit.
    pub row: Row,
    /// How its values are read.
    pub kind: &'static dyn Kind<T>,
}

/// A setting with a default, still without a name.
pub const fn setting<T>(default: &'static str, kind: &'static dyn Kind<T>, text: &'static str) -> Setting<T> {
    Setting { row: Row::with_default("", default, "", text), kind }
}

/// A setting without a default, still without a name.
pub const fn required<T>(kind: &'static dyn Kind<T>, text: &'static str) -> Setting<T> {
    Setting { row: Row::required("", "", text), kind }
}

impl<T> Setting<T> {
    /// Gives it its name.
    pub const fn named(self, name: &'static str) -> Self {
        Self { row: Row { name, ..self.row }, kind: self.kind }
    }

    /// Takes it under its former name too.
    pub const fn formerly(self, name: &'static str) -> Self {
        Self { row: Row { former: Some(name), ..self.row }, kind: self.kind }
    }

    /// Tells the default in these words.
    pub const fn by_default(self, words: &'static str) -> Self {
        Self { row: self.row.by_default(words), kind: self.kind }
    }

    /// For people.
    pub fn entry(&self) -> Entry {
        Entry { row: self.row, unit: self.kind.unit() }
    }
}

/// A row as people read it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The row.
    pub row: Row,
    /// The unit, the bounds or the words of its value, in Markdown without `|`.
    pub unit: String,
}

impl Entry {
    /// The default, in Markdown.
    pub fn default(&self) -> String {
        match (self.row.default_words, self.row.default) {
            (Some(words), _) => words.to_owned(),
            (None, None) => "required".to_owned(),
            (None, Some("")) => "none".to_owned(),
            (None, Some(text)) => format!("`{text}`"),
        }
    }
}

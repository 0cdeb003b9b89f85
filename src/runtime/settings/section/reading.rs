//! Reads settings by their rows: values, secrets, and those of an adapter as text.

use secrecy::SecretString;

use super::Section;
use crate::runtime::settings::row::{Row, Setting};
use crate::runtime::settings::source::Source;
use crate::runtime::settings::values::Values;

const REDACTED: &str = "<redacted>";

impl Section {
    /// A setting, or its default; `None` if it is wrong or missing, which is recorded.
    pub fn read<T>(&mut self, setting: &Setting<T>) -> Option<T> {
        let default = self.inherited.get(setting.row.name).cloned();
        self.read_with(setting, default.as_deref().or(setting.row.default))
    }

    /// A setting, or this default, written as an operator would.
    pub fn read_or<T>(&mut self, setting: &Setting<T>, default: &str) -> Option<T> {
        self.read_with(setting, Some(default))
    }

    fn read_with<T>(&mut self, setting: &Setting<T>, default: Option<&str>) -> Option<T> {
        let row = &setting.row;
        let Some(text) = self.claim(row).or_else(|| default.map(str::to_owned)) else {
            self.error(row.name, &format!("is required: {}", row.text));
            return None;
        };
        let value = setting.kind.parse(&text).map_err(|problem| self.error(row.name, &problem)).ok()?;
        self.list(row.name, setting.kind.listed(&text, &value), default);
        Some(value)
    }

    /// The text of a setting that is no secret.
    fn text(&mut self, row: &Row, what: &str) -> Option<String> {
        let Some(text) = self.claim(row).or_else(|| row.default.map(str::to_owned)) else {
            self.error(row.name, &format!("is required: {what}"));
            return None;
        };
        self.list(row.name, text.clone(), row.default);
        Some(text)
    }

    /// Where a text stands that is not listed as it is: in the variable itself, or in the file that `<NAME>_FILE` names; if it is set at all. Both
    /// contradict each other, which is recorded.
    pub fn source(&mut self, row: &Row) -> Option<Option<Source>> {
        let file = format!("{}_FILE", row.name);
        let (text, path) = (self.claim(row), self.take(&file));
        let shown = if text.is_some() || path.is_some() { REDACTED } else { "" };
        self.list(row.name, shown.to_owned(), row.default);
        match (text, path) {
            (None, None) => Some(None),
            (Some(text), None) => Some(Some(Source::in_variable(row.name.to_owned(), text.into()))),
            (None, Some(path)) => Some(Some(Source::in_file(file, path))),
            (Some(_), Some(_)) => {
                self.error(&file, &format!("is set beside {}: remove one of them", self.full(row.name)));
                None
            }
        }
    }

    fn secret(&mut self, row: &Row, what: &str) -> Option<SecretString> {
        match (self.source(row)?, row.default) {
            (Some(source), _) => source.line().map_err(|problem| self.error(source.variable(), &problem)).ok(),
            (None, Some(_)) => Some(SecretString::default()),
            (None, None) => {
                self.error(row.name, &format!("is required: {what}"));
                None
            }
        }
    }

    /// The settings of all these rows, as text; `what` says in an error why a required one is. Each is listed as its row
    /// says.
    pub fn values(&mut self, rows: &[Row], what: &str) -> Option<Values> {
        let mut values = Some(Values::default());
        for row in rows {
            let value = if row.secret { self.secret(row, what) } else { self.text(row, what).map(Into::into) };
            match (&mut values, value) {
                (Some(values), Some(value)) => values.set(row.name, value),
                _ => values = None,
            }
        }
        let values = values?;
        for (row, in_force) in rows.iter().filter_map(|row| Some((row, row.in_force?))) {
            let mut unset = values.clone();
            unset.set(row.name, row.default.unwrap_or_default().into());
            in_force(&values).into_iter().for_each(|text| self.in_force(row.name, &text));
            let default = in_force(&unset).filter(|_| row.default.is_some());
            default.into_iter().for_each(|text| self.by_default(row.name, &text));
        }
        Some(values)
    }

    /// The text of a setting under its name, or under its former one, which is recorded as deprecated. Both are a
    /// contradiction.
    fn claim(&mut self, row: &Row) -> Option<String> {
        let present = self.take(row.name);
        let former = row.former.and_then(|former| Some((former, self.values.remove(&former.to_ascii_lowercase())?)));
        let Some((former, text)) = former else { return present };
        let (old, new) = (self.full(former), self.full(row.name));
        if present.is_some() {
            self.error(former, &format!("is the former name of {new}, which is set too: remove {old}"));
            return present;
        }
        self.former_names.insert(row.name.to_owned(), former);
        self.deprecated.push(format!("{old}: is deprecated: rename it to {new}; the next version refuses it"));
        Some(text)
    }
}

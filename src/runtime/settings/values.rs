//! The values of rows that are read as text, by name.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

/// The values of a section's rows: each that it declares is here.
#[derive(Clone, Default)]
pub struct Values(BTreeMap<&'static str, SecretString>);

impl Values {
    /// Sets the value of the row of this name.
    pub fn set(&mut self, name: &'static str, value: SecretString) {
        self.0.insert(name, value);
    }

    /// The value of the row of this name; empty if it has none.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", ExposeSecret::expose_secret)
    }
}

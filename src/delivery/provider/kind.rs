//! A kind of provider: what it is called, what it can carry, what it reads from the environment, how it is built.

use super::call::Provider;
use super::capabilities::Capabilities;
#[cfg(test)]
use super::codes::Listed;
use super::values::{Connect, Invalid, Values};

/// A kind of provider.
pub struct Kind {
    /// As in `SMSP_PROVIDERS=name=kind`.
    pub name: &'static str,
    /// The upstream's name where the operator gives none; its variables start with `SMSP_<NAME>_`.
    pub upstream: &'static str,
    /// Is it on this machine, so that a probe needs no address?
    pub local: bool,
    /// What it can carry.
    pub capabilities: Capabilities,
    /// Names of headers that it reads as switches of its own, in lower case; one that ends with `*` stands for every name
    /// that begins so. A caller who could write them would turn on what the operator pays for.
    pub reserved_headers: &'static [&'static str],
    /// What a probe is at this provider, and what it costs.
    pub probe: &'static str,
    /// The codes by which it refuses, for the tests of all tables.
    #[cfg(test)]
    pub(super) codes: &'static [Listed],
    /// What it reads from the environment.
    pub variables: &'static [Variable],
    /// Makes the adapter.
    pub build: Build,
}

impl Kind {
    /// Is it called over HTTP, and so through a proxy if there is one?
    pub fn is_over_http(&self) -> bool {
        self.variables.iter().any(|variable| variable.name == BASE_URL)
    }

    /// Does it read a header of this name, in lower case, as a switch of its own?
    pub fn reserves_header(&self, name: &str) -> bool {
        self.reserved_headers.iter().any(|reserved| match reserved.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *reserved,
        })
    }
}

/// Makes an adapter from its variables.
pub type Build = fn(&Values, Connect) -> Result<Box<dyn Provider>, Invalid>;

/// The variable that every kind over HTTP has, and no other: where its API is.
pub(super) const BASE_URL: &str = "BASE_URL";

/// A variable of an adapter, without the upstream's prefix.
pub struct Variable {
    /// For example `API_KEY`.
    pub name: &'static str,
    /// Never shown; may also come from a file.
    pub secret: bool,
    /// Taken where it is not set; without one it is required.
    pub default: Option<&'static str>,
    /// What holds instead of what was written, if something does: it may depend on other variables. Never of a secret.
    pub in_force: Option<InForce>,
}

/// What holds of one variable beside these values.
pub type InForce = fn(&Values) -> Option<String>;

impl Variable {
    pub(super) const fn required(name: &'static str) -> Self {
        Self { name, secret: false, default: None, in_force: None }
    }

    pub(super) const fn secret(name: &'static str) -> Self {
        Self { name, secret: true, default: None, in_force: None }
    }

    /// Empty if it is not set.
    pub(super) const fn optional(name: &'static str) -> Self {
        Self::with_default(name, "")
    }

    /// Empty if it is not set.
    pub(super) const fn optional_secret(name: &'static str) -> Self {
        Self { name, secret: true, default: Some(""), in_force: None }
    }

    pub(super) const fn with_default(name: &'static str, default: &'static str) -> Self {
        Self { name, secret: false, default: Some(default), in_force: None }
    }

    pub(super) const fn listed_as(self, in_force: InForce) -> Self {
        Self { in_force: Some(in_force), ..self }
    }
}

//! A kind of provider: what it is called, what it can carry, what it reads from the environment, how it is built.

use super::call::Provider;
use super::capabilities::Capabilities;
#[cfg(test)]
use super::codes::Listed;
use super::values::{Connect, Invalid, Values};
use crate::runtime::settings::Row;

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
    /// What it reads from the environment, without the upstream's prefix.
    pub variables: &'static [Row],
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

//! What an adapter is built from: the values of its variables, and how it connects.

use std::time::Duration;

use super::egress_proxy::EgressProxy;
pub use crate::runtime::settings::Values;

impl Values {
    /// A switch: on or off, and off if it is not set.
    pub(super) fn is_on(&self, variable: &'static str) -> Result<bool, Invalid> {
        match self.get(variable) {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            _ => Err(Invalid { variable, problem: "must be one of: true, false" }),
        }
    }
}

/// How an adapter connects.
#[derive(Clone, Debug)]
pub struct Connect {
    /// For DNS, TCP, a proxy's tunnel and TLS together; well below the time of an attempt, else a connection that was never
    /// made could not be told from silence.
    pub timeout: Duration,
    /// For HTTP alone.
    pub proxy: Option<EgressProxy>,
}

/// A value that an adapter cannot work with.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The variable, without the upstream's prefix.
    pub variable: &'static str,
    /// What is wrong and what to write instead; never quotes the value.
    pub problem: &'static str,
}

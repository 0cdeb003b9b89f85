//! One configured provider account.

use crate::delivery::provider::Provider;
use crate::delivery::upstream;

/// One configured provider account.
pub struct UpstreamConfig {
    /// As in `SMSP_PROVIDERS`.
    pub name: String,
    /// The kind of its provider.
    pub kind: &'static str,
    /// The adapter of its provider.
    pub provider: Box<dyn Provider>,
    /// The limits of the upstream.
    pub settings: upstream::Settings,
}

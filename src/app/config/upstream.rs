//! One configured provider account.

use crate::delivery::provider::Provider;
use crate::delivery::upstream;

/// One configured provider account.
pub struct UpstreamConfig {
    /// As in `SMSP_PROVIDERS`.
    pub name: String,
    /// The kind of its provider.
    pub kind: &'static str,
    /// Its adapter.
    pub provider: Box<dyn Provider>,
    /// Its limits.
    pub settings: upstream::Settings,
}

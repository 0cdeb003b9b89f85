//! For tests: direct delivery that asks a name server on loopback.

use std::sync::Arc;

use super::Direct;
use crate::delivery::mx::Settings;
use crate::delivery::mx::transmission::Transmitter;
use crate::runtime::metrics::Metrics;
use crate::runtime::net::guarded_client::GuardedClient;
use crate::runtime::net::name_server::NameServer;
use crate::runtime::settings::Section;

/// With these settings, by their names without `SMSP_MX_`; private addresses are allowed.
pub(crate) fn direct(names: &NameServer, settings: &[(&str, String)], metrics: &Metrics) -> Direct {
    let private = [("ALLOW_PRIVATE", "true".to_owned())];
    let pairs = settings.iter().cloned().chain(private).map(|(name, value)| (format!("SMSP_MX_{name}"), value));
    let settings = Settings::read(&mut Section::new("SMSP_", pairs)).unwrap();
    let dns = Arc::new(names.dns());
    let http = GuardedClient::new(Arc::clone(&dns), settings.allow_private).unwrap();
    let transmitter = Transmitter::new("out.example.org".to_owned(), settings.final_timeout).unwrap();
    Direct::with(&settings, "out.example.org", dns, http, transmitter, metrics.mx.clone())
}

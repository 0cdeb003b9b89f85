//! P-egress: where a proxy to the outside is named, every call to a provider over HTTP goes through it, and what it does
//! or fails to do is told truly.

mod failing;
mod passing;
mod tinyproxy;

use std::path::Path;

use crate::harness::egress_proxy::EgressProxy;
use crate::harness::{Authority, Settings, StubProvider, TlsListener};

/// A name that nobody but the proxy can look up.
const HOST: &str = "api.provider.example";

/// The stub behind this port, by that name.
fn named(scheme: &str, port: u16) -> String {
    format!("{scheme}://{HOST}:{port}")
}

/// Mailgun over TLS, which proves that it has that name.
struct Mailgun {
    authority: Authority,
    stub: StubProvider,
    listener: TlsListener,
}

impl Mailgun {
    async fn start() -> Self {
        let (authority, stub) = (Authority::new(), StubProvider::mailgun().await);
        let listener = TlsListener::open(authority.vouches_for(HOST), stub.address()).await;
        Self { authority, stub, listener }
    }

    fn url(&self) -> String {
        named("https", self.listener.address().port())
    }

    /// With it alone; other proxies' variables say the contrary of ours.
    fn settings(&self, proxy: &str) -> Settings {
        let settings = Settings::server().mailgun(&self.url()).with("SSL_CERT_FILE", &self.authority.path());
        settings.with("SMSP_EGRESS_PROXY", proxy).with("NO_PROXY", "*").with("no_proxy", "*")
    }
}

/// With a Maildir behind what is configured.
fn then_maildir(settings: Settings, folder: &Path) -> Settings {
    settings.with("SMSP_PROVIDERS", "mg,maildir").with("SMSP_MAILDIR_DIR", &folder.display().to_string())
}

/// Mailgun in plain HTTP, at this port.
fn plain(proxy: &EgressProxy, port: u16) -> Settings {
    Settings::server().mailgun(&named("http", port)).with("SMSP_EGRESS_PROXY", &proxy.url())
}

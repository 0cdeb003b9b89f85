//! What the far end of a connection has to prove under TLS.

use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, Error};

/// A way to begin TLS, and the name that the far end must have.
#[derive(Clone)]
pub struct Tls {
    /// Who is trusted.
    pub connector: TlsConnector,
    /// Whom the certificate must name.
    pub name: ServerName<'static>,
}

impl Tls {
    /// Trusts the system's certificate authorities, as the HTTP adapters do, for a certificate of this name.
    pub fn verified(name: ServerName<'static>) -> Result<Self, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = builder.with_platform_verifier()?.with_no_client_auth();
        Ok(Self { connector: Arc::new(config).into(), name })
    }
}

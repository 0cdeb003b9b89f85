//! The TLS client for a database: always with a verified certificate.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::Error;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::wrong::Wrong;

/// What is refused because of TLS, if it will be so again.
pub(super) fn refusal(error: &Error) -> Option<&'static str> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(rustls::Error::InvalidCertificate(_)) = inner.and_then(|inner| inner.downcast_ref()) {
            return Some(
                "to prove itself: its certificate cannot be verified; name its authority in SMSP_STORE_CA_FILE",
            );
        }
        source = error.source();
    }
    None
}

/// Trusts the authorities in this file, else the system's.
pub(super) fn client(authorities: Option<&Path>) -> Result<ClientConfig, Wrong> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| Wrong::Tls)?;
    let builder = match authorities {
        Some(file) => builder.with_root_certificates(roots(file)?),
        None => builder.with_platform_verifier().map_err(|_| Wrong::Tls)?,
    };
    Ok(builder.with_no_client_auth())
}

fn roots(file: &Path) -> Result<RootCertStore, Wrong> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|_| Wrong::Authorities)?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|_| Wrong::Authorities)?;
        roots.add(certificate).map_err(|_| Wrong::Authorities)?;
    }
    if roots.is_empty() { Err(Wrong::Authorities) } else { Ok(roots) }
}

//! A certificate authority of its own for each test: the binary trusts it, and nothing else, through `SSL_CERT_FILE`.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::NamedTempFile;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Signs certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("an authority signs itself");
        let mut file = NamedTempFile::new().expect("a temporary file can be made");
        file.write_all(issuer.pem().as_bytes()).expect("a temporary file can be written");
        Self { issuer, file }
    }

    /// What `SSL_CERT_FILE` has to be for a process that trusts it.
    pub(crate) fn path(&self) -> String {
        self.file.path().display().to_string()
    }

    /// A server that proves to be this host.
    pub(crate) fn vouches_for(&self, host: &str) -> ServerConfig {
        self.signs(params(host))
    }

    /// A server that could have proved so long ago.
    pub(crate) fn vouched_for(&self, host: &str) -> ServerConfig {
        let mut params = params(host);
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        self.signs(params)
    }

    fn signs(&self, params: CertificateParams) -> ServerConfig {
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("an authority signs");
        server(vec![certificate.der().clone()], &key)
    }
}

/// A server for whom nobody vouches but itself.
pub(crate) fn self_signed(host: &str) -> ServerConfig {
    let key = key();
    let certificate = params(host).self_signed(&key).expect("a key signs itself");
    server(vec![certificate.der().clone()], &key)
}

fn params(host: &str) -> CertificateParams {
    CertificateParams::new([host.to_owned()]).expect("a host name of a test is one")
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

fn server(chain: Vec<tokio_rustls::rustls::pki_types::CertificateDer<'static>>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.expect("default versions").with_no_client_auth().with_single_cert(chain, key).expect("a key pair fits")
}

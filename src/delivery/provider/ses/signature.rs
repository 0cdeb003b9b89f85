//! AWS Signature Version 4, by the crate that AWS makes for its own SDK.

use std::error::Error;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{self, SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use reqwest::Url;

/// What a body is; signed, so that it must be sent in these letters.
pub(super) const JSON: &str = "application/json";
/// As in the signature's scope; not `email`, which its host is called.
const SERVICE: &str = "ses";

/// An account's keys in one region.
pub(super) struct Signer {
    region: String,
    credentials: Credentials,
}

impl Signer {
    pub(super) fn new(region: &str, id: &str, secret: &str, token: Option<&str>) -> Self {
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "environment");
        Self { region: region.to_owned(), credentials }
    }

    /// The headers that a post of this body needs. The host is signed as the client sends it: with its port, unless that
    /// is its scheme's own.
    pub(super) fn sign(
        &self,
        endpoint: &Url,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Vec<(&'static str, String)>, Box<dyn Error + Send + Sync>> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder().identity(&identity).region(&self.region).name(SERVICE);
        let params = params.time(now).settings(SigningSettings::default()).build()?.into();
        let headers = [("content-type", JSON)].into_iter();
        let request = SignableRequest::new("POST", endpoint.as_str(), headers, SignableBody::Bytes(body))?;
        let (headers, _) = http_request::sign(request, &params)?.into_parts().0.into_parts();
        Ok(headers.iter().map(|header| (header.name(), header.value().to_owned())).collect())
    }
}

#[cfg(test)]
mod tests;

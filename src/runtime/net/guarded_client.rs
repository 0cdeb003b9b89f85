//! An HTTPS client for addresses that others choose: it reads one file from a host that the DNS of another names.
//!
//! The addresses that it connects to are those that it has looked up and found public, the same ones, so a second lookup
//! cannot lead elsewhere. It follows no redirect, goes through no proxy, keeps no connection, sends no cookie, and ends after
//! a time and a number of bytes. Deliberately absent: another method than GET, and hosts that are addresses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url, redirect, retry};
use tokio::time::timeout;

use super::addresses::reachable;
use super::dns::Dns;

/// Addresses of a host, of each family, that are looked at.
const MOST_ADDRESSES: usize = 4;

/// No TLS client can be made here.
#[derive(Debug, thiserror::Error)]
#[error("no TLS client can be made: install the system's CA certificates")]
pub struct NoTls;

/// Why there is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFile {
    /// The host has no address that may be connected to, or none answers, or its certificate is not its own.
    Connection,
    /// Something other than 200, a redirect among it.
    Status,
    /// It is longer than was asked for.
    Long,
    /// It did not arrive in time.
    Time,
}

/// A file and what it is said to be.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// As the header says, in lower case.
    pub content_type: String,
    /// All of it.
    pub body: Vec<u8>,
}

/// Reads files.
pub struct GuardedClient {
    http: Client,
}

impl GuardedClient {
    /// Whose connections go to public addresses alone, unless private ones are allowed.
    pub fn new(dns: Arc<Dns>, allow_private: bool) -> Result<Self, NoTls> {
        let http = builder(Guard { dns, allow_private, port: 0 }).build().map_err(|_| NoTls)?;
        Ok(Self { http })
    }

    /// Reads what is at an `https` URL, at most so many bytes in this time.
    pub async fn get(&self, url: Url, most: usize, time: Duration) -> Result<File, NoFile> {
        if url.domain().is_none() {
            return Err(NoFile::Connection);
        }
        timeout(time, self.read(url, most)).await.unwrap_or(Err(NoFile::Time))
    }

    async fn read(&self, url: Url, most: usize) -> Result<File, NoFile> {
        let response = self.http.get(url).send().await.map_err(|_| NoFile::Connection)?;
        if response.status() != StatusCode::OK {
            return Err(NoFile::Status);
        }
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        Ok(File { content_type, body: body(response, most).await? })
    }
}

async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, NoFile> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| NoFile::Connection)? {
        if body.len() + chunk.len() > most {
            return Err(NoFile::Long);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn builder(guard: Guard) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("smsp/", env!("CARGO_PKG_VERSION")))
        .https_only(true)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .pool_max_idle_per_host(0)
        .dns_resolver(Arc::new(guard))
}

/// Looks a host up for a connection, and leaves out what is not public.
struct Guard {
    dns: Arc<Dns>,
    allow_private: bool,
    /// Where a URL names none; 0 means the usual one.
    port: u16,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (dns, allow_private, port) = (Arc::clone(&self.dns), self.allow_private, self.port);
        Box::pin(async move {
            let mut found = dns.addresses(name.as_str()).await.map_err(|_| "the name has no address")?;
            if !allow_private {
                found = reachable(found, MOST_ADDRESSES, &mut fastrand::Rng::new());
            }
            if found.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(found.into_iter().map(move |ip| SocketAddr::new(ip, port))) as _)
        })
    }
}

#[cfg(test)]
pub mod fixture;

#[cfg(test)]
mod tests;

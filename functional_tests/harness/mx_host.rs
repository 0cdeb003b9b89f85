//! The mail server of some domains, on loopback: it writes down which recipient got which mail, and does at each command what a
//! test says.

mod conversation;
mod host;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::lock::lock;
use super::wait::{eventually, when};
use conversation::converse;
pub(crate) use host::Act;
use host::Host;

/// A running one.
pub(crate) struct MxHost {
    address: SocketAddr,
    host: Arc<Host>,
    accepting: JoinHandle<()>,
}

impl MxHost {
    /// One that takes every mail.
    pub(crate) async fn start() -> Self {
        Self::that(|_| Act::Usual).await
    }

    /// One that does what this says.
    pub(crate) async fn that(script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::at(own_address(), 0, None, script).await
    }

    /// One that offers STARTTLS and shows this certificate, at an address of [`own_address`].
    pub(crate) async fn with_tls(address: Ipv4Addr, port: &str, certificate: ServerConfig) -> Self {
        let port = port.parse().expect("a port, or 0 for a free one");
        Self::at(address, port, Some(Arc::new(certificate).into()), |_| Act::Usual).await
    }

    /// Another one at the port of this one.
    pub(crate) async fn beside(&self, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        self.beside_at(own_address(), script).await
    }

    /// Another one at the port of this one and at an address of [`own_address`].
    pub(crate) async fn beside_at(
        &self,
        address: Ipv4Addr,
        script: impl Fn(&str) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::at(address, self.address.port(), None, script).await
    }

    async fn at(
        ip: Ipv4Addr,
        port: u16,
        tls: Option<TlsAcceptor>,
        script: impl Fn(&str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((ip, port)).await.expect("an address of loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let host = Arc::new(Host { script: Box::new(script), tls, record: Mutex::default() });
        let of_connections = Arc::clone(&host);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let host = Arc::clone(&of_connections);
                connections.spawn(async move { converse(stream, &host).await });
            }
        });
        Self { address, host, accepting }
    }

    pub(crate) fn ip(&self) -> String {
        self.address.ip().to_string()
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// How often each recipient got the mail with this subject.
    pub(crate) fn taken(&self, subject: &str) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        let record = lock(&self.host.record);
        let meant = record.taken.iter().filter(|(_, of)| of == subject);
        meant.for_each(|(to, _)| *times.entry(to.clone()).or_default() += 1);
        times
    }

    /// The mails that were taken, as they were sent.
    pub(crate) fn files(&self) -> Vec<String> {
        lock(&self.host.record).files.clone()
    }

    /// How often it has heard a command that begins so.
    pub(crate) fn heard(&self, start: &str) -> usize {
        lock(&self.host.record).heard.iter().filter(|line| line.starts_with(start)).count()
    }

    /// Waits until it has heard such a command so often.
    pub(crate) async fn hears(&self, start: &str, times: usize) {
        eventually(&format!("the mail server hears {start}"), async || {
            when(self.heard(start) >= times, || format!("{:?}", lock(&self.host.record).heard))
        })
        .await;
    }
}

impl Drop for MxHost {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            eprintln!("--- mail server {}: {:#?}", self.address, lock(&self.host.record).heard);
        }
    }
}

/// An address of loopback that only this process and this test use: after 253 others it comes again.
pub(crate) fn own_address() -> Ipv4Addr {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    let last = NEXT.fetch_add(1, Ordering::SeqCst) % 253 + 2;
    Ipv4Addr::new(127, high.max(1), low, u8::try_from(last).expect("at most 254"))
}

//! Names as this system is configured to look them up: `/etc/hosts` and `/etc/resolv.conf`.
//!
//! Without a readable `/etc/resolv.conf` 127.0.0.1 is asked, as libc does: never a public resolver that was not configured.

use std::net::{IpAddr, Ipv4Addr};

use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, system_conf};

/// The name servers, the search list and the options of `/etc/resolv.conf`.
pub(super) fn config() -> (ResolverConfig, ResolverOpts) {
    system_conf::read_system_conf().unwrap_or_else(|_| {
        let loopback = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
        (ResolverConfig::from_parts(None, Vec::new(), vec![loopback]), ResolverOpts::default())
    })
}

/// What a file such as `/etc/hosts` says.
#[derive(Default)]
pub(super) struct HostsFile(Hosts);

impl HostsFile {
    /// `/etc/hosts` as it is now.
    pub(super) fn of_system() -> Self {
        Self(Hosts::from_system().unwrap_or_default())
    }

    /// What it says of this very name, in both families: then nobody is asked for the other one.
    pub(super) fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let Ok(name) = Name::from_ascii(name) else { return Vec::new() };
        let lookup = |family| self.0.lookup_static_host(&Query::query(name.clone(), family));
        let found = [RecordType::AAAA, RecordType::A].into_iter().filter_map(lookup);
        found.flat_map(|lookup| lookup.answers().iter().filter_map(|r| r.data.ip_addr()).collect::<Vec<_>>()).collect()
    }
}

#[cfg(test)]
impl From<&str> for HostsFile {
    fn from(text: &str) -> Self {
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf(text.as_bytes()).expect("a hosts file");
        Self(hosts)
    }
}

//! Servers that the operator names for a domain, instead of the domain's own MX records.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use crate::model::message::address::host_name;

/// The value's form, for the operator.
const FORM: &str = "must be domains with their servers in order, such as a.com:mx1.a.com,mx2.a.com;b.com:192.0.2.1";

/// For some domains, in lower-case A-labels, their servers in the order in which they are tried: at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticHosts(BTreeMap<String, Vec<Arc<str>>>);

impl StaticHosts {
    /// The servers of this domain, if they are set.
    pub(super) fn of(&self, domain: &str) -> Option<&[Arc<str>]> {
        self.0.get(domain).map(Vec::as_slice)
    }
}

/// `a.com:h1,h2;b.com:h3`; a server is a host name, an address of version 4, or one of version 6 in brackets.
impl FromStr for StaticHosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut domains = BTreeMap::new();
        for entry in text.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (domain, hosts) = entry.split_once(':').ok_or(FORM)?;
            let domain = host_name(domain.trim()).map_err(|_| FORM)?.into_owned();
            let hosts: Vec<_> = hosts.split(',').map(|host| server(host.trim())).collect::<Option<_>>().ok_or(FORM)?;
            if let Some(twice) = domains.insert(domain.clone(), hosts).map(|_| domain) {
                return Err(format!("names {twice} twice"));
            }
        }
        Ok(Self(domains))
    }
}

impl fmt::Display for StaticHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = |host: &Arc<str>| if host.contains(':') { format!("[{host}]") } else { host.to_string() };
        let hosts = |hosts: &[Arc<str>]| hosts.iter().map(bracketed).collect::<Vec<_>>().join(",");
        let entries: Vec<_> = self.0.iter().map(|(domain, all)| format!("{domain}:{}", hosts(all))).collect();
        f.write_str(&entries.join(";"))
    }
}

fn server(text: &str) -> Option<Arc<str>> {
    if let Some(literal) = text.strip_prefix('[') {
        let address: Ipv6Addr = literal.strip_suffix(']')?.parse().ok()?;
        return Some(address.to_string().into());
    }
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Some(address.to_string().into()),
        Ok(IpAddr::V6(_)) => None,
        Err(_) => host_name(text).ok().map(|name| name.as_ref().into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<StaticHosts, String> {
        text.parse()
    }

    #[test]
    fn domains_have_their_servers_in_the_order_in_which_they_are_written() {
        let hosts = read("A.com:h2.a.com,h1.a.com; b.com: 192.0.2.1,[2001:DB8::1] ;bücher.example:localhost").unwrap();
        assert_eq!(hosts.of("a.com").unwrap(), ["h2.a.com".into(), "h1.a.com".into()]);
        assert_eq!(hosts.of("b.com").unwrap(), ["192.0.2.1".into(), "2001:db8::1".into()]);
        assert_eq!(hosts.of("xn--bcher-kva.example").unwrap(), ["localhost".into()]);
        assert_eq!(hosts.of("c.com"), None);
        assert_eq!(read(""), Ok(StaticHosts::default()));
    }

    #[test]
    fn what_is_no_list_of_domains_and_servers_is_refused() {
        for text in ["a.com", "a.com:", ":h1", "a.com:h1,,h2", "a.com:h1:h2", "a b:h", "a.com:2001:db8::1", "a.com:[1]"]
        {
            assert_eq!(read(text), Err(FORM.to_owned()), "{text}");
        }
        assert_eq!(read("a.com:h1;A.COM:h2"), Err("names a.com twice".to_owned()));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(text in "([a-c]\\.com:(h[0-9]|192\\.0\\.2\\.[1-9]|\\[::[1-9]\\])(,h[0-9])?;?){0,4}") {
            if let Ok(hosts) = read(&text) {
                prop_assert_eq!(read(&hosts.to_string()), Ok(hosts));
            }
        }
    }
}

//! This node's own name: does it lead to addresses that lead back to it?

use std::net::IpAddr;

use super::finding::{Finding, why};
use crate::runtime::net::dns::Dns;

/// Addresses of one name that are looked at.
const MOST: usize = 10;

/// The addresses of the name, and what was found.
pub(super) async fn check(dns: &Dns, helo: Option<&str>) -> (Vec<IpAddr>, Vec<Finding>) {
    let Some(name) = helo else {
        let unset = "SMSP_MX_HELO is not set: without this node's own name neither SPF nor reverse DNS can be compared";
        return (Vec::new(), vec![Finding::missing(unset)]);
    };
    let mut addresses = match dns.published_addresses(name).await {
        Ok(addresses) => addresses,
        Err(missing) => return (Vec::new(), vec![Finding::missing(format!("address of {name}: {}", why(missing)))]),
    };
    addresses.truncate(MOST);
    let mut findings = Vec::new();
    for address in &addresses {
        findings.push(match dns.names(*address).await {
            Ok(names) if names.iter().any(|found| found == name) => {
                Finding::good(format!("reverse DNS: {address} is {name}"))
            }
            Ok(names) => Finding::missing(format!("reverse DNS: {address} is {}, not {name}", names.join(" and "))),
            Err(missing) => Finding::missing(format!("reverse DNS: {address} is to be {name}: {}", why(missing))),
        });
    }
    (addresses, findings)
}

//! The proxy to the outside, `SMSP_EGRESS_PROXY`, and the upstreams that are reached without it.
//!
//! It may hold a password, so it is a secret: it may stand in a file, and only its host and port are listed.

use secrecy::ExposeSecret;

use crate::delivery::provider::egress_proxy::EGRESS_PROXY;
use crate::delivery::provider::{EgressProxy, Kind};
use crate::runtime::settings::Section;

/// The proxy, if one is named and its URL makes sense.
pub(super) fn proxy(section: &mut Section) -> Option<EgressProxy> {
    let source = section.source(&EGRESS_PROXY)??;
    let proxy = source.line().and_then(|url| EgressProxy::parse(url.expose_secret()).map_err(str::to_owned));
    match proxy {
        Ok(proxy) => {
            section.in_force(EGRESS_PROXY.name, &proxy.to_string());
            Some(proxy)
        }
        Err(problem) => {
            section.error(source.variable(), &problem);
            None
        }
    }
}

/// Warns of an upstream that is reached without the proxy: it carries HTTP alone.
pub(super) fn warn_of_a_direct_way(section: &mut Section, name: &str, kind: &Kind) {
    if !kind.local && !kind.is_over_http() {
        let problem = format!("does not hold for the upstream {name} ({}): it is connected to directly", kind.name);
        section.warning(EGRESS_PROXY.name, &problem);
    }
}

#[cfg(test)]
mod tests;

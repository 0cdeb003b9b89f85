//! Is a request from this machine? Where no admin keys are set, only such a request may see and change circuits.
//!
//! The address of the peer alone does not prove it. A web page can point a name of its own at 127.0.0.1, and the browser
//! on this machine then sends what the page wants (DNS rebinding); but its `Host` names the page. And a proxy on this
//! machine passes on what others send. Most say so in a header; one that does not cannot be told from a local client, so
//! a node behind such a proxy needs admin keys.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::header::{FORWARDED, HOST, VIA};
use axum::http::{HeaderMap, Uri};

/// How the headers begin by which proxies say what they forward, beside `Forwarded` and `Via`: of nginx and HAProxy, Envoy,
/// Linkerd, Cloudflare and other networks.
const OF_PROXIES: [&str; 9] = [
    "x-forwarded-",
    "x-original-forwarded-",
    "x-real-ip",
    "x-client-ip",
    "x-envoy-",
    "l5d-",
    "cf-",
    "true-client-ip",
    "fly-",
];

/// Has a process on this machine sent this request, from `peer`, to this machine by name?
pub(super) fn is_local(peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    let of_a_proxy = |name: &str| OF_PROXIES.iter().any(|start| name.starts_with(start));
    let is_forwarded = headers.keys().any(|name| [FORWARDED, VIA].contains(name) || of_a_proxy(name.as_str()));
    // With a target in absolute form there are two names (RFC 9112 3.2.2): neither may be another machine's.
    let target = uri.authority().is_none_or(|authority| names_loopback(authority.as_str()));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(names_loopback);
    is_loopback(peer) && host && target && !is_forwarded
}

/// `127.0.0.0/8` and `::1`, and the former mapped into IPv6, as a listener on `::` sees it.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Does this `host` or `host:port` mean this machine, whatever a name server says?
fn names_loopback(authority: &str) -> bool {
    let Some(host) = without_port(authority) else { return false };
    let literal = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        // A bare IPv6 address is no host (RFC 3986 3.2.2).
        None => host.parse().ok().map(IpAddr::V4),
    };
    host.eq_ignore_ascii_case("localhost") || literal.is_some_and(is_loopback)
}

/// `None`: what stands where the port belongs is none.
fn without_port(authority: &str) -> Option<&str> {
    let end_of_host = authority.rfind(']').unwrap_or(0);
    match authority[end_of_host..].split_once(':') {
        None => Some(authority),
        Some((_, port)) => {
            let host = &authority[..authority.len() - port.len() - 1];
            port.bytes().all(|byte| byte.is_ascii_digit()).then_some(host)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    const LOCAL: &str = "127.0.0.1";

    fn is_local_with(peer: &str, uri: &str, headers: &[(&'static str, &str)]) -> bool {
        let header = |&(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        is_local(peer.parse().unwrap(), &uri.parse().unwrap(), &headers.iter().map(header).collect())
    }

    #[test]
    fn the_peer_and_the_host_must_be_loopback() {
        for (peer, host, local) in [
            (LOCAL, "localhost", true),
            (LOCAL, "LocalHost:9090", true),
            (LOCAL, "127.0.0.1:9090", true),
            (LOCAL, "127.1.2.3", true),
            (LOCAL, "[::1]:9090", true),
            (LOCAL, "[::1]", true),
            (LOCAL, "localhost:", true),
            ("127.9.9.9", "localhost", true),
            ("::1", "[::1]:1", true),
            ("::ffff:127.0.0.1", "localhost", true),
            ("::ffff:192.0.2.1", "localhost", false),
            ("192.0.2.1", "localhost", false),
            ("fe80::1", "[::1]", false),
            ("0.0.0.0", "localhost", false),
            (LOCAL, "evil.example", false),
            (LOCAL, "evil.example:9090", false),
            (LOCAL, "localhost.evil.example", false),
            (LOCAL, "127.0.0.1.evil.example", false),
            (LOCAL, "evil.example@localhost", false),
            (LOCAL, "localhost@evil.example", false),
            (LOCAL, "localhost:80@evil.example", false),
            (LOCAL, "localhost:evil", false),
            (LOCAL, "localhost.", false),
            (LOCAL, "localhost,evil.example", false),
            (LOCAL, "127.1", false),
            (LOCAL, "2130706433", false),
            (LOCAL, "0177.0.0.1", false),
            (LOCAL, "0.0.0.0:9090", false),
            (LOCAL, "::1", false),
            (LOCAL, "[::1]evil.example", false),
            (LOCAL, "[::1", false),
            (LOCAL, "[::2]", false),
            (LOCAL, "192.0.2.1:9090", false),
            (LOCAL, "", false),
            (LOCAL, ":9090", false),
        ] {
            assert_eq!(is_local_with(peer, "/circuits", &[("host", host)]), local, "{peer} {host}");
        }
        assert!(!is_local_with(LOCAL, "/circuits", &[]), "no host at all");
    }

    #[test]
    fn a_target_in_absolute_form_must_be_loopback_too() {
        for (uri, local) in [("http://localhost/circuits", true), ("http://evil.example/circuits", false)] {
            assert_eq!(is_local_with(LOCAL, uri, &[("host", "localhost")]), local, "{uri}");
        }
        assert!(!is_local_with(LOCAL, "http://localhost/circuits", &[("host", "evil.example")]));
    }

    #[test]
    fn what_a_proxy_has_passed_on_is_not_local() {
        for name in ["forwarded", "via", "x-forwarded-for", "x-real-ip", "x-envoy-external-address", "cf-ray"] {
            assert!(!is_local_with(LOCAL, "/circuits", &[("host", "localhost"), (name, "1")]), "{name}");
        }
        assert!(is_local_with(LOCAL, "/circuits", &[("host", "localhost"), ("x-request-id", "1")]));
    }
}

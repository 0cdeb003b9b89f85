//! The HTTP proxy through which providers' APIs are called, where the operator names one.
//!
//! An `https` API is reached through a tunnel (CONNECT, RFC 9110 9.3.6): TLS is end to end, and HTTP/2 goes through. An
//! `http` API is called in absolute form (RFC 9112 3.2.2). Either way the proxy looks the provider's name up. Deliberately
//! absent: TLS to the proxy, SOCKS, exceptions by host, and the usual variables such as `HTTPS_PROXY`. The URL is checked by
//! hand beside the client's own parser, which drops what it cannot use without a word.

use std::fmt;
use std::num::NonZeroU16;

use hyper::Uri;
use reqwest::{Proxy, Url};

use crate::runtime::settings::Row;

/// The proxy; a secret, for its URL may hold a password.
pub const EGRESS_PROXY: Row = Row::optional_secret(
    "EGRESS_PROXY",
    "`http://host:port` or `http://user:password@host:port`: the proxy for all calls to providers over HTTP; host and port \
     are printed",
);

const SCHEME: &str = "http://";
const OTHER_SCHEME: &str =
    "must begin with http://: a proxy is spoken to in plain HTTP, and TLS to an https provider goes through it";
const MALFORMED: &str = "must be http://host:port or http://user:password@host:port; write special characters of the password \
     as %XX, such as %40 for @";

/// A proxy, and perhaps the credentials that it wants.
#[derive(Clone)]
pub struct EgressProxy {
    url: Url,
    proxy: Proxy,
}

impl EgressProxy {
    /// At `http://host:port`, or with credentials (RFC 7617) at `http://user:password@host:port`. An error says what to
    /// write, and never quotes the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME)) {
            return Err(OTHER_SCHEME);
        }
        let url = Url::parse(text).ok().filter(|url| is_bare(url) && names_a_port(text) && is_read_by_the_client(url));
        let url = url.ok_or(MALFORMED)?;
        let proxy = Proxy::all(url.clone()).map_err(|_| MALFORMED)?;
        Ok(Self { url, proxy })
    }

    /// Where connections lead to.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// As the client wants it.
    pub(super) fn to_client(&self) -> Proxy {
        self.proxy.clone()
    }
}

fn is_bare(url: &Url) -> bool {
    url.path() == "/" && url.query().is_none() && url.fragment().is_none()
}

/// Clients differ in the port that they take for granted, so it must stand there; a [`Url`] leaves out port 80.
fn names_a_port(text: &str) -> bool {
    let text = text.strip_suffix('/').unwrap_or(text);
    text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<NonZeroU16>().is_ok())
}

/// The client reads the URL once more, in its own way: one that it could not read it would leave out, and call directly.
fn is_read_by_the_client(url: &Url) -> bool {
    url.as_str().parse::<Uri>().is_ok_and(|uri| uri.authority().is_some())
}

impl fmt::Display for EgressProxy {
    /// Without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.url.username().is_empty() && self.url.password().is_none();
        let credentials = if is_open { "" } else { "<redacted>@" };
        let (host, port) =
            (self.url.host_str().unwrap_or_default(), self.url.port_or_known_default().unwrap_or_default());
        write!(f, "{SCHEME}{credentials}{host}:{port}")
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_proxy_is_host_and_port_perhaps_with_credentials_which_are_never_shown() {
        for (text, shown) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("HTTP://proxy:80/", "http://proxy:80"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://canary:canary@proxy:3128", "http://<redacted>@proxy:3128"),
            ("http://canary@proxy:3128", "http://<redacted>@proxy:3128"),
            ("http://canary:p%40ss%2F@proxy:3128", "http://<redacted>@proxy:3128"),
            ("http://canary:c@n@ry@proxy:3128", "http://<redacted>@proxy:3128"),
        ] {
            let proxy = EgressProxy::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
            assert_eq!((proxy.to_string(), format!("{proxy:?}")), (shown.to_owned(), shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_word_that_quotes_nothing() {
        for (text, problem) in [
            ("https://proxy:3128", OTHER_SCHEME),
            ("socks5://proxy:1080", OTHER_SCHEME),
            ("proxy.example:3128", OTHER_SCHEME),
            ("proxy", OTHER_SCHEME),
            ("", OTHER_SCHEME),
            ("http://proxy", MALFORMED),
            ("http://canary:123@proxy", MALFORMED),
            ("http://[::1]", MALFORMED),
            ("http://:3128", MALFORMED),
            ("http://proxy:0", MALFORMED),
            ("http://proxy:65536", MALFORMED),
            ("http://proxy:3128/path", MALFORMED),
            ("http://proxy:3128?x=1", MALFORMED),
            ("http://proxy:3128#x:1", MALFORMED),
            ("http://canary:1/2@proxy:3128", MALFORMED),
            ("http://canary:1#2@proxy:3128", MALFORMED),
            ("http://pro xy:3128", MALFORMED),
            ("http://{{ proxy }}:3128", MALFORMED),
            ("http://{{proxy}}:3128", MALFORMED),
        ] {
            assert_eq!(EgressProxy::parse(text).err(), Some(problem), "{text}");
        }
    }

    proptest! {
        /// As far as it can be read as a URL at all.
        #[test]
        fn no_proxy_that_is_taken_is_left_out_by_the_client(password in "[ -~äß€]{0,20}", host in "[a-z0-9_.{-]{1,20}") {
            let text = format!("http://user:{password}@{host}:3128");
            if let Ok(proxy) = EgressProxy::parse(&text) {
                let uri: Uri = proxy.url().as_str().parse().unwrap();
                prop_assert_eq!(uri.port_u16(), Some(3128));
                prop_assert!(!proxy.to_string().contains("user"), "{}", proxy);
            }
        }
    }
}

//! Domains that an operator allows to send from: those of a caller, and those of an upstream.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::address::{Address, host_name};

/// A list of domains, as A-labels in lower case; `*.` in front stands for every domain below. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainPatterns(Arc<[String]>);

/// A text that is no list of domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be domains separated by commas, such as example.org,*.example.org")]
pub struct BadDomainPatterns;

impl DomainPatterns {
    /// Is the address of one of these domains?
    pub fn include(&self, address: &Address) -> bool {
        let domain = address.domain();
        self.0.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(parent) => domain.ends_with(parent),
            None => domain == pattern,
        })
    }
}

/// Domains, separated by commas.
impl FromStr for DomainPatterns {
    type Err = BadDomainPatterns;

    fn from_str(text: &str) -> Result<Self, BadDomainPatterns> {
        let pattern = |text: &str| match text.trim().strip_prefix("*.") {
            Some(below) => host_name(below).map(|below| format!("*.{below}")),
            None => host_name(text.trim()).map(Cow::into_owned),
        };
        text.split(',').map(pattern).collect::<Result<_, _>>().map(Self).map_err(|_| BadDomainPatterns)
    }
}

/// As it is read.
impl fmt::Display for DomainPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_domain_or_every_domain_below_it() {
        let patterns: DomainPatterns = "example.org, *.Example.com,bücher.example".parse().unwrap();
        for (address, included) in [
            ("a@example.org", true),
            ("a@EXAMPLE.org", true),
            ("a@mail.example.com", true),
            ("a@deep.mail.example.com", true),
            ("a@xn--bcher-kva.example", true),
            ("a@mail.example.org", false),
            ("a@example.com", false),
            ("a@badexample.com", false),
            ("a@example.org.evil.net", false),
        ] {
            assert_eq!(patterns.include(&address.parse().unwrap()), included, "{address}");
        }
    }

    #[test]
    fn patterns_are_written_as_they_are_read() {
        let patterns: DomainPatterns = "Example.org , *.bücher.example".parse().unwrap();
        assert_eq!(patterns.to_string(), "example.org,*.xn--bcher-kva.example");
        assert_eq!(patterns.to_string().parse(), Ok(patterns));
    }

    #[test]
    fn what_is_no_list_of_domains_is_refused() {
        for text in ["", ",", "a host", "a@example.org", "*", "*.", "*example.org", "*.*.example.org", "example.org,"] {
            assert_eq!(text.parse::<DomainPatterns>(), Err(BadDomainPatterns), "{text}");
        }
    }
}

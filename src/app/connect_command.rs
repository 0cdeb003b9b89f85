//! `smsp check-config --connect`: does the outside have what the configuration needs?

use super::failure::Failure;
use crate::delivery::mx::dkim::Keys;
use crate::delivery::mx::dkim::making::domain_of;
use crate::delivery::mx::readiness::check;
use crate::runtime::net::dns::Dns;

/// What stands behind `smsp check-config`.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Only what differs from its default is printed.
    pub only_changed: bool,
    /// The outside is compared.
    pub connect: Option<Connect>,
}

/// How the outside is compared.
#[derive(Debug, PartialEq, Eq)]
pub struct Connect {
    /// Whose mail hosts are tried; `None`: those of the domains that have keys.
    pub reached: Option<String>,
}

impl Arguments {
    /// Reads it.
    pub fn read(words: &[&str]) -> Result<Self, String> {
        let (mut arguments, mut words) = (Self { only_changed: false, connect: None }, words);
        loop {
            words = match *words {
                [] => return Ok(arguments),
                ["--changed", ref rest @ ..] if !arguments.only_changed => {
                    arguments.only_changed = true;
                    rest
                }
                ["--connect", domain, ref rest @ ..] if arguments.connect.is_none() && !domain.starts_with('-') => {
                    let reached = Some(domain_of(domain).map_err(|error| error.to_string())?);
                    arguments.connect = Some(Connect { reached });
                    rest
                }
                ["--connect", ref rest @ ..] if arguments.connect.is_none() => {
                    arguments.connect = Some(Connect { reached: None });
                    rest
                }
                [word, ..] => return Err(format!("{word} makes no sense here: see `smsp check-config --help`")),
            };
        }
    }
}

/// Compares the keys and this node's own name with the DNS, and tries the way out; prints a line for each finding as it comes.
/// Is nothing missing?
pub async fn compare(
    keys: &Keys,
    helo: Option<&str>,
    connect: &Connect,
    print: impl Fn(String),
) -> Result<bool, Failure> {
    let dns = Dns::system().map_err(|_| "no name can be looked up: see /etc/resolv.conf".to_owned())?;
    let mut is_all_there = true;
    check(&dns, helo, keys, connect.reached.as_deref(), |finding| {
        is_all_there &= finding.is_good;
        // A comment, as all that is no variable.
        print(format!("# {finding}"));
    })
    .await;
    Ok(is_all_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_in_any_order_and_once() {
        let read = |words: &[&str]| Arguments::read(words);
        let connect = |domain: Option<&str>| Some(Connect { reached: domain.map(str::to_owned) });
        for (words, only_changed, expected) in [
            (&[][..], false, None),
            (&["--changed"], true, None),
            (&["--connect"], false, connect(None)),
            (&["--connect", "Example.com"], false, connect(Some("example.com"))),
            (&["--connect", "--changed"], true, connect(None)),
            (&["--changed", "--connect", "example.com"], true, connect(Some("example.com"))),
            (&["--connect", "example.com", "--changed"], true, connect(Some("example.com"))),
        ] {
            assert_eq!(read(words), Ok(Arguments { only_changed, connect: expected }), "{words:?}");
        }
        for words in [
            &["--changed", "--changed"][..],
            &["--connect", "--connect"],
            &["example.com"],
            &["--connect", "localhost"],
            &["--connect", "a.example", "b.example"],
            &["--json"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}

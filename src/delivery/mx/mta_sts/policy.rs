//! A policy as its host writes it (RFC 8461 3.2).

use std::time::Duration;

use crate::model::message::address::host_name;

/// The longest `max_age`, in seconds.
const LONGEST: u64 = 31_557_600;
/// Bytes of the names of one policy's servers: what is remembered of it.
const MOST_NAMES: usize = 4 * 1024;

/// What a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Mail goes to servers that keep it, or waits.
    Enforce,
    /// Mail goes as if there were none.
    Testing,
    /// There is none any more.
    None,
}

/// What a domain demands of its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How far it goes.
    pub mode: Mode,
    /// How long it may be remembered.
    pub max_age: Duration,
    /// Names of servers in lower-case A-labels; `*.` stands for one label.
    servers: Box<[Box<str>]>,
}

/// Why a text is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPolicy {
    /// A line that is no `name: value`, or bytes that are no text.
    Syntax,
    /// No `version: STSv1`.
    Version,
    /// No mode that we know.
    Mode,
    /// No `max_age`, or one that is no number of seconds.
    MaxAge,
    /// No server, one that is no name, or more than are remembered.
    Servers,
}

impl Policy {
    /// Reads `name: value` lines; of a name that comes twice the first holds, but for `mx`.
    pub fn parse(text: &[u8]) -> Result<Self, BadPolicy> {
        let text = std::str::from_utf8(text).map_err(|_| BadPolicy::Syntax)?;
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']));
        let fields: Vec<_> =
            lines.filter(|line| !line.is_empty()).map(field).collect::<Option<_>>().ok_or(BadPolicy::Syntax)?;
        let first = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        if first("version") != Some("STSv1") {
            return Err(BadPolicy::Version);
        }
        let mode = match first("mode") {
            Some("enforce") => Mode::Enforce,
            Some("testing") => Mode::Testing,
            Some("none") => Mode::None,
            _ => return Err(BadPolicy::Mode),
        };
        let max_age = first("max_age").and_then(seconds).ok_or(BadPolicy::MaxAge)?;
        let servers = fields.iter().filter(|(name, _)| *name == "mx").map(|(_, value)| server(value));
        let servers: Box<[Box<str>]> = servers.collect::<Option<_>>().ok_or(BadPolicy::Servers)?;
        let length: usize = servers.iter().map(|name| name.len()).sum();
        if (servers.is_empty() && mode != Mode::None) || length > MOST_NAMES {
            return Err(BadPolicy::Servers);
        }
        Ok(Self { mode, max_age, servers })
    }

    /// May mail go to the server of this name?
    pub fn permits(&self, server: &str) -> bool {
        let server = server.to_ascii_lowercase();
        let parent = server.split_once('.').map(|(_, parent)| parent);
        self.servers.iter().any(|name| match name.strip_prefix("*.") {
            Some(below) => parent == Some(below),
            None => **name == *server,
        })
    }

    /// As its host would write it.
    pub fn to_text(&self) -> String {
        let mode = match self.mode {
            Mode::Enforce => "enforce",
            Mode::Testing => "testing",
            Mode::None => "none",
        };
        let servers: String = self.servers.iter().map(|name| format!("mx: {name}\n")).collect();
        format!("version: STSv1\nmode: {mode}\nmax_age: {}\n{servers}", self.max_age.as_secs())
    }
}

/// `name: value`.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end_matches([' ', '\t']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then(|| (name, value.trim_matches([' ', '\t'])))
}

fn seconds(text: &str) -> Option<Duration> {
    let is_number = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: u64 = text.parse().ok().filter(|_| is_number)?;
    Some(Duration::from_secs(seconds.min(LONGEST)))
}

/// A host name, perhaps with `*` for its first label.
fn server(text: &str) -> Option<Box<str>> {
    let below = text.strip_prefix("*.");
    let name = host_name(below.unwrap_or(text)).ok()?;
    Some(if below.is_some() { format!("*.{name}").into() } else { name.into() })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str =
        "version: STSv1\r\nmode: enforce\r\nmx: Mail.Example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n";

    fn parse(text: &str) -> Result<Policy, BadPolicy> {
        Policy::parse(text.as_bytes())
    }

    #[test]
    fn the_policy_of_the_specification_is_read() {
        let policy = parse(WHOLE).unwrap();
        assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, Duration::from_secs(604_800)));
        assert_eq!(parse(&policy.to_text()), Ok(policy));
    }

    #[test]
    fn a_star_stands_for_exactly_one_label() {
        let policy = parse(WHOLE).unwrap();
        for (server, permitted) in [
            ("mail.example.com", true),
            ("MAIL.example.com", true),
            ("mx.example.net", true),
            ("a.mx.example.net", false),
            ("example.net", false),
            ("other.example.com", false),
            ("a.mail.example.com", false),
            ("xexample.net", false),
            ("", false),
        ] {
            assert_eq!(policy.permits(server), permitted, "{server}");
        }
    }

    #[test]
    fn unknown_lines_are_passed_over_and_the_first_of_two_holds() {
        let policy =
            parse("x-y: z\nmax_age : 60 \nmode: testing\nmode: enforce\n\nmx: a.example\nversion: STSv1").unwrap();
        assert_eq!((policy.mode, policy.max_age.as_secs()), (Mode::Testing, 60));
        assert_eq!(parse("version: STSv1\nmode: none\nmax_age: 9999999999").unwrap().max_age.as_secs(), LONGEST);
    }

    #[test]
    fn what_lacks_a_part_is_no_policy() {
        let many: String = (0..400).map(|n| format!("mx: server{n}.example.com\n")).collect();
        for (from, to, problem) in [
            ("version: STSv1", "version: STSv2", BadPolicy::Version),
            ("version: STSv1\r\n", "", BadPolicy::Version),
            ("enforce", "Enforce", BadPolicy::Mode),
            ("604800", "", BadPolicy::MaxAge),
            ("604800", "+1", BadPolicy::MaxAge),
            ("604800", "10000000000", BadPolicy::MaxAge),
            ("mx: Mail.Example.com", "mx: *.*.example.com", BadPolicy::Servers),
            ("mx: Mail.Example.com", "mx: 192.0.2.1", BadPolicy::Servers),
            ("mx: Mail.Example.com", "<html>", BadPolicy::Syntax),
            ("mx: Mail.Example.com\r\nmx: *.example.net\r\n", "", BadPolicy::Servers),
            ("mx: Mail.Example.com\r\n", &many, BadPolicy::Servers),
        ] {
            assert_eq!(parse(&WHOLE.replace(from, to)), Err(problem), "{to}");
        }
        assert_eq!(Policy::parse(b"version: STSv1\n\xff"), Err(BadPolicy::Syntax));
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_as_the_same_and_permits_what_it_names(
            lines in vec("(version: STSv1|mode: (enforce|none|testing)|max_age: [0-9]{1,11}|mx: (\\*\\.)?[a-zA-Z0-9.-]{1,9}|x:|[ :]{0,3})[ \r]?", 0..9),
        ) {
            let text = format!("version: STSv1\nmax_age: 1\nmode: testing\n{}", lines.join("\n"));
            if let Ok(policy) = parse(&text) {
                let printed = policy.to_text();
                prop_assert!(policy.servers.iter().all(|name| policy.permits(&name.replace('*', "a"))), "{}", printed);
                prop_assert_eq!(parse(&printed), Ok(policy));
            }
        }
    }
}

//! Direct delivery.

use std::time::Duration;

use super::static_hosts::StaticHosts;
use super::transmission::Level;
use crate::model::message::address::host_name;
use crate::runtime::settings::{BOOLEAN, Choice, Count, PERIOD, Parsed, Plain, Text, setting, settings};

const HELO_FORM: Plain<Option<String>> = Plain { unit: "host name with a dot", parse: helo };
const STATIC_FORM: Text = Text("`domain:server,server;domain:server`");
const TLS_LEVELS: Choice<Level> =
    Choice(&[("opportunistic", Level::Opportunistic), ("required", Level::Required), ("verified", Level::Verified)]);
const MX_PORT_FORM: Count = Count(65_535);

settings! {
    /// How mail reaches the recipients' own servers.
    #[derive(Clone, Debug)]
    pub struct Settings {
        after: Duration as MX_AFTER = setting(
            "15m",
            &PERIOD,
            "how long all providers of a rule have to be unusable before its mail goes to `mx` behind them",
        );
        helo: Option<String> as MX_HELO = setting(
            "",
            &HELO_FORM,
            "this node's own name in EHLO: the name that its public address has in reverse DNS; required where `mx` is used",
        );
        tls: Level as MX_TLS = setting(
            "opportunistic",
            &TLS_LEVELS,
            "`opportunistic`: with STARTTLS where it is offered, whatever the certificate, else in clear; `required`: never in \
             clear; `verified`: never in clear, and the certificate has to name the server",
        );
        concurrency: u16 as MX_CONCURRENCY =
            setting("20", &Count(1000), "mails at once to one site, that is, one set of MX hosts");
        final_timeout: Duration as MX_FINAL_TIMEOUT =
            setting("10m", &PERIOD, "for the reply to the content; then the delivery is `unknown`");
        port: u16 as MX_PORT =
            setting("25", &MX_PORT_FORM, "the servers' port: another one for tests and private networks");
        hosts: StaticHosts as MX_STATIC = setting(
            "",
            &STATIC_FORM,
            "servers of a domain, in order, instead of its MX records; they may be private, and no MTA-STS policy is asked for",
        );
        allow_private: bool as MX_ALLOW_PRIVATE = setting(
            "false",
            &BOOLEAN,
            "whether MX records and policy hosts may lead to loopback, private and other special addresses: for tests and \
             private networks",
        );
    }
}

fn helo(text: &str) -> Parsed<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    let name = host_name(text).ok().filter(|name| name.contains('.'));
    let name = name.ok_or_else(|| "must be this host's full name, such as mail.example.org".to_owned());
    name.map(|name| Some(name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_name_is_a_full_host_name() {
        assert_eq!(helo("Mail.Example.org"), Ok(Some("mail.example.org".to_owned())));
        assert_eq!(helo(""), Ok(None));
        for text in ["localhost", "[192.0.2.1]", "192.0.2.1", "mail example.org"] {
            assert!(helo(text).is_err(), "{text}");
        }
    }
}

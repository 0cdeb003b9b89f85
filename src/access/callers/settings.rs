//! The settings of callers: their keys, and what an operator allows all of them or each.

use std::time::Duration;

use crate::access::admission;
use crate::access::rate_limiter::Rate;
use crate::model::message::address::BadAddress;
use crate::model::message::{Address, DomainPatterns};
use crate::runtime::settings::{Count, Listed, OrWord, Parsed, Plain, Row, Text, setting, settings};

/// The most calls of a rate.
const MAX_CALLS: u32 = 1_000_000;

/// The key of the one caller.
pub const API_KEY: Row =
    Row::optional_secret("API_KEY", "the key that callers send as `X-API-KEY`; its caller's name is `caller`")
        .by_default("required, or `SMSP_API_KEYS`");
/// The keys of several callers.
pub const API_KEYS: Row = Row::optional_secret(
    "API_KEYS",
    "keys of several callers, `name:key,name:key`, sent as `X-API-KEY`; a key may be `sha256:<hex>` and end with `;until=2027-01-31`",
);

settings! {
    /// What an operator allows all callers, or one of them; `None` is no limit.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct CallerPolicy {
        rate: Option<Rate> as RATE = setting(
            "none",
            &OrWord("none", &RATES),
            "calls of one caller, such as `100/s`, `600/m`, `5000/h`; more are 429",
        );
        concurrency: Option<usize> as CONCURRENCY =
            setting("none", &OrWord("none", &IN_FLIGHT), "mails of one caller at a time; more are 429");
        from_domains: Option<DomainPatterns> as FROM_DOMAINS = setting(
            "any",
            &OrWord("any", &Text("domains")),
            "domains that a caller may send for, such as `example.org,*.example.org`; others are 403",
        );
        /// The envelope sender, where bounces go, if that is not the author (RFC 5321, section 3.6.3).
        bounce_address: Option<Address> as BOUNCE_ADDRESS = setting(
            "none",
            &OrWord("none", &ADDRESS),
            "where bounces of a caller's mail go, if not to its From; at an SMTP relay",
        );
    }
}

const IN_FLIGHT: Count = Count(admission::Settings::MAX_IN_FLIGHT);
const RATES: Plain<Rate> = Plain { unit: "calls per `s`, `m` or `h`", parse: rate };
const ADDRESS: Listed<Address> =
    Listed { plain: Plain { unit: "address", parse: address }, list: |address| address.as_str().to_owned() };

/// Calls in a second, a minute or an hour.
fn rate(text: &str) -> Parsed<Rate> {
    let units = [("s", 1), ("m", 60), ("h", 3600)];
    let parsed = text.split_once('/').and_then(|(calls, unit)| {
        let (_, seconds) = units.into_iter().find(|(name, _)| *name == unit)?;
        Some(Rate { calls: calls.parse().ok()?, per: Duration::from_secs(seconds) })
    });
    // A call must be worth at least a nanosecond.
    let sound = parsed.filter(|rate| rate.calls.get() <= MAX_CALLS);
    sound.ok_or_else(|| format!("must be calls in a time, for example 100/s, 600/m or 5000/h, at most {MAX_CALLS}"))
}

fn address(text: &str) -> Parsed<Address> {
    text.parse().map_err(|error: BadAddress| error.to_string())
}

//! The settings of callers: their keys, and what an operator allows all of them or each.

use crate::access::admission;
use crate::model::message::address::BadAddress;
use crate::model::message::{Address, DomainPatterns};
use crate::runtime::rate::Rate;
use crate::runtime::settings::{Count, Listed, OrWord, Parsed, Plain, Row, SIZE, Text, setting, settings};

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
            "calls of one caller, such as `100/s`, `600/m`, `5000/h`, `50000/d`; more are 429",
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
            "where bounces of a caller's mail go: those of an SMTP relay, if not to its From; and, where a node delivers to the recipients' own servers, those of the node, else to nobody",
        );
        outbox_rows: Option<usize> as OUTBOX_ROWS = setting(
            "tenth",
            &OrWord("tenth", &Count(MAX_ROWS)),
            "mails of one caller that wait in the outbox; `tenth`: of `SMSP_OUTBOX_MAX_ROWS`, or all of it where there is one \
             caller; more are 503",
        );
        outbox_bytes: Option<usize> as OUTBOX_BYTES = setting(
            "tenth",
            &OrWord("tenth", &SIZE),
            "bytes of these mails; `tenth`: of `SMSP_OUTBOX_MAX_BYTES`, or all of it where there is one caller; more are 503",
        );
    }
}

/// More mails than any disk has room for.
const MAX_ROWS: usize = 1_000_000_000;
const IN_FLIGHT: Count = Count(admission::Settings::MAX_IN_FLIGHT);
const RATES: Text = Text("calls per `s`, `m`, `h` or `d`");
const ADDRESS: Listed<Address> =
    Listed { plain: Plain { unit: "address", parse: address }, list: |address| address.as_str().to_owned() };

fn address(text: &str) -> Parsed<Address> {
    text.parse().map_err(|error: BadAddress| error.to_string())
}

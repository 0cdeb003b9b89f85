//! When open circuits are probed, and with which addresses.

use std::time::Duration;

use super::backoff::Backoff;
use crate::model::message::address::BadAddress;
use crate::model::message::{Address, Mailbox, Message};
use crate::runtime::settings::{Listed, PERIOD, Parsed, Plain, Section, Text, required, rows, setting};

/// Between two probes of one recovery, at most.
const MAX_GAP: Duration = Duration::from_secs(1);
/// Where the probes of upstreams go that send nothing.
const NOWHERE: &str = "nobody@smsp.invalid";

/// How probes are sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an open circuit waits.
    pub backoff: Backoff,
    /// The author of test messages.
    pub from: Mailbox,
    /// The recipient of test messages.
    pub to: Mailbox,
}

rows! {
    POLL_MESSAGE_ADDRESS: Mailbox =
        required(&BARE_MAILBOX, "an address of yours, which test messages name even where a sandbox sends nothing")
            .by_default("required, unless every upstream is a Maildir or a mock");
    POLL_FROM_ADDRESS: Mailbox = setting(
        "",
        &Text("address, perhaps with a name"),
        "the author of test messages; a sender that your providers may send for",
    )
    .by_default("the poll address");
    POLL_INTERVAL: Duration = setting("5s", &PERIOD, "the first wait of an open circuit");
    POLL_INTERVAL_MAX: Duration = setting(
        "300s",
        &PERIOD,
        "the longest wait between probes that fail; `SMSP_ACCOUNT_HOLD` or a provider's 429 may ask for more",
    );
}

const BARE_MAILBOX: Listed<Mailbox> =
    Listed { plain: Plain { unit: "address", parse: bare_mailbox }, list: ToString::to_string };

impl Settings {
    /// Reads them; if all upstreams are local no address is required.
    pub fn read(section: &mut Section, is_local: bool) -> Option<Self> {
        let to = if is_local {
            section.read_or(&POLL_MESSAGE_ADDRESS, NOWHERE)
        } else {
            section.read(&POLL_MESSAGE_ADDRESS)
        };
        // One mistake is reported once.
        let default = to.as_ref().map_or_else(|| NOWHERE.to_owned(), ToString::to_string);
        let from = section.read_or(&POLL_FROM_ADDRESS, &default);
        let (first, longest) = (section.read(&POLL_INTERVAL), section.read(&POLL_INTERVAL_MAX));
        let backoff = Backoff { first: first?, longest: longest? };
        if backoff.longest < backoff.first {
            let problem = "is shorter than SMSP_POLL_INTERVAL: raise the one or lower the other";
            section.error(POLL_INTERVAL_MAX.row.name, problem);
        }
        Some(Self { backoff, from: from?, to: to? })
    }

    /// The message of a probe; each has an id of its own.
    pub fn test_message(&self) -> Message {
        Message::probe(crate::runtime::ids::fresh().into(), self.from.clone(), self.to.clone())
    }

    pub(super) fn gap(&self) -> Duration {
        self.backoff.first.min(MAX_GAP)
    }
}

/// An address alone, for a header.
fn bare_mailbox(text: &str) -> Parsed<Mailbox> {
    let address: Address = text.parse().map_err(|error: BadAddress| error.to_string())?;
    Mailbox::new(None, address).map_err(|error| error.to_string())
}

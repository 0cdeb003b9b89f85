//! The original's mock: it sends nothing, and the subject says what happens.
//!
//! `timeout` never answers, `fail` fails provably, `panic` is a fault of ours, anything else (probes too) is accepted:
//! so a caller can rehearse every kind of answer.

use super::call::{Call, Delivery, Provider};
use super::capabilities::Capabilities;
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::model::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "mock",
    upstream: "mock",
    local: true,
    capabilities: Capabilities::ANY,
    reserved_headers: &[],
    probe: "nothing",
    #[cfg(test)]
    codes: &[],
    variables: &[],
    build,
};

struct Mock;

fn build(_: &Values, _: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Mock))
}

impl Provider for Mock {
    fn send<'a>(&'a self, Delivery { message, hand_over, .. }: Delivery<'a>) -> Call<'a> {
        Box::pin(async move {
            // As a provider that has the mail, whatever it answers.
            hand_over.give();
            match message.subject() {
                "timeout" => std::future::pending().await,
                "fail" => Verdict::new(Outcome::Unavailable, Reason::Mock),
                "panic" => fault(),
                _ => Verdict::accepted(Reason::Mock, Some(format!("mock-{}", message.id()))),
            }
        })
    }
}

#[expect(clippy::panic, reason = "what happens after a panic is what this is for")]
fn fault() -> Verdict {
    panic!("as the subject asked")
}

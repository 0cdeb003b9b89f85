//! Sends a mail by an adapter with these values of its variables.

use crate::delivery::provider::call::{Delivery, Mode};
use crate::delivery::provider::kind::Kind;
use crate::delivery::provider::tests::stub::CONNECT;
use crate::delivery::provider::values::Values;
use crate::model::message::Message;
use crate::model::outcome::Verdict;

/// The other variables have their defaults, or any value.
pub(super) async fn send(kind: &Kind, set: &[(&str, String)], message: &Message) -> Verdict {
    let mut values = Values::default();
    for variable in kind.variables {
        let value = set.iter().find(|(name, _)| *name == variable.name).map(|(_, value)| value.as_str());
        values.set(variable.name, value.or(variable.default).unwrap_or("value").into());
    }
    let adapter = (kind.build)(&values, CONNECT).unwrap_or_else(|e| panic!("{}: {e:?}", kind.name));
    adapter.send(Delivery::new(message, Mode::First)).await
}

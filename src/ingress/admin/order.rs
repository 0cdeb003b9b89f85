//! The body of an order, in and out: `PUT /circuits/{name}` takes it, `GET /audit` shows it.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::refusal::BODY;
use super::words;
use crate::delivery::circuit::Override;
use crate::ingress::server::field_error::FieldError;
use crate::runtime::millis::millis;
use crate::state::overrides::Order;

/// How to write an order.
pub(super) const HOW: &str = r#"send {"override": "open" | "closed" | "auto"}, perhaps with "for": "2h" to end it by itself, or {"reset": true}, as application/json"#;

/// The longest time after which an override ends by itself.
const MAX_TIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Milliseconds in each unit of time, the longest first.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// What an operator may order: either `override`, perhaps with `for`, or `reset`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = Order)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderBody {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::overriding, required = false)]
    r#override: Option<String>,
    /// After this time the override is `auto` again: a number with its unit, up to `720h`. Without it the override stays
    /// until the next order. Not with `auto`.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9]+(ms|s|m|h)$", examples("90s", "2h"))]
    r#for: Option<String>,
    /// `true`: the circuit closes and forgets its failures. An override stays.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reset: Option<bool>,
}

/// A null is a mistake, as of a script whose variable is not set: it must not order something without an end.
pub(super) fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl OrderBody {
    /// The order, or what is wrong with it.
    pub(super) fn read(self) -> Result<Order, FieldError> {
        match self {
            Self { r#override: Some(word), r#for: time, reset: None } => {
                let to = Override::ALL.into_iter().find(|to| to.as_str() == word);
                let to = to.ok_or_else(|| FieldError::new("override", "must be one of: auto, open, closed"))?;
                let ends_after = time.map(|time| read_time(&time).ok_or_else(bad_time)).transpose()?;
                if to == Override::Auto && ends_after.is_some() {
                    let reason = "goes with open and closed: auto is what an override ends with";
                    return Err(FieldError::new("for", reason));
                }
                Ok(Order::Override { to, ends_after })
            }
            Self { r#override: None, r#for: None, reset: Some(true) } => Ok(Order::Reset),
            _ => Err(FieldError::new(BODY, "must have override, perhaps with for, or \"reset\": true alone")),
        }
    }
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        match order {
            Order::Override { to, ends_after } => {
                Self { r#override: Some(to.as_str().to_owned()), r#for: ends_after.map(written), reset: None }
            }
            Order::Reset => Self { reset: Some(true), ..Self::default() },
        }
    }
}

fn bad_time() -> FieldError {
    FieldError::new(
        "for",
        "must be a time with its unit, for example 90s, 30m or 2h, longer than nothing and up to 720h",
    )
}

/// A time with its unit.
pub(super) fn read_time(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let time = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(factor)?);
    (!time.is_zero() && time <= MAX_TIME).then_some(time)
}

/// In the longest unit that leaves nothing over.
fn written(time: Duration) -> String {
    let millis = millis(time);
    let unit = UNITS.into_iter().find(|(_, factor)| millis.is_multiple_of(*factor));
    unit.map_or_else(|| format!("{millis}ms"), |(unit, factor)| format!("{}{unit}", millis / factor))
}

#[cfg(test)]
mod tests {
    use super::super::object::Object;
    use super::*;

    fn read(json: &str) -> Result<Order, FieldError> {
        let order = serde_json::from_str::<Object<OrderBody>>(json);
        order.map_err(|_| FieldError::new(BODY, ""))?.0?.read()
    }

    #[test]
    fn only_an_object_without_nulls_is_an_order() {
        assert!(read(r#"{"override": "open"}"#).is_ok());
        for json in [
            r#"["open", "2h", null]"#,
            r#"["open", null, null]"#,
            r#"{"override": "open", "for": null}"#,
            r#"{"override": "open", "override": "closed"}"#,
            r#"{"override": "open", "x": 1}"#,
            "null",
            "\"open\"",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_override_may_have_an_end_between_a_millisecond_and_thirty_days() {
        for (text, millis) in [("1ms", 1), ("90s", 90_000), ("30m", 1_800_000), ("720h", 2_592_000_000)] {
            let order = Order::Override { to: Override::Open, ends_after: Some(Duration::from_millis(millis)) };
            assert_eq!(read(&format!(r#"{{"override": "open", "for": "{text}"}}"#)), Ok(order), "{text}");
        }
        for text in [
            "",
            "2",
            "h",
            "0s",
            "-1h",
            "1.5h",
            "2 h",
            "2H",
            "2d",
            "721h",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(read(&format!(r#"{{"override": "open", "for": "{text}"}}"#)), Err(bad_time()), "{text}");
        }
    }

    #[test]
    fn only_an_override_ends() {
        let endless = Order::Override { to: Override::Closed, ends_after: None };
        assert_eq!(read(r#"{"override": "closed"}"#), Ok(endless));
        for json in
            [r#"{"override": "auto", "for": "1h"}"#, r#"{"reset": true, "for": "1h"}"#, r#"{"for": "1h"}"#, "{}"]
        {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_order_is_written_as_it_may_be_read() {
        for json in [
            r#"{"override":"open","for":"2h"}"#,
            r#"{"override":"closed","for":"1500ms"}"#,
            r#"{"override":"open","for":"90m"}"#,
            r#"{"override":"auto"}"#,
            r#"{"reset":true}"#,
        ] {
            let order = read(json).unwrap();
            assert_eq!(serde_json::to_string(&OrderBody::from(order)).unwrap(), json);
        }
    }
}

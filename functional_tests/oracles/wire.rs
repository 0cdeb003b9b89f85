//! A request as a flat map, so that two of them can be compared value by value, in whichever order they were written.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::Request;

/// From where to what.
pub(super) type Wire = BTreeMap<String, String>;

/// Headers that mean something to a provider.
const HEADERS: [&str; 6] =
    ["authorization", "api-key", "x-postmark-server-token", "idempotency-key", "accept", "content-type"];

/// What a provider itself spreads over all messages or recipients, of which ours are one.
const SPREAD: [(&str, &str); 2] =
    [("/Globals/", "/Messages/0/"), ("/custom_args/", "/personalizations/0/custom_args/")];

pub(super) fn read(request: &Request) -> Wire {
    let mut wire = Wire::from([("target".to_owned(), request.target.clone())]);
    let kind = request.header("content-type").unwrap_or_default();
    for name in HEADERS {
        let value = request.header(name).map(|value| value.split("; boundary=").next().unwrap_or(value));
        wire.extend(value.map(|value| (format!("header {name}"), value.to_owned())));
    }
    if kind.starts_with("multipart/") {
        parts(request, &mut wire);
    } else {
        flatten("", &request.json(), &mut wire);
    }
    wire
}

/// Where two differ, each with what both say.
pub(super) fn differences(ours: &Wire, theirs: &Wire) -> Wire {
    let places = ours.keys().chain(theirs.keys());
    let differing = places.filter(|place| ours.get(*place) != theirs.get(*place));
    differing.map(|place| (place.clone(), format!("{:?} != {:?}", ours.get(place), theirs.get(place)))).collect()
}

/// Every part, head and all, by field and by its number there.
fn parts(request: &Request, wire: &mut Wire) {
    // One character for each byte, so that nothing is lost.
    let text: String = request.body().iter().map(|byte| char::from(*byte)).collect();
    for part in text.split(&format!("--{}", request.boundary())).filter(|part| part.contains("\r\n\r\n")) {
        let name = part.split('"').nth(1).unwrap_or_else(|| panic!("a part without a name in {request}"));
        let count = (0..).find(|number| !wire.contains_key(&format!("{name} {number}"))).unwrap_or(0);
        wire.insert(format!("{name} {count}"), readable(part));
    }
}

/// UTF-8 where it is that.
fn readable(part: &str) -> String {
    let bytes: Vec<u8> = part.chars().filter_map(|byte| u8::try_from(byte).ok()).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

/// Every leaf by its JSON pointer.
fn flatten(at: &str, value: &Value, wire: &mut Wire) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{at}/{name}"), value, wire));
        }
        Value::Array(items) if !items.is_empty() => {
            for (number, item) in items.iter().enumerate() {
                match (item.as_object().map(serde_json::Map::len), item["Name"].as_str()) {
                    // A header, and their order means nothing.
                    (Some(2), Some(name)) => flatten(&format!("{at}/{name}"), &item["Value"], wire),
                    _ => flatten(&format!("{at}/{number}"), item, wire),
                }
            }
        }
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ Value::Object(_)) => flatten(at, &inner, wire),
            _ => leaf(at, value, wire),
        },
        _ => leaf(at, value, wire),
    }
}

fn leaf(at: &str, value: &Value, wire: &mut Wire) {
    let spread = SPREAD.iter().find_map(|(from, to)| Some(format!("{to}{}", at.strip_prefix(from)?)));
    wire.insert(spread.unwrap_or_else(|| at.to_owned()), value.to_string());
}

//! What a provider's document shows of its answers, from `src/delivery/provider/<name>/document.json`.
//!
//! The unit tests and the functional tests read it alike, for every kind over HTTP. In a body, `"{code}"` and `"{text}"` stand
//! for what an error says, `"{number}"` for a code that is a number, `"{count}"` for the number of recipients; an item of a list
//! that holds `"{email}"` stands once for each recipient.

use serde_json::Value;

/// What one provider's document shows.
pub(crate) struct Document(Value);

impl Document {
    /// Reads the document of the kind of this name.
    pub(crate) fn of(kind: &str) -> Self {
        let path = format!("{}/src/delivery/provider/{kind}/document.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}: show its answers there"));
        Self(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}")))
    }

    /// A field; null, if it has none.
    pub(crate) fn get(&self, field: &str) -> &Value {
        &self.0[field]
    }

    /// Every answer by which it accepts a mail to these recipients, the usual one first.
    pub(crate) fn accepted(&self, recipients: &[&str]) -> Vec<Value> {
        let examples = self.get("accepted").as_array().expect("accepted is a list");
        examples.iter().map(|example| filled(example, "", "", recipients)).collect()
    }

    /// Every answer by which it accepts a probe.
    pub(crate) fn accepted_probes(&self, recipients: &[&str]) -> Vec<Value> {
        let own = self.get("probe").get("accepted").map(|example| filled(example, "", "", recipients));
        own.into_iter().chain(self.accepted(recipients)).collect()
    }

    /// The body of an error with this code and text.
    pub(crate) fn refused(&self, code: &str, text: &str) -> String {
        body(&filled(self.get("refused"), code, text, &[]))
    }
}

/// The status of an example.
pub(crate) fn status(example: &Value) -> u16 {
    let status = example["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    status.unwrap_or_else(|| panic!("no status in {example}"))
}

/// The body of an example, as it is written.
pub(crate) fn body(example: &Value) -> String {
    if example["body"].is_null() { String::new() } else { example["body"].to_string() }
}

fn filled(value: &Value, code: &str, text: &str, recipients: &[&str]) -> Value {
    match value {
        Value::String(place) => match place.as_str() {
            "{code}" => code.into(),
            "{text}" => text.into(),
            "{number}" => code.parse::<u32>().unwrap_or(999_999).into(),
            "{count}" => recipients.len().into(),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().flat_map(|item| each(item, code, text, recipients)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), filled(member, code, text, recipients))).collect()
        }
        other => other.clone(),
    }
}

fn each(item: &Value, code: &str, text: &str, recipients: &[&str]) -> Vec<Value> {
    let members = item.as_object().into_iter().flatten();
    let Some((field, _)) = members.into_iter().find(|(_, value)| *value == "{email}") else {
        return vec![filled(item, code, text, recipients)];
    };
    let of = |email: &&str| {
        let mut item = filled(item, code, text, recipients);
        item[field] = (*email).into();
        item
    };
    recipients.iter().map(of).collect()
}

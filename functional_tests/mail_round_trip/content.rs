//! What a mail says in its head, as it was sent or as a reader found it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) from: Party,
    pub(super) to: Vec<Party>,
    pub(super) files: Vec<String>,
    pub(super) references: Vec<String>,
}

/// Name and address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Party(pub(super) String, pub(super) String);

impl Party {
    fn json(&self) -> Value {
        json!({"name": self.0, "email": self.1})
    }
}

impl Content {
    /// The mail that asks for it, under this number.
    pub(super) fn mail(&self, number: usize) -> Value {
        let file = |name| json!({"filename": name, "content_type": "application/octet-stream", "content": "AA=="});
        let mut headers = json!({"X-Number": number.to_string()});
        if !self.references.is_empty() {
            headers["References"] = json!(self.references.join(" "));
        }
        json!({
            "from": self.from.json(),
            "to": self.to.iter().map(Party::json).collect::<Vec<_>>(),
            "subject": self.subject,
            "text": "t",
            "attachments": self.files.iter().map(file).collect::<Vec<_>>(),
            "headers": headers,
        })
    }

    /// A line for every field.
    pub(super) fn lines(&self) -> Vec<String> {
        vec![
            format!("subject {:?}", self.subject),
            format!("from {:?}", self.from),
            format!("to {:?}", self.to),
            format!("files {:?}", self.files),
            format!("references {:?}", self.references),
        ]
    }

    /// What a provider without SMTPUTF8 can carry of it.
    pub(super) fn in_ascii(mut self) -> Self {
        self.to.retain(|party| party.1.is_ascii());
        self
    }
}

//! All texts of a request, a conversation or a file, decoded as often as they are encoded.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::Value;

/// What was handed over.
pub(super) struct Carried {
    shown: String,
    texts: Vec<String>,
}

impl Carried {
    /// An HTTP request: a body of JSON, or a form, which is plain as it is.
    pub(super) fn request(request: &[u8]) -> Self {
        let shown = String::from_utf8_lossy(request).into_owned();
        let body = shown.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let mut texts = vec![shown.clone()];
        match serde_json::from_str(body) {
            Ok(json) => strings(&json, &mut texts),
            Err(_) => texts.extend(body.lines().filter(|line| line.contains("=?")).map(header_text)),
        }
        Self { shown, texts }
    }

    /// A mail as a file, and what was said of it before.
    pub(super) fn file(envelope: String, file: &[u8]) -> Self {
        let shown = format!("{envelope}\n{}", String::from_utf8_lossy(file));
        let mut texts = vec![envelope];
        mail(file, &mut texts);
        Self { shown, texts }
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.texts.iter().any(|carried| carried.contains(text))
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Names and values, those of JSON within JSON too.
fn strings(json: &Value, texts: &mut Vec<String>) {
    match json {
        Value::String(text) => string(text, texts),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            texts.push(name.clone());
            strings(value, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

fn string(text: &str, texts: &mut Vec<String>) {
    texts.push(text.to_owned());
    if text.contains("=?") {
        texts.push(header_text(text));
    }
    if let Ok(within @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        strings(&within, texts);
    }
    if let Some(bytes) = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty()) {
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
        if bytes.windows(4).any(|end| end == b"\r\n\r\n") {
            mail(&bytes, texts);
        }
    }
}

/// Fields unfolded, and with their encoded words decoded; the parts of the body.
fn mail(file: &[u8], texts: &mut Vec<String>) {
    let message = MessageParser::default().parse(file).expect("a mail");
    for part in &message.parts {
        for header in part.headers() {
            let raw = &file[header.offset_start() as usize..header.offset_end() as usize];
            let value = String::from_utf8_lossy(raw).replace("\r\n", "");
            texts.push(header.name().to_owned());
            texts.push(header_text(value.trim()));
            string_of_header(value.trim(), texts);
        }
        texts.extend(part.attachment_name().map(str::to_owned));
        texts.push(String::from_utf8_lossy(part.contents()).into_owned());
    }
}

/// As it is, and the JSON that it may be.
fn string_of_header(value: &str, texts: &mut Vec<String>) {
    texts.push(value.to_owned());
    if let Ok(json) = serde_json::from_str(&header_text(value)) {
        strings(&json, texts);
    }
}

fn header_text(value: &str) -> String {
    let field = format!("Subject: {value}\r\n\r\n");
    let read = MessageParser::default().parse(field.as_bytes());
    read.and_then(|message| message.subject().map(str::to_owned)).unwrap_or_default()
}

//! What a file is: a media type with the two parameters that a reader of mail cannot do without.
//!
//! `charset` says how a text is to be read (RFC 2046 4.1.2), `method` what an invitation asks for (RFC 6047 2.4). Others are
//! refused, but for `name`, which repeats the file's name. A type of parts (`multipart/...`) is no file's. Read by hand: a
//! general parser takes any parameter, and most of this file is what to refuse.

use std::fmt;
use std::str::FromStr;

use super::error::BadAttachment;

/// `type/subtype` (RFC 6838 4.2) with its parameters, in lower case, but for the method.
#[derive(Clone)]
pub struct ContentType {
    essence: String,
    charset: Option<String>,
    method: Option<String>,
}

impl ContentType {
    /// `type/subtype`.
    pub fn as_str(&self) -> &str {
        &self.essence
    }

    /// The charset that the caller names.
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// What an invitation asks for, such as `REQUEST`.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// Is it `text/...`?
    pub fn is_text(&self) -> bool {
        self.essence.starts_with("text/")
    }

    /// With this charset, and the method if there is one.
    pub(super) fn with_charset(&self, charset: Option<&str>) -> String {
        let parameter = |name: &str, value: Option<&str>| value.map_or_else(String::new, |v| format!("; {name}={v}"));
        [self.essence.clone(), parameter("charset", charset), parameter("method", self.method())].concat()
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), BadAttachment> {
        let once = |slot: &mut Option<String>, value: String| match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(BadAttachment::Parameter),
        };
        match name.to_ascii_lowercase().as_str() {
            "charset" if is_token(value, 40) => once(&mut self.charset, value.to_ascii_lowercase()),
            "method" if self.essence == "text/calendar" && is_token(value, 40) => {
                once(&mut self.method, value.to_ascii_uppercase())
            }
            "name" => Ok(()),
            _ => Err(BadAttachment::Parameter),
        }
    }
}

/// As the caller wrote it: what it says of the file, in one form.
impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_charset(self.charset()))
    }
}

impl FromStr for ContentType {
    type Err = BadAttachment;

    fn from_str(text: &str) -> Result<Self, BadAttachment> {
        let (essence, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim_end().to_ascii_lowercase();
        let (kind, subkind) = essence.split_once('/').ok_or(BadAttachment::ContentType)?;
        if !is_token(kind, 127) || !is_token(subkind, 127) {
            return Err(BadAttachment::ContentType);
        }
        if kind == "multipart" {
            return Err(BadAttachment::Multipart);
        }
        let mut content_type = Self { essence, charset: None, method: None };
        while !rest.trim().is_empty() {
            let (name, value, after) = parameter(rest).ok_or(BadAttachment::ContentType)?;
            content_type.set(name, &value)?;
            rest = after;
        }
        Ok(content_type)
    }
}

/// `name=token` or `name="quoted"` (RFC 2045 5.1), and what follows its semicolon.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    let Some(quoted) = value.trim_start().strip_prefix('"') else {
        let (token, after) = value.split_once(';').unwrap_or((value, ""));
        return is_token(name, 127).then(|| (name, token.trim().to_owned(), after));
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
    let rest = chars.as_str().trim_start();
    let after = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
    is_token(name, 127).then_some((name, value, after))
}

/// RFC 6838 4.2: letters, digits and a few marks, none of which needs quotes.
fn is_token(text: &str, longest: usize) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    (1..=longest).contains(&text.len()) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_two_tokens_in_lower_case() {
        assert_eq!("Application/PDF".parse::<ContentType>().unwrap().as_str(), "application/pdf");
        for text in ["", "pdf", "/", "a/", "/b", "a/b/c", "a/b\r\nX: y", "ä/b", "a /b", "a/b; c", "a/b; charset"] {
            assert!(text.parse::<ContentType>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn charset_and_method_are_kept_in_one_form() {
        for (text, kept) in [
            ("text/plain; charset=\"UTF-8\"", "text/plain; charset=utf-8"),
            ("Text/Plain;Charset=ISO-8859-1;", "text/plain; charset=iso-8859-1"),
            ("text/calendar; method=request; charset=utf-8", "text/calendar; charset=utf-8; method=REQUEST"),
            ("application/pdf; name=\"a; \\\"b\\\".pdf\"", "application/pdf"),
            ("application/json ; charset=utf-8", "application/json; charset=utf-8"),
        ] {
            assert_eq!(text.parse::<ContentType>().unwrap().to_string(), kept, "{text}");
        }
    }

    #[test]
    fn multipart_types_and_unknown_parameters_are_refused() {
        for (text, reason) in [
            ("multipart/mixed; boundary=x", BadAttachment::Multipart),
            ("Multipart/Alternative", BadAttachment::Multipart),
            ("text/plain; format=flowed", BadAttachment::Parameter),
            ("text/plain; method=REQUEST", BadAttachment::Parameter),
            ("text/plain; charset=a; charset=b", BadAttachment::Parameter),
            ("text/plain; charset=\"a b\"", BadAttachment::Parameter),
            ("text/plain; charset=\"a", BadAttachment::ContentType),
            ("text/plain; charset=\"a\" b", BadAttachment::ContentType),
        ] {
            assert_eq!(text.parse::<ContentType>().err(), Some(reason), "{text}");
        }
    }
}

//! What is logged, and in which format.

use crate::runtime::settings::{BOOLEAN, Choice, Kind, Parsed, setting, settings};

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonOneline,
    /// One JSON object over several lines.
    JsonPretty,
    /// For people.
    Debug,
}

settings! {
    /// What is logged, and how.
    #[derive(Clone, Copy, Debug)]
    pub struct Settings {
        format: Format as LOG_OUTPUT_FORMAT =
            setting("DEBUG", &FORMAT, "the format of log lines: `DEBUG` is for people");
        debug: bool as LOG_OUTPUT_DEBUG = setting("false", &BOOLEAN, "log debug events too");
    }
}

const FORMATS: Choice<Format> =
    Choice(&[("DEBUG", Format::Debug), ("JSON_ONELINE", Format::JsonOneline), ("JSON_PRETTY", Format::JsonPretty)]);
const FORMAT: FormatKind = FormatKind;

/// One of [`FORMATS`], in the legacy spelling too.
struct FormatKind;

impl Kind<Format> for FormatKind {
    fn parse(&self, text: &str) -> Parsed<Format> {
        FORMATS.parse(known(text))
    }

    fn unit(&self) -> String {
        FORMATS.unit()
    }

    fn listed(&self, text: &str, _: &Format) -> String {
        known(text).to_owned()
    }
}

fn known(text: &str) -> &str {
    if text == "JSON_ONLINE" { "JSON_ONELINE" } else { text }
}

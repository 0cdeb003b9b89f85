//! What is logged, and in which format.

use tracing::Level;

use crate::runtime::settings::{BOOLEAN, Choice, Kind, Parsed, Section, rows, setting};

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

/// What is logged, and how.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The shape of lines.
    pub format: Format,
    /// The least important lines that are written.
    pub level: Level,
}

rows! {
    LOG_OUTPUT_FORMAT: Format = setting("DEBUG", &FORMAT, "the format of log lines: `DEBUG` is for people");
    LOG_LEVEL: Level = setting(
        "info",
        &LEVEL,
        "the least important lines that are written: `warn` writes none for a mail that goes well",
    );
    LOG_OUTPUT_DEBUG: bool = setting("false", &BOOLEAN, "log debug events too: `SMSP_LOG_LEVEL=debug` under its first name");
}

impl Settings {
    /// Reads every field, so that all errors are found; `None` if there is one.
    pub fn read(section: &mut Section) -> Option<Self> {
        let sets_level = section.has(LOG_LEVEL.row.name);
        let sets_debug = section.has(LOG_OUTPUT_DEBUG.row.name);
        let (format, level) = (section.read(&LOG_OUTPUT_FORMAT), section.read(&LOG_LEVEL));
        let is_debug = section.read(&LOG_OUTPUT_DEBUG);
        let (format, level, is_debug) = (format?, level?, is_debug?);
        if sets_level && sets_debug && is_debug != (level == Level::DEBUG) {
            let word = section.effective(LOG_LEVEL.row.name);
            let problem = format!("contradicts SMSP_LOG_LEVEL, which is `{word}`: remove one of them");
            section.error(LOG_OUTPUT_DEBUG.row.name, &problem);
            return None;
        }
        let level = if is_debug { Level::DEBUG } else { level };
        if level == Level::DEBUG {
            // Each is listed as it holds.
            section.in_force(LOG_LEVEL.row.name, "debug");
            section.in_force(LOG_OUTPUT_DEBUG.row.name, "true");
        }
        Some(Self { format, level })
    }
}

const FORMATS: Choice<Format> =
    Choice(&[("DEBUG", Format::Debug), ("JSON_ONELINE", Format::JsonOneline), ("JSON_PRETTY", Format::JsonPretty)]);
const FORMAT: FormatKind = FormatKind;
const LEVEL: Choice<Level> =
    Choice(&[("error", Level::ERROR), ("warn", Level::WARN), ("info", Level::INFO), ("debug", Level::DEBUG)]);

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The level, the two settings as they are listed, and the errors.
    fn read(pairs: &[(&str, &str)]) -> (Option<Level>, [String; 2], Vec<String>) {
        let pairs = pairs.iter().map(|(name, value)| (format!("SMSP_{name}"), (*value).to_owned()));
        let mut section = Section::new("SMSP_", pairs);
        let level = Settings::read(&mut section).map(|settings| settings.level);
        let listed = ["LOG_LEVEL", "LOG_OUTPUT_DEBUG"].map(|name| section.effective(name));
        (level, listed, section.finish().errors)
    }

    #[test]
    fn a_level_is_named_by_either_setting_and_both_are_listed_as_they_hold() {
        let (debug, level) = ("LOG_OUTPUT_DEBUG", "LOG_LEVEL");
        for (pairs, expected, listed) in [
            (&[][..], Level::INFO, ["info", "false"]),
            (&[(level, "warn")], Level::WARN, ["warn", "false"]),
            (&[(level, "error"), (debug, "false")], Level::ERROR, ["error", "false"]),
            (&[(level, "debug")], Level::DEBUG, ["debug", "true"]),
            (&[(debug, "true")], Level::DEBUG, ["debug", "true"]),
            (&[(debug, "true"), (level, "debug")], Level::DEBUG, ["debug", "true"]),
        ] {
            assert_eq!(read(pairs), (Some(expected), listed.map(str::to_owned), vec![]), "{pairs:?}");
        }
    }

    #[test]
    fn levels_that_contradict_each_other_are_refused() {
        for (word, is_debug) in [("info", "true"), ("warn", "true"), ("debug", "false")] {
            let (level, _, errors) = read(&[("LOG_LEVEL", word), ("LOG_OUTPUT_DEBUG", is_debug)]);
            let problem = format!("contradicts SMSP_LOG_LEVEL, which is `{word}`: remove one of them");
            assert_eq!((level, errors), (None, vec![format!("SMSP_LOG_OUTPUT_DEBUG: {problem}")]));
        }
    }
}

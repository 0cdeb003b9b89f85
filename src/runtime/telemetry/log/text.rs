//! A log line as text for people: time, level, message, then `name=value` for each field of the event and of its span.
//!
//! A value with a space or a quotation mark, and an empty one, stands in quotation marks; what a terminal would take for a
//! command is escaped. The module of the program stands in the lines of libraries alone: a message of ours is found by its
//! text.

use std::fmt::{self, Write as _};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{self, Style};
use super::timestamp;

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";
const MESSAGE: &str = "message";
/// What the targets of our own lines begin with.
const OWN: &str = "smsp";

/// Writes events and the fields of spans.
#[derive(Clone, Copy)]
pub(super) struct TextLine {
    /// Does a terminal show it?
    pub(super) has_colours: bool,
}

impl TextLine {
    /// Where the time of a line stands.
    pub(super) fn time_at(self) -> usize {
        if self.has_colours { DIM.len() } else { 0 }
    }

    fn coloured(self, writer: &mut Writer<'_>, colour: &str, text: fmt::Arguments<'_>) -> fmt::Result {
        if !self.has_colours {
            return writer.write_fmt(text);
        }
        writer.write_str(colour)?;
        writer.write_fmt(text)?;
        writer.write_str(PLAIN)
    }
}

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (metadata, writer) = (event.metadata(), &mut writer);
        self.coloured(writer, DIM, format_args!("{}", timestamp::PLACE))?;
        writer.write_char(' ')?;
        self.coloured(writer, colour(*metadata.level()), format_args!("{:>5}", metadata.level().as_str()))?;
        if !metadata.target().starts_with(OWN) {
            writer.write_char(' ')?;
            self.coloured(writer, DIM, format_args!("{}:", metadata.target()))?;
        }
        let seen = fields::of_event(self, writer, event)?;
        if let Some(span) = ctx.lookup_current()
            && let Some(kept) = span.extensions().get::<FormattedFields<N>>()
        {
            fields::of_span(writer, kept, (metadata.fields(), seen))?;
        }
        writer.write_char('\n')
    }
}

impl<'w> FormatFields<'w> for TextLine {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        fields::keep(self, &mut writer, fields)
    }

    fn add_fields(&self, fields: &'w mut FormattedFields<Self>, more: &tracing::span::Record<'_>) -> fmt::Result {
        fields::add(self, fields, more)
    }
}

/// Each field as ` name=value`, the message alone.
impl Style for TextLine {
    fn text(&self, writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        writer.write_char(' ')?;
        if name == MESSAGE {
            return self.message(writer, value);
        }
        self.coloured(writer, DIM, format_args!("{name}="))?;
        if is_plain(value) {
            return writer.write_fmt(value);
        }
        writer.write_char('"')?;
        Escaped { writer, quotes: true }.write_fmt(value)?;
        writer.write_char('"')
    }

    fn literal(&self, writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        writer.write_char(' ')?;
        self.coloured(writer, DIM, format_args!("{name}="))?;
        writer.write_fmt(value)
    }
}

impl TextLine {
    fn message(self, writer: &mut Writer<'_>, message: fmt::Arguments<'_>) -> fmt::Result {
        let (before, after) = if self.has_colours { (BOLD, PLAIN) } else { ("", "") };
        writer.write_str(before)?;
        Escaped { writer, quotes: false }.write_fmt(message)?;
        writer.write_str(after)
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        _ => "\x1b[34m",
    }
}

/// Does a value need no quotation marks?
fn is_plain(value: fmt::Arguments<'_>) -> bool {
    let mut look = Look { is_empty: true };
    // An error is a letter that is not plain.
    look.write_fmt(value).is_ok() && !look.is_empty
}

struct Look {
    is_empty: bool,
}

impl fmt::Write for Look {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.is_empty &= text.is_empty();
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=' | b'\\');
        if text.bytes().all(is_plain) { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Writes text with nothing in it that a terminal, or a reader of lines, would take for something else.
struct Escaped<'a, 'w> {
    writer: &'a mut Writer<'w>,
    /// Within quotation marks?
    quotes: bool,
}

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| match letter {
            '\'' => self.writer.write_char(letter),
            '"' | '\\' if !self.quotes => self.writer.write_char(letter),
            _ => letter.escape_debug().try_for_each(|letter| self.writer.write_char(letter)),
        })
    }
}

#[cfg(test)]
mod tests;

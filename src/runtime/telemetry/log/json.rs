//! A log line as one flat JSON object: time, level, message, the fields of the event, those of its span, target.
//!
//! By hand, because the formatter of `tracing-subscriber` parses a span's fields again for every line and for every later
//! field: a sixth of what a mail cost.

use std::fmt::{self, Write as _};

use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{self, Style};
use super::timestamp;

const START: &str = "{\"timestamp\":\"";
/// Where the time of a line stands.
pub(super) const TIME_AT: usize = START.len();

/// Writes events and the fields of spans.
#[derive(Clone, Copy)]
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        write_all(&mut writer, [START, timestamp::PLACE, "\",\"level\":\"", metadata.level().as_str(), "\""])?;
        let seen = fields::of_event(self, &mut writer, event)?;
        if let Some(span) = ctx.lookup_current()
            && let Some(kept) = span.extensions().get::<FormattedFields<N>>()
        {
            fields::of_span(&mut writer, kept, (metadata.fields(), seen))?;
        }
        write_all(&mut writer, [",\"target\":\"", metadata.target(), "\"}\n"])
    }
}

impl<'w> FormatFields<'w> for JsonLine {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        fields::keep(self, &mut writer, fields)
    }

    fn add_fields(&self, fields: &'w mut FormattedFields<Self>, more: &tracing::span::Record<'_>) -> fmt::Result {
        fields::add(self, fields, more)
    }
}

/// Each field as `,"name":value`.
impl Style for JsonLine {
    fn text(&self, writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        write_all(writer, [",\"", name, "\":\""])?;
        Escaped(writer).write_fmt(value)?;
        writer.write_char('"')
    }

    fn literal(&self, writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        write_all(writer, [",\"", name, "\":"])?;
        writer.write_fmt(value)
    }
}

fn write_all<const N: usize>(writer: &mut Writer<'_>, texts: [&str; N]) -> fmt::Result {
    texts.into_iter().try_for_each(|text| writer.write_str(text))
}

/// Writes text into a JSON string. Most text needs no escape: a look costs less than the library's way through a value.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // To the end in any case: many bytes at a time.
        let needs_escape = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
        if !text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
            return self.0.write_str(text);
        }
        let json = serde_json::to_string(text).map_err(|_| fmt::Error)?;
        self.0.write_str(&json[1..json.len() - 1])
    }
}

#[cfg(test)]
mod tests;

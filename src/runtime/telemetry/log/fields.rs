//! The fields of a line: those of the event, and those of its span that the event does not have itself.
//!
//! The fields of a span are written once, as they will stand in each of its lines, and are kept a field a line: its name, a
//! space, and what was written. Deliberately absent: a span inside of another; a request has one.

use std::fmt::{self, Debug};

use memchr::{memchr, memchr_iter};
use tracing::field::{Field, FieldSet, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::Writer;

/// How a format writes a field; never with a line break.
pub(super) trait Style {
    /// A field with this text as its value.
    fn text(&self, writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result;

    /// A field whose value is a number or a boolean.
    fn literal(&self, writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result;
}

/// The fields of an event that have a value.
#[derive(Clone, Copy, Default)]
pub(super) struct RecordedFields(u64);

impl RecordedFields {
    fn bit(field: &Field) -> u64 {
        // An event has 32 fields at most.
        1_u64.checked_shl(field.index() as u32).unwrap_or_default()
    }

    /// Has the event such a field, with a value?
    fn has(self, fields: &FieldSet, name: &str) -> bool {
        fields.field(name).is_some_and(|field| self.0 & Self::bit(&field) != 0)
    }
}

/// Writes the fields of an event.
pub(super) fn of_event(
    style: &impl Style,
    writer: &mut Writer<'_>,
    event: impl RecordFields,
) -> Result<RecordedFields, fmt::Error> {
    record(style, writer, event, false)
}

/// Writes the fields of a span as they are kept.
pub(super) fn keep(style: &impl Style, writer: &mut Writer<'_>, fields: impl RecordFields) -> fmt::Result {
    record(style, writer, fields, true).map(|_| ())
}

/// Adds fields to those that are kept; a new value takes the place of the one before.
pub(super) fn add<F>(style: &impl Style, fields: &mut FormattedFields<F>, more: &Record<'_>) -> fmt::Result {
    let before = fields.fields.len();
    keep(style, &mut fields.as_writer(), more)?;
    let (old, new) = fields.fields.split_at(before);
    let is_new = |name: &str| kept(new).any(|(added, _)| added == name);
    if kept(old).any(|(name, _)| is_new(name)) {
        let rest = kept(old).filter(|(name, _)| !is_new(name)).map(|(name, written)| format!("{name} {written}\n"));
        fields.fields = rest.chain([new.to_owned()]).collect();
    }
    Ok(())
}

/// Writes the fields that are kept of a span, but for those that the event has.
pub(super) fn of_span(writer: &mut Writer<'_>, span: &str, event: (&FieldSet, RecordedFields)) -> fmt::Result {
    let (fields, recorded) = event;
    let others = kept(span).filter(|(name, _)| !recorded.has(fields, name));
    others.map(|(_, written)| written).try_for_each(|written| writer.write_str(written))
}

/// Each name, and what is written of it. Every line of a request looks at all of it, so not by the way that is made for
/// characters of all kinds.
fn kept(fields: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut begin = 0;
    memchr_iter(b'\n', fields.as_bytes()).filter_map(move |end| {
        let line = fields.get(begin..end)?;
        begin = end + 1;
        let (name, written) = line.split_at_checked(memchr(b' ', line.as_bytes())?)?;
        Some((name, &written[1..]))
    })
}

fn record(
    style: &impl Style,
    writer: &mut Writer<'_>,
    fields: impl RecordFields,
    keeps: bool,
) -> Result<RecordedFields, fmt::Error> {
    let mut recorder = Recorder { style, writer, keeps, recorded: RecordedFields::default(), result: Ok(()) };
    fields.record(&mut recorder);
    recorder.result.map(|()| recorder.recorded)
}

struct Recorder<'a, 'w, S> {
    style: &'a S,
    writer: &'a mut Writer<'w>,
    keeps: bool,
    recorded: RecordedFields,
    result: fmt::Result,
}

impl<S: Style> Recorder<'_, '_, S> {
    fn write(&mut self, field: &Field, write: impl FnOnce(&S, &mut Writer<'_>, &str) -> fmt::Result) {
        self.recorded.0 |= RecordedFields::bit(field);
        let written = self.write_kept(field.name(), write);
        self.result = self.result.and(written);
    }

    fn write_kept(&mut self, name: &str, write: impl FnOnce(&S, &mut Writer<'_>, &str) -> fmt::Result) -> fmt::Result {
        if !self.keeps {
            return write(self.style, self.writer, name);
        }
        self.writer.write_str(name)?;
        self.writer.write_char(' ')?;
        write(self.style, self.writer, name)?;
        self.writer.write_char('\n')
    }

    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.write(field, |style, writer, name| style.text(writer, name, value));
    }

    fn literal(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.write(field, |style, writer, name| style.literal(writer, name, value));
    }
}

impl<S: Style> Visit for Recorder<'_, '_, S> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.literal(field, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.literal(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.literal(field, format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match value.is_finite() {
            true => self.literal(field, format_args!("{value}")),
            // JSON has no number for it.
            false => self.literal(field, format_args!("null")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}

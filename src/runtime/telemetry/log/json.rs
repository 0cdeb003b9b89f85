//! A log line as one JSON object: time, level, fields, target, span, in the shape of `tracing-subscriber`'s formatter.
//!
//! By hand, because that formatter parses a span's fields again for every line and for every later field: a sixth of what
//! a mail cost. Here a span's fields are written once, as they will stand.

use std::fmt::{self, Debug, Write as _};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::timestamp;

/// Writes events and the fields of spans.
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        timestamp::write(SystemTime::now(), &mut writer)?;
        write_all(&mut writer, ["\",\"level\":\"", event.metadata().level().as_str(), "\""])?;
        members(&mut writer, event)?;
        write_all(&mut writer, [",\"target\":\"", event.metadata().target(), "\""])?;
        if let Some(span) = ctx.lookup_current() {
            write_all(&mut writer, [",\"span\":{\"name\":\"", span.name(), "\""])?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(fields)?;
            }
            writer.write_char('}')?;
        }
        writer.write_str("}\n")
    }
}

impl<'w> FormatFields<'w> for JsonLine {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        members(&mut writer, fields)
    }

    fn add_fields(&self, fields: &'w mut FormattedFields<Self>, more: &tracing::span::Record<'_>) -> fmt::Result {
        members(&mut fields.as_writer(), more)
    }
}

fn write_all<const N: usize>(writer: &mut Writer<'_>, texts: [&str; N]) -> fmt::Result {
    texts.into_iter().try_for_each(|text| writer.write_str(text))
}

/// Writes each field as `,"name":value`.
fn members(writer: &mut Writer<'_>, fields: impl RecordFields) -> fmt::Result {
    let mut members = Members(writer, Ok(()));
    fields.record(&mut members);
    members.1
}

struct Members<'a, 'w>(&'a mut Writer<'w>, fmt::Result);

impl Members<'_, '_> {
    /// Writes the field as a string, with this text.
    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let written = write_all(self.0, [",\"", field.name(), "\":\""])
            .and_then(|()| Escaped(self.0).write_fmt(value))
            .and_then(|()| self.0.write_char('"'));
        self.1 = self.1.and(written);
    }

    /// Writes the field with a value that is JSON as it stands.
    fn literal(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let written = write_all(self.0, [",\"", field.name(), "\":"]).and_then(|()| self.0.write_fmt(value));
        self.1 = self.1.and(written);
    }
}

impl Visit for Members<'_, '_> {
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

/// Writes text into a JSON string. Most text needs no escape: a look costs less than the library's way through a value.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            return self.0.write_str(text);
        }
        let json = serde_json::to_string(text).map_err(|_| fmt::Error)?;
        self.0.write_str(&json[1..json.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;
    use tracing::{Level, info, span};
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_json_object_with_its_span_whatever_its_fields_hold() {
        let (written, odd) = (Written::default(), "a \"b\"\n\u{1}ü\\");
        let layer = fmt::layer().event_format(JsonLine).fmt_fields(JsonLine).with_writer({
            let written = written.clone();
            move || written.clone()
        });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = span!(Level::INFO, "request", request_id = odd, caller = Empty);
            span.record("caller", odd);
            span.in_scope(|| info!(%odd, shown = ?odd, yes = true, less = -1, more = u64::MAX, share = 0.5, none = f64::NAN, "{odd}"));
            info!("outside");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let [mut inside, outside] = text
            .lines()
            .map(serde_json::from_str::<Value>)
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .and_then(|lines| lines.try_into().ok())
            .unwrap_or_else(|| panic!("{text}"));
        assert!(inside.as_object_mut().unwrap().remove("timestamp").is_some(), "{inside}");
        let expected = json!({
            "level": "INFO", "message": odd, "odd": odd, "shown": format!("{odd:?}"), "yes": true, "less": -1,
            "more": u64::MAX, "share": 0.5, "none": null, "target": module_path!(),
            "span": {"name": "request", "request_id": odd, "caller": odd},
        });
        assert_eq!(inside, expected);
        assert_eq!((&outside["message"], outside.get("span")), (&"outside".into(), None), "{outside}");
    }
}

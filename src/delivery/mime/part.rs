//! The parts of a mail: text, HTML and an invitation are alternatives; pictures are related to them; files come beside
//! (RFC 2046 5.1, RFC 2387, RFC 6047 2.4).

use super::bytes::Bytes;
use super::field::Field;
use super::{body, file};
use crate::delivery::render;
use crate::model::message::{Attachment, Message, Report};

const DELIVERY_STATUS: &str = "message/delivery-status";

pub(super) enum Part<'a> {
    /// `text/plain` or `text/html`.
    Text(&'static str, &'a str),
    /// The status of recipients, in a report.
    Status(&'a str),
    /// A file and its disposition.
    File(&'a Attachment, &'static str),
    /// The subtype of `multipart`, and what it joins.
    Multi(&'static str, Vec<Self>),
}

impl<'a> Part<'a> {
    /// The one that holds all others. An invitation stands there once: readers offer its answer, and its name for a file.
    pub(super) fn whole(message: &'a Message) -> Self {
        if let Some(report) = message.report() {
            return Self::report(message, report);
        }
        let (text, html) = render::bodies(message);
        let text = text.map(|text| Self::Text("text/plain", text));
        let html = html.map(|html| Self::Text("text/html", html));
        let calendar = message.invitation().map(|file| Self::File(file, "inline"));
        let alternatives = Self::join("alternative", text.into_iter().chain(html).chain(calendar));
        let pictures = render::attachments(message, true).map(|file| Self::File(file, "inline"));
        let related = Self::join("related", [alternatives].into_iter().chain(pictures));
        let files = render::attachments(message, false).filter(|file| !message.is_invitation(file));
        let files = files.map(|file| Self::File(file, "attachment"));
        Self::join("mixed", [related].into_iter().chain(files))
    }

    /// A text for people, one for programs, and the head of the other mail (RFC 6522).
    fn report(message: &'a Message, report: &'a Report) -> Self {
        let text = Self::Text("text/plain", message.text().unwrap_or_default());
        let head = report.head().map(|head| Self::Text("text/rfc822-headers", head));
        Self::Multi("report", [text, Self::Status(report.status())].into_iter().chain(head).collect())
    }

    /// One part stands for itself.
    fn join(subtype: &'static str, parts: impl Iterator<Item = Self>) -> Self {
        let mut parts: Vec<_> = parts.collect();
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Self::Multi(subtype, parts)
            }
        }
    }

    /// Without parameters.
    fn content_type(&self) -> String {
        match self {
            Self::Text(content_type, _) => (*content_type).to_owned(),
            Self::Status(_) => DELIVERY_STATUS.to_owned(),
            Self::File(file, _) => file.content_type.as_str().to_owned(),
            Self::Multi(subtype, _) => format!("multipart/{subtype}"),
        }
    }

    fn is_eight_bit(&self) -> bool {
        match self {
            Self::Text(..) | Self::Status(_) => false,
            Self::File(file, _) => file::is_eight_bit(file),
            Self::Multi(_, parts) => parts.iter().any(Self::is_eight_bit),
        }
    }

    pub(super) fn write(&self, out: &mut Bytes) {
        match self {
            Self::Text(content_type, text) => body::write(content_type, text, out),
            Self::Status(status) => write_status(status, out),
            Self::File(file, disposition) => file::write(file, disposition, out),
            Self::Multi(subtype, parts) => self.write_joined(subtype, parts, out),
        }
    }

    fn write_joined(&self, subtype: &str, parts: &[Self], out: &mut Bytes) {
        let boundary: String = std::iter::repeat_with(fastrand::alphanumeric).take(40).collect();
        let mut field = Field::of("Content-Type", &format!("multipart/{subtype};"));
        // RFC 2387 3.1.
        if let Some(root) = parts.first().filter(|_| subtype == "related") {
            field.word(&format!("type=\"{}\";", root.content_type()));
        }
        if subtype == "report" {
            field.word("report-type=delivery-status;");
        }
        field.word(&format!("boundary=\"{boundary}\""));
        out.field(field);
        // RFC 2045 6.4.
        if self.is_eight_bit() {
            out.field(Field::of("Content-Transfer-Encoding", "8bit"));
        }
        out.end_of_line();
        for part in parts {
            out.text(&format!("--{boundary}\r\n"));
            part.write(out);
            out.end_of_line();
        }
        out.text(&format!("--{boundary}--"));
    }
}

/// It is of ASCII, and has no other encoding (RFC 3464 2.1).
fn write_status(status: &str, out: &mut Bytes) {
    out.field(Field::of("Content-Type", DELIVERY_STATUS));
    out.field(Field::of("Content-Transfer-Encoding", "7bit"));
    out.end_of_line();
    out.lines(status.split('\n').map(str::as_bytes));
}

//! `{filename, content_type, content, content_id?}`: the content comes in base64 and is kept as bytes.

mod content;

use std::fmt::Display;

use super::field::{Field, Shape, field};
use super::fields::Fields;
use super::value::Value;
use crate::model::message::Attachment;
use content::Content;

const FILENAME: Field =
    Field { required: true, ..field("filename", Shape::Text, "Its name, 1 to 255 bytes; `/` and `\\` become `_`.") };
const CONTENT_TYPE: Field = Field {
    required: true,
    ..field(
        "content_type",
        Shape::Text,
        "What it is, such as `application/pdf`, `text/plain; charset=utf-8` or, for an invitation, `text/calendar; method=REQUEST`.",
    )
};
const CONTENT: Field =
    Field { required: true, ..field("content", Shape::Text, "Its bytes in base64, which may stand in lines.") };
const CONTENT_ID: Field = field(
    "content_id",
    Shape::Text,
    "Where the HTML names it as `cid:...`, it is shown there instead of being attached.",
);

pub(super) const FIELDS: [&Field; 4] = [&FILENAME, &CONTENT_TYPE, &CONTENT, &CONTENT_ID];

impl<'a> Fields<'a> {
    /// The sound ones of a list of attachments.
    pub(super) fn attachments(&mut self, field: &Field, most: usize) -> Vec<Attachment> {
        let (name, items) = self.items(field, most, "files");
        let mut attachments: Vec<Attachment> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            if self.is_full() {
                break;
            }
            let name = format_args!("{name}[{index}]");
            let Some(attachment) = self.attachment(name, item) else { continue };
            let content_id = attachment.content_id.as_ref();
            if content_id.is_some() && attachments.iter().any(|other| other.content_id.as_ref() == content_id) {
                self.fault(format_args!("{name}.content_id"), "is given twice");
            }
            attachments.push(attachment);
        }
        attachments
    }

    fn attachment(&mut self, name: impl Display + Copy, item: Value<'a>) -> Option<Attachment> {
        let mut parts = self.below(name, item)?;
        let (filename, content_type) = (parts.text(&FILENAME), parts.text(&CONTENT_TYPE));
        let (content, content_id) = (parts.text::<Content>(&CONTENT), parts.text(&CONTENT_ID));
        parts.refuse_the_rest(&FIELDS);
        self.take_faults(parts);
        Some(Attachment { filename: filename?, content_type: content_type?, content: content?.0, content_id })
    }
}

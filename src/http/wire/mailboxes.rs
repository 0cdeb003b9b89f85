//! A mailbox as `a@b.org`, `Name <a@b.org>` or `{"email", "name"}`; a list of them as an array, or as one string.

use std::fmt::Display;

use super::fields::Fields;
use super::value::{MOST_ITEMS, Members};
use super::{Field, Shape, Value, field};
use crate::message::Mailbox;
use crate::message::address::split_list;

const EMAIL: Field = Field { required: true, ..field("email", Shape::Text, "The address.") };
const NAME: Field = field("name", Shape::Text, "The name that is shown.");

/// Of a mailbox in its parts.
pub(super) const PARTS: [&Field; 2] = [&EMAIL, &NAME];

impl<'a> Fields<'a> {
    /// A mailbox, if it is there and sound.
    pub(super) fn mailbox(&mut self, field: &Field) -> Option<Mailbox> {
        let (name, value) = self.take(field)?;
        self.read_mailbox(&name, value)
    }

    /// The sound ones of a list of mailboxes.
    pub(super) fn mailboxes(&mut self, field: &Field) -> Vec<Mailbox> {
        let Some((name, value)) = self.take(field) else { return Vec::new() };
        match value {
            Value::Text(text) => self.read_list(&name, &text),
            Value::List(items) => {
                let items = items.into_iter().enumerate();
                items.filter_map(|(index, item)| self.read_mailbox(format_args!("{name}[{index}]"), item)).collect()
            }
            other => {
                self.mismatch(&name, "an array of mailboxes or a string", &other);
                Vec::new()
            }
        }
    }

    fn read_list(&mut self, name: &str, text: &str) -> Vec<Mailbox> {
        let parts: Vec<_> = split_list(text).take(MOST_ITEMS + 1).collect();
        if parts.len() > MOST_ITEMS {
            self.fault(name, &format!("names more than {MOST_ITEMS} mailboxes"));
            return Vec::new();
        }
        parts.into_iter().filter_map(|part| self.read(name, part)).collect()
    }

    fn read_mailbox(&mut self, name: impl Display + Copy, value: Value<'a>) -> Option<Mailbox> {
        match value {
            Value::Text(text) => self.read(name, &text),
            Value::Object(members) => self.read_parts(name, members),
            other => {
                self.mismatch(name, "a string or an object with email and name", &other);
                None
            }
        }
    }

    fn read_parts(&mut self, name: impl Display + Copy, members: Members<'a>) -> Option<Mailbox> {
        let mut parts = self.below(name, Value::Object(members))?;
        let email = parts.text(&EMAIL);
        let display_name = parts.text::<String>(&NAME);
        parts.refuse_the_rest();
        self.take_faults(parts);
        let mailbox = Mailbox::new(display_name.as_deref(), email?);
        mailbox.map_err(|error| self.fault(name, &error.to_string())).ok()
    }
}

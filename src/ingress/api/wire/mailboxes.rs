//! A mailbox as `a@b.org`, `Name <a@b.org>` or `{"email", "name"}`; a list of them as an array, or as one string.

use std::fmt::Display;

use super::field::{Field, Shape, field};
use super::fields::Fields;
use super::value::{MAX_ITEMS, Members, Value};
use crate::model::message::Mailbox;
use crate::model::message::address::{BadAddress, split_list};

const EMAIL: Field = Field { required: true, ..field("email", Shape::Text, "The address.") };
const NAME: Field = field("name", Shape::Text, "The name that is shown.");

/// The fields of a mailbox in its parts.
pub(super) const PARTS: [&Field; 2] = [&EMAIL, &NAME];

const QUOTE_THE_NAME: &str =
    r#": write a name with a comma or a semicolon as "Doe, Jane" <a@b.org>, in double quotes, or as {"email", "name"}"#;
const ONE_EACH: &str = ": this is a list; here stands one mailbox";
/// A name has no more commas than this.
const MAX_COMMAS: usize = 4;

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
        let parts: Vec<_> = split_list(text).take(MAX_ITEMS + 1).collect();
        if parts.len() > MAX_ITEMS {
            self.fault(name, &format!("names more than {MAX_ITEMS} mailboxes"));
            return Vec::new();
        }
        let mailbox = |(index, part): (usize, &&str)| {
            let hint = || if begins_a_name(&parts[index..]) { QUOTE_THE_NAME } else { "" };
            self.read_written(name, part, hint)
        };
        parts.iter().enumerate().filter_map(mailbox).collect()
    }

    fn read_mailbox(&mut self, name: impl Display + Copy, value: Value<'a>) -> Option<Mailbox> {
        match value {
            Value::Text(text) => self.read_written(name, &text, || hint_on(&text)),
            Value::Object(members) => self.read_parts(name, members),
            other => {
                self.mismatch(name, "a string or an object with email and name", &other);
                None
            }
        }
    }

    /// What a refusal says after its reason is asked for only where there is one.
    fn read_written(
        &mut self,
        name: impl Display + Copy,
        text: &str,
        hint: impl FnOnce() -> &'static str,
    ) -> Option<Mailbox> {
        let refuse = |error: BadAddress| {
            if !self.is_full() {
                self.fault(name, &format!("{error}{}", hint()));
            }
        };
        text.parse().map_err(refuse).ok()
    }

    fn read_parts(&mut self, name: impl Display + Copy, members: Members<'a>) -> Option<Mailbox> {
        let mut parts = self.below(name, Value::Object(members))?;
        let email = parts.text(&EMAIL);
        let display_name = parts.text::<String>(&NAME);
        parts.refuse_the_rest(&PARTS);
        self.take_faults(parts);
        let mailbox = Mailbox::new(display_name.as_deref(), email?);
        mailbox.map_err(|error| self.fault(name, &error.to_string())).ok()
    }
}

/// Is the first of these a piece of a name, whose other pieces and address follow? `Doe`, `Jane <a@b.org>`.
fn begins_a_name(parts: &[&str]) -> bool {
    let with_address = parts.iter().take(MAX_COMMAS + 1).position(|part| part.contains('@'));
    with_address.is_some_and(|at| at > 0 && parts[at].trim_end().ends_with('>'))
}

/// On a text where one mailbox stands.
fn hint_on(text: &str) -> &'static str {
    let parts: Vec<_> = split_list(text).take(MAX_COMMAS + 1).collect();
    match parts[..] {
        _ if begins_a_name(&parts) => QUOTE_THE_NAME,
        [first, second, ..] if first.contains('@') && second.contains('@') => ONE_EACH,
        _ => "",
    }
}

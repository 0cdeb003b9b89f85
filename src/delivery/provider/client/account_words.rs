//! Words of a refusal that name the account, for providers that give no code for it.
//!
//! Only a 403 in a provider's own form is looked at. A provider may repeat what a caller wrote (a subject "suspended"), so a
//! word that the mail itself holds is no evidence: whatever a caller writes, it makes no fault of the account. The price:
//! a refusal of the account is not seen by the mails that hold its word, but by all others, and by the probe.

use crate::model::message::Message;
use crate::runtime::off_worker::off_worker;

/// Words for keys, rights, plans, credits and suspension.
const WORDS: [&str; 12] = [
    "key",
    "keys",
    "scope",
    "scopes",
    "permission",
    "permissions",
    "plan",
    "credit",
    "credits",
    "suspended",
    "suspension",
    "disabled",
];

/// Does this text name the account, in words that are not the mail's?
pub(in crate::delivery::provider) fn names_the_account(text: &str, message: &Message) -> bool {
    // Whole ones: a domain that the answer repeats may hold any of them.
    let words = || text.split(|c: char| !c.is_alphanumeric() && !".-@_".contains(c));
    let says = |word: &str| words().any(|said| said.trim_end_matches('.').eq_ignore_ascii_case(word));
    let said: Vec<_> = WORDS.into_iter().filter(|word| says(word)).collect();
    // Once through each: both may be long, and a worker waits for it.
    !said.is_empty()
        && off_worker(message.size(), || said.iter().any(|word| !texts(message).any(|text| holds(text, word))))
}

/// Everything that a caller writes, but for the contents of files.
fn texts(message: &Message) -> impl Iterator<Item = &str> {
    let mailboxes = message.mailboxes().flat_map(|mailbox| [mailbox.name().unwrap_or(""), mailbox.address().as_str()]);
    let headers = message.headers().iter().flat_map(|header| [header.name(), header.value()]);
    let metadata = message.metadata().iter().flat_map(|pair| [pair.name(), pair.value()]);
    let tags = message.tags().iter().map(|tag| tag.as_str());
    let files = message.attachments().iter().flat_map(|file| {
        [file.filename.as_str(), file.content_type.as_str(), file.content_id.as_ref().map_or("", |id| id.as_str())]
    });
    let bodies = [Some(message.subject()), message.text(), message.html()].into_iter().flatten();
    bodies.chain(mailboxes).chain(headers).chain(metadata).chain(tags).chain(files)
}

fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Draft;

    fn mail(subject: &str) -> Message {
        let draft = Draft {
            to: vec!["plan@example.org".parse().unwrap()],
            subject: subject.parse().unwrap(),
            ..Draft::default()
        };
        Message::new(crate::runtime::ids::fresh().into(), "a@credits.example.org".parse().unwrap(), draft).unwrap()
    }

    #[test]
    fn a_word_names_the_account_only_whole_and_only_if_the_mail_does_not_hold_it() {
        for (text, subject, named) in [
            ("Your account is suspended.", "Hello", true),
            ("You do not have the Scope for this action", "Hello", true),
            ("Your account is suspended.", "SUSPENDED", false),
            ("Subject not allowed: account suspended", "account suspended", false),
            ("Refused: plan", "the sender's address holds credits, the recipient's plan", false),
            ("no mail to a@suspended.example.org, suspended-x, key_x", "Hello", false),
            ("access forbidden", "Hello", false),
            ("", "", false),
        ] {
            assert_eq!(names_the_account(text, &mail(subject)), named, "{text} / {subject}");
        }
    }
}

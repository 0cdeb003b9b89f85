//! Mails that the rules of the bench look at.

use smsp::model::caller::CallerName;
use smsp::model::message::{Draft, Header, Message, ReservedHeaders};
use smsp::model::submission::{SendOptions, Submission};
use smsp::runtime::ids;

/// To one recipient, with two tags and two headers.
pub(crate) fn small() -> Submission {
    mail(1, 2, 2)
}

/// As large as callers may send: 50 recipients are the default limit.
pub(crate) fn many() -> Submission {
    mail(50, 10, 20)
}

fn mail(recipients: usize, tags: usize, headers: usize) -> Submission {
    let header = |number: usize| {
        let name = if number == 0 { "X-Kind".to_owned() } else { format!("X-Header-{number}") };
        Header::new(&name, "an urgent mail of the spring", ReservedHeaders::NONE).expect("a header")
    };
    let parts = Draft {
        to: (0..recipients).map(|number| address(&format!("ada.{number}@eu.example.org"))).collect(),
        tags: (0..tags).map(|number| format!("newsletter {number}").parse().expect("a tag")).collect(),
        headers: (0..headers).map(header).collect(),
        ..Draft::default()
    };
    let message = Message::new(ids::fresh().into(), address("orders@shop.example.com"), parts).expect("a message");
    Submission { message, caller: CallerName::from("billing"), options: SendOptions::default() }
}

fn address<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("an address")
}

//! Any text as a list of mailboxes and as a display name: what is taken obeys the policy as it is written down here once
//! more, an independent parser of mails reads the same, and it reads back as itself, alone and beside others.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_parser::{Address as Parsed, MessageParser};
use smsp::model::message::address::split_list;
use smsp::model::message::{Address, Mailbox};

fuzz_target!(|text: &str| {
    let mut taken: Vec<Mailbox> = split_list(text).filter_map(|part| part.parse().ok()).collect();
    let named = Mailbox::new(Some(text), "a@example.org".parse().expect("an address"));
    taken.extend(named);
    for mailbox in &taken {
        is_sound(mailbox);
    }
    let shown: Vec<_> = taken.iter().map(Mailbox::to_string).collect();
    for separator in [", ", ";"] {
        let again: Vec<Mailbox> = split_list(&shown.join(separator)).filter_map(|part| part.parse().ok()).collect();
        assert!(again == taken, "{shown:?}");
    }
});

fn is_sound(mailbox: &Mailbox) {
    let (shown, address) = (mailbox.to_string(), mailbox.address());
    assert!(!shown.contains(char::is_control), "{shown:?}");
    assert!(shown.parse().as_ref() == Ok(mailbox), "{shown:?}");
    let (local, domain) = address.as_str().split_once('@').expect("an @");
    assert_eq!(domain, address.domain());
    is_dot_atom(local);
    is_host_name(domain);
    assert_eq!(address.is_intranet(), !domain.contains('.'));
    let (unicode, readable) = idna::domain_to_unicode(domain);
    assert!(readable.is_ok(), "{domain:?}");
    assert!(format!("{local}@{unicode}").parse::<Address>().as_ref() == Ok(address), "{domain:?} is not {unicode:?}");
    let raw = format!("To: {shown}\r\n\r\n");
    let mail = MessageParser::default().parse(raw.as_bytes()).expect("a mail");
    let Some(Parsed::List(list)) = mail.to() else { panic!("{shown:?} is read as {:?}", mail.to()) };
    let read: Vec<_> = list.iter().map(|one| (one.name(), one.address())).collect();
    assert_eq!(read, [(mailbox.name(), Some(address.as_str()))], "{shown:?}");
}

/// RFC 5321 4.5.3.1.1, RFC 5322 3.2.3, RFC 6531 3.3; and no option of a mailer's.
fn is_dot_atom(local: &str) {
    let special = |c: char| c.is_whitespace() || c.is_control() || "()<>[]:;@\\,\"".contains(c);
    assert!((1..=64).contains(&local.len()) && !local.starts_with('-'), "{local:?}");
    assert!(!local.contains(special) && local.split('.').all(|atom| !atom.is_empty()), "{local:?}");
}

/// RFC 1035 2.3.1 and 2.3.4, and no IP address.
fn is_host_name(domain: &str) {
    let labels: Vec<_> = domain.split('.').collect();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let sound = |label: &&str| (1..=63).contains(&label.len()) && label.chars().all(plain);
    assert!(domain.len() <= 253 && labels.iter().all(sound), "{domain:?}");
    assert!(!labels.iter().any(|label| label.starts_with('-') || label.ends_with('-')), "{domain:?}");
    assert!(labels.last().is_some_and(|top| !top.starts_with(|c: char| c.is_ascii_digit())), "{domain:?}");
}

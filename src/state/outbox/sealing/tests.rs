//! Tests of sealing.

use super::*;
use crate::model::message::Attachment;
use crate::model::message::Draft;
use crate::model::submission::SendOptions;
use crate::state::outbox::encoding::tests::{assert_equal, full_mail};

fn sealer(id: &str, digit: char) -> Sealer {
    let key = format!("{id}:{}", digit.to_string().repeat(64));
    Sealer::new(Arc::new(StoreKeys::parse(&key).unwrap()))
}

fn submission(message: Message) -> Submission {
    let options = SendOptions { failover: Some(Failover::Safe), key: None };
    Submission { message, caller: "shop".into(), options }
}

fn large_mail() -> Message {
    let content = vec![b'x'; 2 * PART + 17].into();
    let (filename, content_type) = ("a".parse().unwrap(), "a/b".parse().unwrap());
    let file = Attachment { filename, content_type, content, content_id: None };
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], attachments: vec![file], ..Draft::default() };
    Message::new(Uuid::from_u128(8).into(), "a@example.org".parse().unwrap(), draft).unwrap()
}

#[test]
fn what_is_sealed_opens_with_the_same_key_and_id_alone() {
    for message in [full_mail(), large_mail()] {
        let (id, sealer_a) = (message.id(), sealer("a", '1'));
        let sealed = sealer_a.seal(&submission(message.clone())).unwrap();
        let (opened, failover) = sealer_a.open(id, &sealed.content).unwrap();
        assert_equal(&opened, &message);
        assert_eq!(failover, Some(Failover::Safe));
        let list = sealer_a.open_recipients(id, &sealed.recipients).unwrap();
        let expected: Vec<_> = message.recipient_mailboxes().map(|one| one.address().as_str().to_owned()).collect();
        assert_eq!((list, sealed.hmacs.len()), (expected, message.recipients()));
        let other_id: Id = Uuid::from_u128(9).into();
        for (sealer, id) in [(sealer("a", '2'), id), (sealer("b", '1'), id), (sealer_a, other_id)] {
            assert!(sealer.open(id, &sealed.content).is_err());
            assert_eq!(sealer.open_recipients(id, &sealed.recipients), None);
        }
    }
}

#[test]
fn no_part_can_be_changed_left_out_or_exchanged() {
    let (sealer, message) = (sealer("a", '1'), large_mail());
    let sealed = sealer.seal(&submission(message.clone())).unwrap();
    assert_eq!(sealed.content.parts.len(), 3);
    let changes: [fn(&mut Vec<Vec<u8>>); 4] =
        [|parts| parts[1][0] ^= 1, |parts| drop(parts.pop()), |parts| parts.swap(0, 1), |parts| drop(parts.drain(..))];
    for change in changes {
        let mut content = sealed.content.clone();
        change(&mut content.parts);
        assert!(sealer.open(message.id(), &content).is_err());
    }
    let again = sealer.seal(&submission(message)).unwrap();
    assert!(again.content.parts[0] != sealed.content.parts[0], "each submission has a key of its own");
}

#[test]
fn nothing_of_a_mail_is_in_clear() {
    let sealed = sealer("a", '1').seal(&submission(full_mail())).unwrap();
    let recipients = sealed.recipients;
    let hmacs: Vec<u8> = sealed.hmacs.iter().flat_map(|hmac| hmac.0).collect();
    let all =
        [sealed.content.parts.concat(), sealed.content.wrapped_key, recipients.bytes, recipients.wrapped_key, hmacs];
    let all = all.concat();
    // None so short that it may stand in what is sealed by chance.
    for word in ["example", "<p>Hi</p>", "subject", "BEGIN"] {
        assert!(!all.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
}

#[test]
fn a_recipient_is_found_in_any_case_and_under_an_older_key() {
    let sealed = sealer("a", '1').seal(&submission(full_mail())).unwrap();
    let both = format!("b:{},a:{}", "2".repeat(64), "1".repeat(64));
    let both = Sealer::new(Arc::new(StoreKeys::parse(&both).unwrap()));
    let found = both.hmacs(&"C@EXAMPLE.org".parse().unwrap());
    assert_eq!(found.iter().filter(|hmac| sealed.hmacs.contains(hmac)).count(), 1);
}

#[test]
fn a_domain_has_one_hmac_in_any_case_and_another_than_an_address() {
    let sealer = sealer("a", '1');
    let hmac = sealer.domain_hmac("Example.org").unwrap();
    assert_eq!(sealer.domain_hmac("example.ORG"), Some(hmac));
    assert_ne!(sealer.domain_hmac("example.net"), Some(hmac));
    assert!(!sealer.hmacs(&"c@example.org".parse().unwrap()).contains(&hmac));
}

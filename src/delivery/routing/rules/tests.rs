//! What rules mean, how they are written, and what is wrong with them.

mod model;
mod written;

use super::*;
use crate::model::caller::CallerName;
use crate::model::message::{Draft, Header, Message, ReservedHeaders};
use crate::model::submission::SendOptions;

/// The upstreams that the rules of these tests may name.
pub(super) fn upstreams() -> Vec<Arc<str>> {
    ["mg", "sg", "pm", "ses-eu"].map(Arc::from).into()
}

pub(super) fn read(text: &str) -> Result<Rules, Vec<String>> {
    Rules::read(text, &upstreams()).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn rules(text: &str) -> Rules {
    read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

/// A mail of the caller `shop`, from this address to these, with these tags and headers.
fn mail(from: &str, to: &[&str], tags: &[&str], headers: &[(&str, &str)]) -> Submission {
    let header = |(name, value): &(&str, &str)| Header::new(name, value, ReservedHeaders::NONE).unwrap();
    let (first, copies) = to.split_first().unwrap();
    let parts = Draft {
        to: vec![first.parse().unwrap()],
        bcc: copies.iter().map(|copy| copy.parse().unwrap()).collect(),
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        headers: headers.iter().map(header).collect(),
        ..Draft::default()
    };
    let message = Message::new(crate::runtime::ids::fresh().into(), from.parse().unwrap(), parts).unwrap();
    Submission { message, caller: CallerName::from("shop"), options: SendOptions::default() }
}

/// Does the rule of these conditions hold for the mail?
fn holds(conditions: &str, mail: &Submission) -> bool {
    rules(&format!("{conditions} -> pm")).find(mail).is_some()
}

#[test]
fn each_key_looks_at_its_part_of_the_mail() {
    let mail = mail(
        "Sales@eu.shop.example",
        &["a@b.example", "c@b.example"],
        &["otp", "Password Reset"],
        &[("X-Kind", "urgent mail")],
    );
    for (conditions, expected) in [
        ("caller=shop", true),
        ("caller=sh*", true),
        ("caller=shop-2|billing", false),
        ("from=eu.shop.example", true),
        ("from=*.shop.example", true),
        ("from=EU.Shop.Example", true),
        ("from=*.eu.shop.example", false),
        ("from=shop.example", false),
        ("from=sales@eu.shop.example", true),
        ("from=sale*@*", true),
        ("from=shop@*", false),
        ("to=b.example", true),
        ("to=a@b.example|c@b.example", true),
        ("to=a@b.example", false),
        ("tag=otp", true),
        ("tag=OTP", false),
        ("tag=\"Password Reset\"", true),
        ("tag=\"Password *\"", true),
        ("tag=\"Password \\*\"", false),
        ("tag=ot*p", true),
        ("tag=ot*tp", false),
        ("tag=otp tag=Password*", true),
        ("tag=otp tag=other", false),
        ("header.x-kind=urgent*", true),
        ("header.X-Kind=urgent", false),
        ("header.X-Other=*", false),
        ("caller=shop tag=other|otp to=*", true),
        ("caller=billing tag=otp", false),
    ] {
        assert_eq!(holds(conditions, &mail), expected, "{conditions}");
    }
}

#[test]
fn domains_are_compared_as_a_labels() {
    let mail = mail("a@mail.bücher.example", &["b@bücher.example"], &[], &[]);
    for conditions in
        ["from=*.bücher.example", "from=*.xn--bcher-kva.example", "to=BÜCHER.example", "to=*@bücher.example"]
    {
        assert!(holds(conditions, &mail), "{conditions}");
    }
}

#[test]
fn the_first_rule_that_holds_is_found_with_its_upstreams() {
    let rules = rules("otp: tag=otp -> pm!; from=*.shop.example -> mg:70,sg:30; tag=otp|reset -> ses-eu, mg");
    let found = |from: &str, tag: &str| {
        let rule = rules.get(rules.find(&mail(from, &["b@example.org"], &[tag], &[]))?)?;
        let targets: Vec<_> =
            rule.targets().iter().map(|target| (target.upstream, target.weight.map_or(0, u16::from))).collect();
        Some((rule.name().to_string(), targets, rule.is_pinned()))
    };
    assert_eq!(found("a@eu.shop.example", "otp"), Some(("otp".to_owned(), vec![(2, 0)], true)));
    assert_eq!(found("a@eu.shop.example", "reset"), Some(("rule_2".to_owned(), vec![(0, 70), (1, 30)], false)));
    assert_eq!(found("a@shop.example", "reset"), Some(("rule_3".to_owned(), vec![(3, 0), (0, 0)], false)));
    assert_eq!(found("a@shop.example", "other"), None);
}

#[test]
fn mx_comes_behind_the_upstreams_of_a_rule_that_names_it_and_of_a_list_that_ends_with_it() {
    let text = "a: tag=a -> mx; b: tag=b -> pm,mx!; c: tag=c -> pm!; d: tag=d -> pm";
    let direct = |list_is_direct: bool| {
        let rules = rules(text).beside_list(list_is_direct);
        [Some(0), Some(1), Some(2), Some(3), None].map(|place| rules.is_direct(place))
    };
    assert_eq!(direct(false), [true, true, false, false, false]);
    assert_eq!(direct(true), [true, true, false, true, true], "a pinned mail goes nowhere else");
    let alone = rules(text);
    let alone = alone.get(0).unwrap();
    assert_eq!((alone.targets().len(), alone.is_pinned()), (0, true), "no upstream comes before mx alone");
}

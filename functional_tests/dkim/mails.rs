//! Mails that are hard on canonicalization, and random ones.

use std::iter::repeat_with;

use fastrand::Rng;

/// Fields that a random mail may have; the last three more than once, of which two are not signed.
const FIELDS: [&str; 11] = [
    "Subject",
    "To",
    "Cc",
    "Message-ID",
    "References",
    "reply-to",
    "MIME-VERSION",
    "Content-Type",
    "List-Unsubscribe",
    "X-Other",
    "Received",
];
const WORDS: [&str; 8] = ["a", "word", "<a@example.org>", "=?utf-8?q?a_b?=", "\u{e9}\u{4e2d}", ";", "\"a\"", ":"];
const BETWEEN: [&str; 7] = [" ", " ", "  ", "\t", " \t ", "\r\n ", "\r\n\t  "];
const AT_THE_END: [&str; 4] = ["", "", " ", "\t "];
const OF_BODIES: [&str; 12] =
    [" ", "\t", "  \t", "\r\n", "\r\n", "\r\n\r\n", "word", ".", "..", "\u{e9}\u{4e2d}", "\u{b}", "From a"];

/// The dots and empty lines at an end are as SMTP carries them.
pub(super) fn fixed() -> Vec<String> {
    let head = "From: Ada <ada@example.org>\r\nTo: bob@example.com,\r\n\tcarl@example.com\r\nSubject:   a \t b \r\n";
    let rest = "Date: Fri, 27 Nov 2026 14:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n";
    let bodies = [
        String::new(),
        "\r\n".to_owned(),
        "\r\n\r\n".to_owned(),
        " \r\n".to_owned(),
        "Hello  \t world  \r\n \r\n\r\n..\r\n.\r\n\r\n\r\n".to_owned(),
        "a line of white space at the end\r\n \r\n".to_owned(),
        "\r\n \r\nand others\r\n\t\r\n \r\n".to_owned(),
        "\u{e9}\u{4e2d} 8bit\r\n".to_owned(),
        "a line of some length, again and again \r\n".repeat(20_000),
    ];
    let long = format!("References: {}<z@example.org>\r\n", "<a.long.message.id@example.org>\r\n ".repeat(30));
    bodies.iter().map(|body| format!("{head}{rest}{long}\r\n{body}")).collect()
}

/// One seed makes one series.
pub(super) fn random(seed: u64, number: usize) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    repeat_with(|| mail(&mut rng)).take(number).collect()
}

fn mail(rng: &mut Rng) -> String {
    let (once, often) = FIELDS.split_at(FIELDS.len() - 3);
    let mut names: Vec<_> = once.iter().filter(|_| rng.bool()).collect();
    names.extend((0..rng.usize(..4)).map(|_| &often[rng.usize(..often.len())]));
    rng.shuffle(&mut names);
    let others: String = names.iter().map(|name| field(rng, name)).collect();
    let body: String = (0..rng.usize(..30)).map(|_| pick(rng, &OF_BODIES)).collect();
    format!("{}{}{others}\r\n{body}\r\n", from(rng), field(rng, "Date"))
}

/// `OpenDKIM` wants an address in it that it understands, one Date, and no other field twice that RFC 5322 3.6 has once.
fn from(rng: &mut Rng) -> String {
    let (before, between, after) = (pick(rng, &AT_THE_END), pick(rng, &BETWEEN), pick(rng, &AT_THE_END));
    format!("From:{before}Ada{between}<a@example.org>{after}\r\n")
}

fn field(rng: &mut Rng, name: &str) -> String {
    let mut text = format!("{name}:{}{}", pick(rng, &AT_THE_END), pick(rng, &WORDS));
    for _ in 0..rng.usize(..12) {
        text += pick(rng, &BETWEEN);
        text += pick(rng, &WORDS);
    }
    text + pick(rng, &AT_THE_END) + "\r\n"
}

fn pick<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

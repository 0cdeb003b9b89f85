//! Mails to be sent: those of the catalogue, and random ones of the same seed.

use fastrand::Rng;

use super::catalogue::{ADDRESSES, FILES, NAMES, SUBJECTS};
use super::content::{Content, Party};

/// Words of a random text: whatever a reader may stumble over.
const WORDS: [&str; 29] = [
    "a",
    "Re:",
    "Booking.com",
    "100%",
    "\"",
    "\\",
    "(c)",
    "<b>",
    "a@b",
    ";",
    ",",
    "'",
    "=?",
    "?=",
    "=?utf-8?x",
    "=20",
    "_",
    "Grüße",
    "é",
    "e\u{301}",
    "你好",
    "日本語",
    "🚀",
    "👩‍👩‍👧",
    "שלום",
    "שלום\u{200f}",
    "مرحبا",
    "नमस्ते",
    "x",
];
/// RFC 5322 3.2.3, and letters of RFC 6531.
const LOCAL: &str = "abcXYZ019!#$%&'*+/=?^_`{|}~-";
const LETTERS: [&str; 6] = ["é", "ü", "用", "ж", "e\u{301}", "र्क"];

/// At most so many bytes; nothing that looks like a whole encoded-word, which is refused.
fn text(rng: &mut Rng, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..rng.usize(1..12) {
        let word = if rng.u8(..20) == 0 {
            "x".repeat(rng.usize(1..1200))
        } else {
            rng.choice(WORDS).expect("one").repeat(rng.usize(1..4))
        };
        let spaces = " ".repeat(if rng.u8(..4) == 0 { rng.usize(0..5) } else { 1 });
        if text.len() + word.len() + spaces.len() <= most {
            text += &(spaces + &word);
        }
    }
    let text = if rng.bool() { text.trim().to_owned() } else { text };
    if text.contains("=?") && text.contains("?=") { text.replace("?=", "=") } else { text }
}

fn name(rng: &mut Rng) -> String {
    let name = text(rng, 200);
    if name.trim().is_empty() { "x".to_owned() } else { name.trim().to_owned() }
}

fn file(rng: &mut Rng) -> String {
    let name = text(rng, 250).trim().replace('\\', "") + ".bin";
    name.trim().to_owned()
}

fn address(rng: &mut Rng) -> String {
    let letters: Vec<_> = LOCAL.chars().collect();
    let mut part = || -> String {
        let ascii = (0..rng.usize(1..20)).map(|_| letters[rng.usize(..letters.len())]).collect::<String>();
        let beyond = if rng.u8(..8) == 0 { LETTERS[rng.usize(..LETTERS.len())] } else { "" };
        format!("a{ascii}{beyond}")
    };
    let local = format!("{}.{}", part(), part());
    let local = if local.contains("=?") { local.replace('?', "") } else { local };
    format!("{local}@{}.example.org", "sub-domain".repeat(rng.usize(1..6)))
}

fn references(rng: &mut Rng) -> Vec<String> {
    let count = if rng.u8(..4) == 0 { rng.usize(0..40) } else { rng.usize(0..4) };
    let mut id = |_| {
        let left: String = (0..rng.usize(1..60)).map(|_| rng.alphanumeric()).collect();
        format!("<{left}.{}@mail.example.org>", rng.u64(..))
    };
    (0..count).map(&mut id).collect()
}

/// So many; the catalogue comes first.
pub(super) fn cases(seed: u64, count: usize) -> Vec<Content> {
    let mut rng = Rng::with_seed(seed);
    let listed = |list: &[&str], number: usize| list.get(number).map(|text| (*text).to_owned());
    let one = |number| Content {
        subject: listed(&SUBJECTS, number).unwrap_or_else(|| text(&mut rng, 3000)),
        from: Party(listed(&NAMES, number).unwrap_or_else(|| name(&mut rng)), "sender@example.org".to_owned()),
        to: (0..3)
            .map(|at| {
                Party(
                    name(&mut rng),
                    if at == 0 {
                        format!("r{number}@example.net")
                    } else {
                        listed(&ADDRESSES, number * 2 + at - 1).unwrap_or_else(|| address(&mut rng))
                    },
                )
            })
            .collect(),
        // The second makes SES take a file.
        files: vec![listed(&FILES, number).unwrap_or_else(|| file(&mut rng)), "ü.bin".to_owned()],
        references: references(&mut rng),
    };
    (0..count).map(one).collect()
}

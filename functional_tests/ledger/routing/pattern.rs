//! Patterns of conditions, each with the values that it stands for: nothing here matches as smsp does.

use super::facts::Key;

/// How it is written, and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    pub(super) text: &'static str,
    pub(super) values: &'static [&'static str],
}

const fn of(text: &'static str, values: &'static [&'static str]) -> Pattern {
    Pattern { text, values }
}

const CALLER: [Pattern; 3] = [of("billing", &["billing"]), of("sh*", &["shop"]), of("\"*\"", &["shop", "billing"])];
const FROM: [Pattern; 4] = [
    of("*.shop.example", &["shop.example"]),
    of("SENDER@*.Blog.example", &["blog.example"]),
    of("*.example.com", &["example.com"]),
    of("send*@*.example", &["shop.example", "blog.example"]),
];
const TO: [Pattern; 3] = [
    of("example.net", &["example.net"]),
    of("*.gov.example", &["tax.gov.example"]),
    of("receiver@*", &["example.net", "tax.gov.example"]),
];
const TAG: [Pattern; 4] = [
    of("otp", &["otp"]),
    of("o*", &["otp", "offer"]),
    of("\"Password Reset\"", &["Password Reset"]),
    of("\"*a* *\"", &["Password Reset"]),
];
const HEADER: [Pattern; 3] =
    [of("\"bulk 7\"", &["bulk 7"]), of("*l*", &["bulk 7", "single"]), of("single", &["single"])];

/// All that there are for this key.
pub(super) fn all(key: Key) -> &'static [Pattern] {
    match key {
        Key::Caller => &CALLER,
        Key::From => &FROM,
        Key::To => &TO,
        Key::Tag => &TAG,
        Key::Header => &HEADER,
    }
}

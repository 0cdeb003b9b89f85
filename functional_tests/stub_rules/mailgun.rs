//! Mailgun's rules, on a form instead of JSON.

use super::golden_request::golden_request;
use crate::harness::Request;
use crate::harness::stub_provider::rules;

/// The golden form with some of its fields replaced, and others added.
fn broken(without: &str, added: &[(&str, &str)]) -> Option<String> {
    let (target, body) = golden_request("mailgun.txt");
    let delimiter = "--{boundary}\n";
    let (parts, end) = body.rsplit_once("--{boundary}--").expect("an end");
    let kept = parts
        .split(delimiter)
        .skip(1)
        .filter(|part| without.is_empty() || !part.contains(&format!("name=\"{without}")));
    let part = |(name, value): &(&str, &str)| format!("Content-Disposition: form-data; name=\"{name}\"\n\n{value}\n");
    let all = kept.map(str::to_owned).chain(added.iter().map(part)).map(|part| format!("{delimiter}{part}"));
    let body = format!("{}--{{boundary}}--{end}", all.collect::<String>()).replace('\n', "\r\n");
    let headers = [("content-type", "multipart/form-data; boundary={boundary}")];
    rules::broken(&Request::of(&target, &headers, body.into_bytes())).map(|broken| broken.rule)
}

#[test]
fn the_golden_form_keeps_mailguns_rules() {
    assert_eq!(broken("", &[]), None);
}

#[test]
fn each_broken_rule_of_mailguns_is_refused() {
    let (long, wide) = ("x".repeat(129), "x".repeat(16_384));
    let many = vec!["a@example.org"; 1001].join(", ");
    for (without, added, rule) in [
        ("from", &[][..], "'from' parameter is missing"),
        ("to\"", &[], "'to' parameter is missing"),
        ("from", &[("from", "nobody")], "not a valid address"),
        ("to\"", &[("to", "a@example.org, @")], "not a valid address"),
        ("to\"", &[("to", "üser@example.org")], "not a valid address"),
        ("to\"", &[("to", "user@mailhost")], "not a valid address"),
        ("to\"", &[("to", &many)], "1000 at most"),
        ("subject", &[], "'subject' parameter is missing"),
        ("", &[("o:unknown", "yes")], "is not a parameter"),
        ("", &[("h:X-Wide", &wide)], "limited to 16KB"),
        ("", &[("o:tag", "three"), ("o:tag", "four")], "up to 3 tags"),
        ("", &[("o:tag", "Ünder")], "ascii only"),
        ("", &[("o:tag", &long)], "128 characters"),
        ("", &[("o:tag", "WELCOME")], "case insensitive"),
        ("o:tracking", &[("o:tracking", "off")], "yes or no"),
        ("", &[("attachment", "content")], "without a file name"),
    ] {
        let said = broken(without, added).unwrap_or_else(|| panic!("taken, though: {rule}"));
        assert!(said.contains(rule), "{rule}: {said}");
    }
    let request = Request::of("POST /v3/mg.example.org/messages", &[], b"to=a@example.org".to_vec());
    assert!(rules::broken(&request).is_some_and(|broken| broken.rule.contains("multipart")));
}

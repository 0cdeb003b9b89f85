//! The rules of `alerts/smsp.yaml` in a shorter time: all durations of an alert are divided by one number.
//!
//! Recorded series and the alerts that use them share theirs. Thresholds stay as they are, also those in seconds.

use std::time::Duration;

use crate::harness::repository::{read, root};

/// What stands before a duration of a rule.
const BEFORE: [&str; 3] = ["for: ", "[", "offset "];

/// The rules with durations divided so that the shortest one of each alert is this one.
pub(super) fn shortened(shortest: Duration) -> String {
    let rules = read(&root().join("alerts/smsp.yaml"));
    let (head, groups) = rules.split_once("groups:\n").expect("groups");
    let groups = groups.split_inclusive('\n').fold(Vec::<String>::new(), |mut parts, line| {
        let records = parts.last().is_some_and(|part| part.contains("- record: "));
        let begins = line.starts_with("  - name: ") || line.starts_with("      - alert: ") && !records;
        if begins || parts.is_empty() {
            parts.push(String::new());
        }
        parts.last_mut().expect("one part at least").push_str(line);
        parts
    });
    let groups: String = groups.iter().map(|part| divided(part, shortest)).collect();
    format!("{head}groups:\n{groups}")
}

/// A part of the rules whose durations belong together.
fn divided(part: &str, shortest: Duration) -> String {
    let durations = durations(part);
    let Some(least) = durations.iter().map(|(_, _, duration)| *duration).min() else { return part.to_owned() };
    let (mut text, mut at) = (String::new(), 0);
    for (start, end, duration) in durations {
        let millis = duration.as_secs_f64() / least.as_secs_f64() * shortest.as_secs_f64() * 1000.0;
        text.push_str(&format!("{}{millis:.0}ms", &part[at..start]));
        at = end;
    }
    text + &part[at..]
}

/// Each duration, with where it begins and ends.
fn durations(part: &str) -> Vec<(usize, usize, Duration)> {
    let starts = BEFORE.iter().flat_map(|before| part.match_indices(before).map(|(at, _)| at + before.len()));
    let mut found: Vec<_> =
        starts.filter_map(|start| duration(&part[start..]).map(|(l, d)| (start, start + l, d))).collect();
    found.sort_unstable();
    found
}

/// The duration with which a text begins, and its length there.
fn duration(text: &str) -> Option<(usize, Duration)> {
    let digits = text.find(|sign: char| !sign.is_ascii_digit())?;
    let unit = match text[digits..].chars().next()? {
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return None,
    };
    Some((digits + 1, Duration::from_secs(unit * text[..digits].parse::<u64>().ok()?)))
}

/// A text without its durations.
fn timeless(text: &str) -> String {
    let digits = |sign: char| sign.is_ascii_digit();
    let strip = |text: &str| {
        text.trim_start_matches(digits).trim_start_matches("ms").trim_start_matches(['m', 'h', 'd']).to_owned()
    };
    BEFORE.iter().fold(text.to_owned(), |text, before| {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + before + &strip(part))
    })
}

#[test]
fn shortened_rules_differ_from_the_rules_in_durations_alone_and_by_one_factor_an_alert() {
    let rules = read(&root().join("alerts/smsp.yaml"));
    let shortened = shortened(Duration::from_secs(1));
    assert_eq!(timeless(&shortened), timeless(&rules));
    for (name, text) in [
        ("SmspFallbackCarriesTheMail", "[1000ms]"),
        ("SmspStandbyUntried", "offset 7000ms"),
        ("SmspErrorBudgetBurnsFast", "for: 1000ms"),
        ("SmspErrorBudgetBurnsSlow", "for: 7500ms"),
    ] {
        let (_, alert) = shortened.split_once(&format!("- alert: {name}\n")).expect("an alert");
        let alert = alert.split("- alert: ").next().unwrap_or_default();
        assert!(alert.contains(text), "{name}: {alert}");
    }
    assert!(shortened.contains("[2500ms]") && shortened.contains("[30000ms]"), "{shortened}");
}

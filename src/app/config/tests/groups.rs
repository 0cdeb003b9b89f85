//! The groups of settings: complete, unique, with defaults that can be read, and the reserved words that follow from them.

use std::collections::BTreeSet;

use super::super::groups::{groups, reserved_words};
use super::{errors, load, with};

#[test]
fn every_setting_has_a_text_a_unit_and_a_variable_of_its_own() {
    let groups = groups();
    let settings: Vec<_> = groups.iter().flat_map(|group| &group.settings).collect();
    let variables: BTreeSet<_> = settings.iter().map(|(variable, _)| variable).collect();
    assert_eq!(variables.len(), settings.len());
    for (variable, entry) in settings {
        for text in [entry.row.text, &entry.unit, &entry.default()] {
            assert!(!text.is_empty() && !text.contains(['|', '\n']), "{variable}: {text:?}");
        }
    }
}

#[test]
fn every_default_can_be_written_out() {
    let groups = groups();
    let settings = groups.iter().flat_map(|group| &group.settings);
    let literal =
        settings.filter_map(|(variable, entry)| Some((variable, entry.row.default.filter(|text| !text.is_empty())?)));
    let own = literal.filter(|(variable, _)| {
        let accounts = groups.last().expect("the accounts of providers");
        accounts.settings.iter().all(|(account, _)| account != *variable)
    });
    let pairs: Vec<_> = own.map(|(variable, default)| (variable.as_str(), default)).collect();
    assert!(pairs.len() > 40, "{pairs:?}");
    let config = with(&[&pairs[..], &[("SMSP_MOCK_EMAIL_SERVICE", "true")]].concat()).expect("a start");
    assert_eq!(config.effective, with(&[]).expect("a start").effective);
}

#[test]
fn no_upstream_has_a_first_word_of_a_setting_now_or_to_come() {
    let words = reserved_words();
    for word in ["admin", "ops", "held", "poll", "host", "circuit", "outbox", "audit", "tls", "webhook"] {
        assert!(words.contains(word), "{word}: {words:?}");
        for name in [word.to_owned(), format!("{word}-2")] {
            let said = errors(load(&[("SMSP_API_KEY", "k"), ("SMSP_PROVIDERS", &format!("{name}=mock"))]));
            let wanted = format!("has the name `{name}`: variables of ours begin with that word, take another");
            assert!(said.iter().any(|error| error.ends_with(&wanted)), "{said:?}");
        }
    }
    assert!(!words.contains("mock") && !words.contains("mg"), "{words:?}");
}

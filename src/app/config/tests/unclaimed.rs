//! Variables that nobody claims: what is said of each.

use proptest::prelude::*;

use super::{effective, errors, load, with};

/// Two callers, three upstreams.
const STAGE: [(&str, &str); 7] = [
    ("SMSP_API_KEYS", "billing:k,shop-eu:l"),
    ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
    ("SMSP_MG_API_KEY", "m"),
    ("SMSP_MG_DOMAIN", "mg.example.org"),
    ("SMSP_SECOND_API_KEY", "s"),
    ("SMSP_SECOND_BASE_URL", "https://api.eu.sendgrid.com"),
    ("SMSP_PROVIDERS", "mg,second=sendgrid,ses-eu=mock"),
];

fn said_of(name: &str) -> String {
    let mut found = errors(load(&[&STAGE[..], &[(name, "canary")]].concat()));
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    assert!(!found[0].contains("canary"), "{found:?}");
    let said = found.remove(0);
    said.strip_prefix(&format!("{name}: ")).unwrap_or_else(|| panic!("{name}: {said}")).to_owned()
}

#[test]
fn a_near_miss_is_told_which_name_was_meant() {
    for (name, meant) in [
        ("SMSP_PROVIDER", "SMSP_PROVIDERS"),
        ("SMSP_POLL_INTERVALL", "SMSP_POLL_INTERVAL"),
        ("SMSP_MAXBODY", "SMSP_MAX_BODY"),
        ("SMSP_REQUEST_TIMEOUT", "SMSP_REQUEST_DEADLINE"),
        ("SMSP_DRAIN_TIMEOUT", "SMSP_DRAIN_DEADLINE"),
        ("SMSP_MG_ATTEMPT_DEADLINE", "SMSP_MG_ATTEMPT_TIMEOUT"),
        ("SMSP_MG_API_KEYY", "SMSP_MG_API_KEY"),
        ("SMSP_SECOND_API_KYE_FILE", "SMSP_SECOND_API_KEY_FILE"),
        ("SMSP_SES_EU_CIRCUIT_RAMPS", "SMSP_SES_EU_CIRCUIT_RAMP"),
        ("SMSP_CALLER_SHOP_EU_RATES", "SMSP_CALLER_SHOP_EU_RATE"),
        ("SMSP_CALER_CONCURRENCY", "SMSP_CALLER_CONCURRENCY"),
    ] {
        assert_eq!(said_of(name), format!("is not a setting: did you mean {meant}?"), "{name}");
    }
}

#[test]
fn a_far_name_is_told_no_nonsense() {
    for name in ["SMSP_COLOUR", "SMSP_MG_COLOUR", "SMSP_X", "SMSP_", "SMSP_PROTOCOLS", "SMSP_DATABASE_URL"] {
        assert!(
            said_of(name).starts_with("is not a setting: correct its name (`smsp help settings` lists all)"),
            "{name}"
        );
    }
}

#[test]
fn a_caller_without_a_key_is_told_who_has_one() {
    for (name, said) in [
        ("SMSP_CALLER_WEB_RATE", "no caller is named web; there are: billing, shop-eu"),
        ("SMSP_CALLER_WEB_US_FROM_DOMAINS", "no caller is named web-us; there are: billing, shop-eu"),
        ("SMSP_CALLER_BILING_RATE", "no caller is named biling: did you mean SMSP_CALLER_BILLING_RATE?"),
        ("SMSP_CALLER_SHOP_UE_RATE", "no caller is named shop-ue: did you mean SMSP_CALLER_SHOP_EU_RATE?"),
    ] {
        assert_eq!(said_of(name), said, "{name}");
    }
    let many: Vec<_> = (0..500).map(|number| format!("c{number:03}:k{number}")).collect();
    let said = errors(load(&[
        ("SMSP_API_KEYS", &many.join(",")),
        ("SMSP_MOCK_EMAIL_SERVICE", "true"),
        ("SMSP_CALLER_SHOP_RATE", "1/s"),
    ]));
    assert!(
        said.len() == 1 && said[0].ends_with("c000, c001, c002, c003, c004, c005, c006, c007, c008, c009 and 490 more")
    );
}

#[test]
fn an_upstream_that_is_not_listed_is_told_which_are() {
    for (name, said) in [
        ("SMSP_NOBODY_API_KEY", "no upstream is named nobody; there are: mg, second, ses-eu"),
        ("SMSP_THIRD_API_KEY_FILE", "no upstream is named third; there are: mg, second, ses-eu"),
        ("SMSP_THIRD_TOKEN_FILE", "no upstream is named third; there are: mg, second, ses-eu"),
        ("SMSP_MG_EU_CIRCUIT_RAMP", "no upstream is named mg-eu; there are: mg, second, ses-eu"),
        ("SMSP_SECONDS_BASE_URL", "no upstream is named seconds: did you mean SMSP_SECOND_BASE_URL?"),
    ] {
        assert_eq!(said_of(name), said, "{name}");
    }
}

#[test]
fn a_variable_that_is_named_after_a_kind_is_told_its_upstream() {
    for (name, meant) in [
        ("SMSP_MAILGUN_API_KEY", "SMSP_MG_API_KEY"),
        ("SMSP_MAILGUN_APIKEY_FILE", "SMSP_MG_API_KEY_FILE"),
        ("SMSP_SENDGRID_ATTEMPT_TIMEOUT", "SMSP_SECOND_ATTEMPT_TIMEOUT"),
        ("SMSP_POSTMARK_API_KEY", "SMSP_PM_API_KEY"),
    ] {
        let said = said_of(name);
        assert_eq!(said, format!("is named after the kind, not the upstream: did you mean {meant}?"), "{name}");
    }
    let two = [("SMSP_PROVIDERS", "mg=mock,mg-eu=mailgun,mg-us=mailgun"), ("SMSP_MG_EU_DOMAIN", "example.org")];
    let two = errors(load(&[&STAGE[..6], &two[..], &[("SMSP_MAILGUN_DOMAIN", "d")]].concat()));
    assert!(two.iter().any(|said| said.ends_with("SMSP_MG_EU_DOMAIN or SMSP_MG_US_DOMAIN?")), "{two:?}");
    let alone = errors(with(&[("SMSP_MOCK_EMAIL_SERVICE", "false"), ("SMSP_MAILGUN_API_KEY", "m")]));
    assert!(alone.iter().any(|said| said.ends_with("did you mean SMSP_MG_API_KEY?")), "{alone:?}");
}

#[test]
fn a_near_miss_of_a_choice_is_told_the_word() {
    for (name, text, said) in [
        ("SMSP_FAILOVER", "Safe", "must be one of: never, safe, always; did you mean safe?"),
        (
            "SMSP_ROUTING",
            "round-robin",
            "must be one of: priority, round_robin, weighted, adaptive; did you mean round_robin?",
        ),
        ("SMSP_DOCS", "TRUE", "must be one of: true, false; did you mean true?"),
        ("SMSP_ALL_OPEN", "ignore", "must be one of: serve, unhealthy, exit"),
        (
            "SMSP_LOG_OUTPUT_FORMAT",
            "json_online",
            "must be one of: DEBUG, JSON_ONELINE, JSON_PRETTY; did you mean JSON_ONELINE?",
        ),
    ] {
        assert_eq!(errors(with(&[(name, text)])), [format!("{name}: {said}")], "{text}");
    }
    let original = with(&[("SMSP_LOG_OUTPUT_FORMAT", "JSON_ONLINE")]).expect("the original's spelling");
    assert_eq!(effective(&original, "SMSP_LOG_OUTPUT_FORMAT"), "JSON_ONELINE");
}

proptest! {
    #[test]
    fn whatever_its_name_a_variable_gets_one_line_without_its_value(name in "[A-Z_0-9]{0,24}") {
        let said = errors(with(&[(&format!("SMSP_Z{name}"), "canary")]));
        prop_assert!(said.len() == 1 && said[0].len() < 200 && !said[0].contains("canary"), "{said:?}");
    }
}

//! `SMSP_ROUTES`: what is listed, what is said of faults, and what is worth a thought.

use super::{Config, Errors, effective, errors, load, with};

/// Three upstreams and these rules.
fn routed(rules: &str) -> Result<Config, Errors> {
    load(&[
        ("SMSP_API_KEY", "k"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
        ("SMSP_PROVIDERS", "mg=mock,sg=mock,pm=mock"),
        ("SMSP_ROUTES", rules),
    ])
}

#[test]
fn rules_are_listed_on_one_line_and_as_a_table() {
    let config =
        routed("otp:tag=otp -> pm!\nfrom=*.Shop.example -> mg:2,sg:1\ncaller=billing -> sg,pm,mg").expect("a start");
    let shown = "otp: tag=otp -> pm!; from=*.shop.example -> mg:2,sg:1; caller=billing -> sg,pm,mg";
    assert_eq!(effective(&config, "SMSP_ROUTES"), shown);
    let table = [
        "rule     mail                 upstreams",
        "otp      tag=otp              pm, no other",
        "rule_2   from=*.shop.example  mg 67 %, sg 33 %, then pm",
        "rule_3   caller=billing       sg, pm, mg",
        "default  all other            by SMSP_ROUTING",
    ];
    assert_eq!(config.routes.table(), table);
    assert_eq!(with(&[]).expect("a start").routes.table(), Vec::<String>::new(), "without rules there is no table");
}

#[test]
fn every_fault_is_an_error_with_its_column() {
    let expected = [
        "SMSP_ROUTES: column 12: names `pn`, which is no upstream: there are mg, sg, pm",
        "SMSP_ROUTES: column 16: has no key `form`: there are caller, from, to, tag or header.NAME",
    ];
    assert_eq!(errors(routed("tag=otp -> pn; form=x -> pm")), expected);
}

#[test]
fn pinned_rules_are_worth_a_thought() {
    let config = routed("a: tag=a -> pm!; b: tag=b -> pm; c: tag=c -> mg,sg!").expect("a start");
    let warnings: Vec<_> = config.warnings.iter().filter(|warning| warning.starts_with("SMSP_ROUTES")).collect();
    let said = [
        "SMSP_ROUTES: the rule `a` pins its mail to pm (`!`): while that takes none, this mail is answered 503",
        "SMSP_ROUTES: the rule `c` pins its mail to mg, sg (`!`): while none of them takes any, this mail is answered 503",
    ];
    assert_eq!(warnings, said);
}

#[test]
fn rules_are_checked_but_do_not_hold_while_the_mock_takes_all_mail() {
    let mock = |rules: &str| with(&[("SMSP_PROVIDERS", "mg,sg"), ("SMSP_ROUTES", rules)]);
    let config = mock("tag=otp -> sg!").expect("a start");
    assert_eq!(config.routes.rules.iter().len(), 0);
    assert!(
        config.warnings.iter().any(|warning| warning.starts_with("SMSP_ROUTES: is not looked at")),
        "{:?}",
        config.warnings
    );
    assert!(mock("tag=otp -> pn!").is_err());
}

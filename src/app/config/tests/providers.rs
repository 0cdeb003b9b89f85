//! The list of upstreams: kinds that stand for their default names, names that would confuse, kinds that are misspelt.

use super::{Config, Errors, effective, errors, load, names};

/// The accounts of Mailgun and SendGrid, by their default names.
fn listed(list: &str) -> Result<Config, Errors> {
    load(&[
        ("SMSP_API_KEY", "k"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
        ("SMSP_MG_API_KEY", "m"),
        ("SMSP_MG_DOMAIN", "mg.example.org"),
        ("SMSP_SG_API_KEY", "s"),
        ("SMSP_PROVIDERS", list),
    ])
}

#[test]
fn the_name_of_a_kind_stands_for_its_default_upstream() {
    for list in ["mailgun,sendgrid", "mg,sendgrid", " mailgun , sg ", "mg=mailgun,sendgrid"] {
        let config = listed(list).unwrap_or_else(|errors| panic!("{list}: {errors}"));
        assert_eq!(names(&config), [("mg", "mailgun"), ("sg", "sendgrid")], "{list}");
        assert_eq!(effective(&config, "SMSP_PROVIDERS"), "mg,sg", "{list}");
    }
}

#[test]
fn an_upstream_that_is_listed_twice_is_refused_with_the_way_out() {
    for list in ["mg,mailgun", "mailgun,mailgun", "mailgun,mg=mailgun"] {
        let wanted = "SMSP_PROVIDERS: names mg twice: give a second account a name of its own, such as mg-2=mailgun";
        assert_eq!(errors(listed(list)), [wanted], "{list}");
    }
}

#[test]
fn an_upstream_has_no_name_of_another_kind_but_a_local_one_may_stand_in() {
    for (list, said) in [
        ("sg,mailgun=sendgrid", "calls a sendgrid upstream `mailgun`, which says mailgun: take another name"),
        ("sg,bv=mailgun", "calls a mailgun upstream `bv`, which says brevo: take another name"),
    ] {
        assert_eq!(errors(listed(list)), [format!("SMSP_PROVIDERS: {said}")], "{list}");
    }
    for list in ["brevo=mock", "bv=mock", "mock=mock", "maildir-2=mock"] {
        assert!(listed(list).is_ok(), "{list}");
    }
}

#[test]
fn a_misspelt_kind_is_corrected() {
    for (list, meant) in [
        ("mailgum", "has no kind for `mailgum`: did you mean mailgun?"),
        ("Mailgun", "has no kind for `Mailgun`: did you mean mailgun?"),
        ("send-grid", "has no kind for `send-grid`: did you mean sendgrid?"),
        ("eu=mailgnu", "has no kind `mailgnu`: did you mean eu=mailgun?"),
        ("eu=mg", "has no kind `mg`: did you mean eu=mailgun?"),
    ] {
        assert_eq!(errors(listed(list)), [format!("SMSP_PROVIDERS: {meant}")], "{list}");
    }
    let far = errors(listed("pigeon"));
    assert!(far.len() == 1 && far[0].contains("kind one of mailgun, sendgrid") && !far[0].contains("mean"), "{far:?}");
}

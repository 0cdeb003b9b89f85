//! `mx`: where it may stand, and what a start lacks that names it.

use super::{Config, Errors, effective, errors, load, with};

const STORE: &[(&str, &str)] = &[
    ("SMSP_API_KEY", "k"),
    ("SMSP_STORE", "sqlite:/tmp/smsp"),
    ("SMSP_STORE_KEY", "a:4242424242424242424242424242424242424242424242424242424242424242"),
    ("SMSP_OUTBOX", "on"),
];
const HELO: (&str, &str) = ("SMSP_MX_HELO", "mail.example.org");
const TWO: (&str, &str) = ("SMSP_PROVIDERS", "mg=maildir,sg=maildir,mx");

/// A node with an outbox and its own name.
fn direct(more: &[(&str, &str)]) -> Result<Config, Errors> {
    load(&[STORE, &[HELO], more].concat())
}

#[test]
fn node_starts_without_a_provider_where_its_list_or_a_rule_is_mx() {
    for more in [("SMSP_PROVIDERS", "mx"), ("SMSP_ROUTES", "from=* -> mx"), ("SMSP_ROUTES", "tag=a -> mx")] {
        let config = direct(&[more]).unwrap_or_else(|errors| panic!("{more:?}: {errors}"));
        assert_eq!((config.upstreams.len(), effective(&config, "SMSP_PROVIDERS").as_str()), (0, "mx"), "{more:?}");
        assert!(!config.warnings.iter().any(|warning| warning.starts_with("SMSP_MX")), "{:?}", config.warnings);
        assert_eq!(config.direct.expect("it is used").helo, "mail.example.org");
        assert!(config.routes.rules.list_is_direct(), "{more:?}: mail of no rule goes there too");
    }
    let other_rule = direct(&[("SMSP_ROUTES", "tag=a -> mg")]);
    assert!(errors(other_rule).iter().any(|error| error.starts_with("SMSP_ROUTES")));
}

#[test]
fn mx_stands_last_in_the_list_and_is_no_upstream() {
    let (mg, sg) = (("SMSP_MG_DIR", "/tmp/mg"), ("SMSP_SG_DIR", "/tmp/sg"));
    let config = direct(&[mg, sg, TWO]).expect("a start");
    assert_eq!(
        (config.upstreams.len(), effective(&config, "SMSP_PROVIDERS").as_str()),
        (2, "mg=maildir,sg=maildir,mx")
    );
    for (list, said) in [
        (
            "mx,mg=maildir",
            "names mx before others: it is no upstream, and gets the mail that no other takes, so it stands last, once",
        ),
        (
            "mg=maildir,mx,mx",
            "names mx before others: it is no upstream, and gets the mail that no other takes, so it stands last, once",
        ),
        ("mg=mx", "gives mx a name or a kind: it is no account of a provider, so write mx alone, last"),
        ("mx=maildir", "gives mx a name or a kind: it is no account of a provider, so write mx alone, last"),
    ] {
        let told = errors(direct(&[mg, ("SMSP_PROVIDERS", list)]));
        assert!(told.contains(&format!("SMSP_PROVIDERS: {said}")), "{list}: {told:#?}");
    }
}

#[test]
fn mx_needs_an_outbox_and_this_nodes_own_name() {
    let no_outbox =
        "names mx, to which the outbox alone delivers: set SMSP_OUTBOX=on, with SMSP_STORE and SMSP_STORE_KEY";
    let no_name = "names mx, which needs SMSP_MX_HELO: set it to the full name that this node's public address has in \
                   reverse DNS, such as mail.example.org";
    let (listed, ruled) = (("SMSP_PROVIDERS", "mx"), ("SMSP_ROUTES", "own: from=* -> mx"));
    for (pairs, said) in [
        (vec![("SMSP_API_KEY", "k"), HELO, listed], format!("SMSP_PROVIDERS: {no_outbox}")),
        (vec![("SMSP_API_KEY", "k"), HELO, ruled], format!("SMSP_ROUTES: the rule `own` {no_outbox}")),
        ([STORE, &[listed]].concat(), format!("SMSP_PROVIDERS: {no_name}")),
        ([STORE, &[ruled]].concat(), format!("SMSP_ROUTES: the rule `own` {no_name}")),
    ] {
        let told = errors(load(&pairs));
        assert!(told.contains(&said), "{pairs:?}: {told:#?}");
    }
}

#[test]
fn rules_that_are_read_again_may_not_name_mx_where_a_start_may_not() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let write = |text: &str| std::fs::write(file.path(), text).expect("it is written");
    write("tag=a -> mg");
    let path = file.path().display().to_string();
    let routes = [("SMSP_ROUTES_FILE", path.as_str()), ("SMSP_MG_DIR", "/tmp/mg"), ("SMSP_PROVIDERS", "mg=maildir")];
    let read_again = |config: Config| {
        write("tag=a -> mg\nfrom=* -> mx");
        config.routes.source.expect("a file").read().map(|rules| rules.is_direct(Some(1)))
    };
    let ready = direct(&routes).expect("a start");
    assert!(ready.direct.is_some(), "the rules may lead there one day");
    assert_eq!(read_again(ready), Ok(true));
    write("tag=a -> mg");
    let nameless = load(&[STORE, &routes].concat()).expect("a start");
    assert!(nameless.direct.is_none());
    let refused = read_again(nameless).expect_err("it has no name");
    assert!(refused.contains("SMSP_MX_HELO") && refused.starts_with("SMSP_ROUTES_FILE"), "{refused}");
}

#[test]
fn table_says_what_comes_behind_the_upstreams() {
    let dirs = [("SMSP_MG_DIR", "/tmp/mg"), ("SMSP_SG_DIR", "/tmp/sg")];
    let rules = ("SMSP_ROUTES", "own: tag=own -> mx; pinned: tag=a -> mg!; sg: tag=b -> sg");
    let config = direct(&[&dirs[..], &[TWO, rules]].concat()).expect("a start");
    let table = [
        "rule     mail       upstreams",
        "own      tag=own    mx, no other",
        "pinned   tag=a      mg, no other",
        "sg       tag=b      sg, then mg, then mx",
        "default  all other  by SMSP_ROUTING, then mx",
    ];
    assert_eq!(config.routes.table(), table);
    let alone = direct(&[("SMSP_ROUTES", "own: tag=own -> mx")]).expect("a start");
    assert_eq!(alone.routes.table()[2], "default  all other  mx");
}

#[test]
fn mx_gets_no_mail_while_the_mock_takes_all() {
    let config = with(&[("SMSP_PROVIDERS", "mx")]).expect("a start");
    assert!(config.direct.is_none() && !config.routes.rules.list_is_direct());
    let warned = "SMSP_MOCK_EMAIL_SERVICE: is true, so the mock takes all mail, and mx gets none";
    assert!(config.warnings.iter().any(|warning| warning == warned), "{:?}", config.warnings);
}

#[test]
fn mail_that_goes_to_mx_unsigned_is_worth_a_warning() {
    let said = |more: &[(&str, &str)]| {
        let config = direct(more).expect("a start");
        config.warnings.into_iter().filter(|warning| warning.starts_with("SMSP_DKIM_DIR")).collect::<Vec<_>>()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dir = ("SMSP_DKIM_DIR", folder.path().to_str().expect("a path"));
    let rest = "so mail to mx has no DKIM signature: `smsp dkim new DOMAIN` makes keys";
    let (list, rule) = (("SMSP_PROVIDERS", "mx"), ("SMSP_ROUTES", "tag=a -> mx"));
    assert_eq!(said(&[list]), [format!("SMSP_DKIM_DIR: is not set, {rest}")]);
    assert_eq!(said(&[rule, dir]), [format!("SMSP_DKIM_DIR: has no key, {rest}")]);
    assert_eq!(said(&[("SMSP_MG_DIR", "/tmp/mg"), ("SMSP_PROVIDERS", "mg=maildir")]), Vec::<String>::new());
    crate::delivery::mx::dkim::making::make(folder.path(), "example.org", "s").expect("keys");
    assert_eq!(said(&[list, dir]), Vec::<String>::new());
}

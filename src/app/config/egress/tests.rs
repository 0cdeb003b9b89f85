//! Starts with a proxy to the outside, right and wrong.

use std::fs;

use super::super::Config;

const NAME: &str = "SMSP_EGRESS_PROXY";

fn load(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let least = [
        ("SMSP_API_KEY", "k"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
        ("SMSP_PROVIDERS", "sg,relay=smtp,maildir"),
        ("SMSP_SG_API_KEY", "k"),
        ("SMSP_RELAY_HOST", "smtp.example.org"),
        ("SMSP_MAILDIR_DIR", "/tmp/maildir"),
    ];
    let pairs = least.iter().chain(pairs).map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Config::load(pairs).map_err(|errors| errors.0)
}

fn listed(config: &Config) -> &str {
    &config.effective.iter().find(|seen| seen.name == NAME).expect("it is listed").value
}

fn warnings(config: &Config) -> Vec<&str> {
    config.warnings.iter().map(String::as_str).filter(|warning| warning.starts_with(NAME)).collect()
}

#[test]
fn there_is_no_proxy_unless_one_is_named() {
    let config = load(&[]).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!((listed(&config), warnings(&config).len()), ("", 0));
}

#[test]
fn a_proxy_is_listed_by_host_and_port_alone_wherever_it_stands() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), "http://canary:canary@proxy.example:3128\n").expect("written");
    let path = file.path().display().to_string();
    for (name, value) in [(NAME, "http://canary:canary@proxy.example:3128"), ("SMSP_EGRESS_PROXY_FILE", &path)] {
        let config = load(&[(name, value)]).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert_eq!(listed(&config), "http://<redacted>@proxy.example:3128", "{name}");
        assert!(!format!("{:?}{:?}", config.effective, config.warnings).contains("canary"), "{name}");
    }
    let open = load(&[(NAME, "http://proxy.example:3128")]).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(listed(&open), "http://proxy.example:3128");
}

#[test]
fn a_url_that_makes_no_sense_names_its_variable_and_is_not_quoted() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), "https://canary:canary@proxy.example:3128").expect("written");
    let path = file.path().display().to_string();
    for (name, value) in [
        (NAME, "https://canary@proxy.example:3128"),
        (NAME, "socks5://canary:1080"),
        (NAME, "http://canary"),
        ("SMSP_EGRESS_PROXY_FILE", &path),
    ] {
        let errors = load(&[(name, value)]).err().unwrap_or_default();
        assert!(errors.len() == 1 && errors[0].starts_with(&format!("{name}: must be")), "{value}: {errors:?}");
        assert!(!errors[0].contains("canary"), "{errors:?}");
    }
}

#[test]
fn an_upstream_that_is_reached_without_the_proxy_is_warned_of() {
    let config = load(&[(NAME, "http://proxy.example:3128")]).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let told = "SMSP_EGRESS_PROXY: does not hold for the upstream relay (smtp): it is connected to directly";
    assert_eq!(warnings(&config), [told]);
}

#[test]
fn no_upstream_may_have_a_name_that_claims_its_variables() {
    let errors = load(&[("SMSP_PROVIDERS", "egress=sendgrid"), ("SMSP_EGRESS_API_KEY", "k")]).err().unwrap_or_default();
    assert!(errors.iter().any(|error| error.contains("variables of ours begin with that word")), "{errors:?}");
}

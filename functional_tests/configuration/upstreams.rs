//! Which upstreams there are: names, kinds, and what each needs.

use super::{each_fails, each_missing_fails, fails, stub_accounts};
use crate::harness::{Proxy, Settings, StubProvider, mails, run};

#[tokio::test]
async fn a_list_of_providers_that_makes_no_sense_is_an_error() {
    let lists = [
        "mg,mg",
        "mg,mailgun",
        "mg,mailgun=sendgrid",
        "mg,nobody",
        "api=mock",
        "poll=mock",
        "log=mock",
        "Mg",
        "x=pigeon",
        "1st=mock",
        "a b=mock",
        "a_b=mock",
    ];
    each_fails(stub_accounts(), &lists.map(|list| ("SMSP_PROVIDERS", list))).await;
}

#[tokio::test]
async fn a_provider_that_is_named_but_not_configured_is_an_error() {
    let names = ["SMSP_MG_DOMAIN", "SMSP_MG_API_KEY", "SMSP_SG_API_KEY", "SMSP_POLL_MESSAGE_ADDRESS"];
    each_missing_fails(stub_accounts(), &names).await;
    let maildir = Settings::maildir("/tmp".as_ref()).without("SMSP_MAILDIR_DIR");
    fails(maildir, &["SMSP_MAILDIR_DIR"]).await;
}

#[tokio::test]
async fn an_upstream_has_any_name_and_a_kind() {
    let settings = Settings::server()
        .with("SMSP_PROVIDERS", "first-account=mailgun,second=sendgrid")
        .with("SMSP_FIRST_ACCOUNT_DOMAIN", "mg.example.com")
        .with("SMSP_FIRST_ACCOUNT_API_KEY", "key")
        .with("SMSP_SECOND_API_KEY", "key");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[tokio::test]
async fn a_kind_that_is_listed_is_its_default_upstream_wherever_it_is_named() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_PROVIDERS", "mailgun,sendgrid")).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    assert_eq!(receipt.at("/provider"), "mg", "{receipt}");
    let metrics = proxy.client.metrics().await;
    for upstream in ["mg", "sg"] {
        assert!(metrics.has("smsp_circuit_state", &[("upstream", upstream)]), "{upstream}: {}", metrics.page);
    }
}

#[tokio::test]
async fn a_relay_has_a_user_name_and_a_password_or_neither() {
    let relay = || Settings::server().with("SMSP_SMTP_HOST", "smtp.example.org");
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), "canary\n").expect("a temporary file can be written");
    let path = file.path().display().to_string();
    fails(relay().with("SMSP_SMTP_USERNAME", "user"), &["SMSP_SMTP_PASSWORD"]).await;
    fails(relay().with("SMSP_SMTP_PASSWORD_FILE", &path), &["SMSP_SMTP_USERNAME"]).await;
    let both = relay().with("SMSP_SMTP_USERNAME", "user").with("SMSP_SMTP_PASSWORD_FILE", &path);
    for (settings, line) in [(relay(), "SMSP_SMTP_PASSWORD="), (both, "SMSP_SMTP_PASSWORD=<redacted>")] {
        let output = run(&["check-config"], &settings).await;
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.lines().any(|shown| shown == line) && !output.stdout.contains("canary"), "{output:?}");
    }
}

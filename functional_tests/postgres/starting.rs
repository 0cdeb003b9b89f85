//! The start: what is shown, what is refused, and that a database that is away holds nothing up.

use super::fixture::{all_accepted, queue, settings, store_is, submissions};
use crate::harness::cutting_proxy::Proxy as Line;
use crate::harness::outbox::STORE_KEY;
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, mails, run};

/// Nobody is there.
const URL: &str = "postgres://smsp:s3cret@db.example.org/mail";

#[tokio::test]
async fn a_node_on_postgres_is_up_and_delivers_what_it_accepts() {
    let Some(server) = Postmaster::shared() else { return };
    let database = server.database().await;
    let proxy = Proxy::start(settings(&server.url(&database))).await;
    store_is(&proxy.client, true).await;
    for number in 0..5 {
        queue(&proxy.client, &number.to_string(), None).await.expect(202);
    }
    all_accepted(server, &database).await;
    assert_eq!(submissions(server, &database).await, 5);
}

#[tokio::test]
async fn check_config_shows_where_the_database_is_without_its_password_and_asks_nobody() {
    let output = run(&["check-config"], &settings(URL)).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let shown = "SMSP_STORE=postgres://smsp:<redacted>@db.example.org:5432/mail?sslmode=verify-full";
    assert!(output.stdout.lines().any(|line| line == shown), "{output:?}");
    assert!(!format!("{output:?}").contains("s3cret"), "{output:?}");
    let unused = run(&["check-config"], &settings("sqlite:/var/lib/smsp").with("SMSP_STORE_CA_FILE", "/ca.pem")).await;
    assert!(unused.stderr.contains("warning: SMSP_STORE_CA_FILE: is not used"), "{unused:?}");
}

#[tokio::test]
async fn wrong_settings_of_the_database_are_named_and_not_quoted() {
    for (settings, named) in [
        (
            settings("postgres://smsp:s3cret@h:port/d"),
            "SMSP_STORE: must be postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        ),
        (settings("postgres:///d?password=s3cret"), "SMSP_STORE: must name a host"),
        (settings("postgres://u:s3cret@h/d?sslmode=prefer"), "SMSP_STORE: sslmode must be disable"),
        (settings("mysql://u:s3cret@h/d"), "SMSP_STORE: must be sqlite:"),
        (
            settings(URL).with("SMSP_STORE_CA_FILE", "/dev/null"),
            "SMSP_STORE_CA_FILE: must be a file with the certificates",
        ),
        (settings(URL).without("SMSP_STORE_KEY"), "SMSP_STORE_KEY: is required with SMSP_STORE"),
    ] {
        let output = run(&["serve"], &settings).await;
        assert_eq!(output.code, Some(64), "{named}: {output:?}");
        assert!(output.stderr.contains(named), "{named}: {output:?}");
        assert!(!format!("{output:?}").contains("s3cret"), "{output:?}");
    }
}

#[tokio::test]
async fn a_start_that_the_database_refuses_ends_and_says_why() {
    let Some(server) = Postmaster::shared() else { return };
    let database = server.database().await;
    server.sql(&database, "create role careful login password 'right'").await;
    let url = server.url(&database);
    drop(Proxy::start(settings(&url)).await);
    let as_careful = url.replace("user=smsp", "user=careful&password=wr0ng");
    let (wrong_key, missing_database) = (STORE_KEY.replace("4242", "4343"), server.url("missing"));
    let without_password = url.replace("user=smsp", "user=careful");
    let line = Line::before(server).await;
    let without_tls = format!("{}?sslmode=require", line.url("localhost", &database));
    for (settings, code, named) in [
        (settings(&as_careful), 64, "refuses the login: correct the user and the password in SMSP_STORE"),
        (settings(&without_password), 64, "refuses the login: it asks for a password, and SMSP_STORE has none"),
        (settings(&without_tls), 64, "refuses TLS: turn it on at the server"),
        (settings(&missing_database), 64, "refuses the login: there is no such database"),
        (settings(&url).with("SMSP_STORE_KEY", &wrong_key), 64, "SMSP_STORE_KEY: the key `2026a` is not the one"),
    ] {
        for command in [&["serve"][..], &["migrate"], &["store", "status"], &["store", "accept-restore"]] {
            let output = run(command, &settings).await;
            assert_eq!(output.code, Some(code), "{command:?}, {named}: {output:?}");
            assert!(output.stderr.contains(named), "{command:?}, {named}: {output:?}");
            assert!(!format!("{output:?}").contains("wr0ng") && !format!("{output:?}").contains("4343"), "{output:?}");
        }
    }
    server.sql(&database, "update smsp_schema set works_with = 99").await;
    let output = run(&["serve"], &settings(&url)).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("newer version of smsp (schema 99 of outbox"), "{output:?}");
}

#[tokio::test]
async fn a_node_starts_without_its_database_and_takes_mail_for_later_once_it_is_there() {
    let Some(server) = Postmaster::start() else { return };
    let database = server.database().await;
    server.kill();
    let proxy = Proxy::start(settings(&server.url(&database))).await;
    store_is(&proxy.client, false).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let refused = queue(&proxy.client, "early", None).await.expect_problem(503, "none", true);
    assert!(refused.header("retry-after").is_some(), "{refused}");
    server.restart();
    store_is(&proxy.client, true).await;
    queue(&proxy.client, "later", None).await.expect(202);
    all_accepted(&server, &database).await;
}

#[tokio::test]
async fn migrate_says_what_it_did_and_what_is_in_its_way() {
    let Some(server) = Postmaster::start() else { return };
    let settings = settings(&server.url(&server.database().await));
    for (of_outbox, step) in
        [("schema 0 -> 2", "schema 0 -> 1"), ("schema 2, nothing to do", "schema 1, nothing to do")]
    {
        let others = ["answers", "audit", "overrides"].map(|module| format!("\n{module}: {step}")).concat();
        let expected = format!("outbox: {of_outbox}{others}");
        let output = run(&["migrate"], &settings).await;
        assert_eq!((output.code, output.stdout.trim()), (Some(0), expected.as_str()), "{output:?}");
    }
    drop(Proxy::start(settings.clone()).await);
    server.kill();
    let output = run(&["migrate"], &settings).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("cannot open the store: the store cannot be reached"), "{output:?}");
    let output = run(&["migrate"], &settings.without("SMSP_STORE").without("SMSP_OUTBOX")).await;
    assert_eq!(output.code, Some(64), "{output:?}");
}

#[tokio::test]
async fn tables_that_are_dropped_under_a_node_are_a_store_that_is_down_until_they_are_restored() {
    let Some(server) = Postmaster::start() else { return };
    let database = server.database().await;
    let proxy = Proxy::start(settings(&server.url(&database))).await;
    queue(&proxy.client, "before", None).await.expect(202);
    all_accepted(&server, &database).await;
    server.sql(&database, "alter table smsp_submission rename to gone").await;
    store_is(&proxy.client, false).await;
    queue(&proxy.client, "without tables", None).await.expect_problem(503, "none", true);
    proxy.client.send(&mails::plain()).await.expect(200);
    eventually("the log says what is missing", async || {
        let log = proxy.process.evidence();
        when(log.contains("tables of the store are missing"), || log)
    })
    .await;
    server.sql(&database, "alter table gone rename to smsp_submission").await;
    store_is(&proxy.client, true).await;
    queue(&proxy.client, "after", None).await.expect(202);
    all_accepted(&server, &database).await;
}

//! What a start says of a database that it cannot use, and that it waits for one that is away.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::postmaster::Postmaster;
use super::proxy::Proxy;
use super::{Database, KEY, Module, Server, insert, start, values};
use crate::state::store::{Failed, OpenError, Step};

const STEPS: &[Step] = &[Step { sql: "create table t (x int unique)", works_with: 1 }];
/// Whose rows are all under the key `a`.
const MODULES: &[Module] = &[Module { name: "m", steps: STEPS, uses_key: "select 1 from t where $1 = 'a'" }];
const NEWER: &[Module] =
    &[Module { steps: &[STEPS[0], Step { sql: "alter table t add y int", works_with: 2 }], ..MODULES[0] }];

async fn open(url: &str) -> Result<std::sync::Arc<Database>, OpenError> {
    open_with(url, KEY, MODULES).await
}

async fn open_with(url: &str, keys: &str, modules: &'static [Module]) -> Result<std::sync::Arc<Database>, OpenError> {
    Database::open(start(Server::read(url, None).unwrap(), keys, modules)).await
}

/// Waits until it is found up, or down.
async fn until_it_is(database: &Database, up: bool) {
    let changed = async {
        while database.is_up() != up {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), changed).await.unwrap_or_else(|_| panic!("not within a minute: up is {up}"));
}

#[tokio::test]
async fn a_start_without_its_database_waits_for_it_and_prepares_it_then() {
    let Some(server) = Postmaster::start() else { return };
    let url = server.url(&server.database().await);
    server.kill();
    let database = open(&url).await.unwrap();
    assert_eq!((database.begin().await.err(), database.is_up()), (Some(Failed::Down), false));
    server.restart();
    until_it_is(&database, true).await;
    insert(&database, 1).await.unwrap();
    assert_eq!(values(&database).await, Ok(vec![1]));
}

#[tokio::test]
async fn a_database_that_goes_is_found_down_and_up_again_though_nobody_asks() {
    let Some(server) = Postmaster::start() else { return };
    let database = open(&server.url(&server.database().await)).await.unwrap();
    assert!(database.is_up());
    server.kill();
    until_it_is(&database, false).await;
    server.restart();
    until_it_is(&database, true).await;
}

#[tokio::test]
async fn what_the_server_would_refuse_again_ends_the_start_and_names_no_password() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    server.sql(&name, "create role careful login password 'right'; create role guest login").await;
    let url = |user: &str, database: &str| server.url(database).replace("user=smsp", &format!("user={user}"));
    let cases = [
        (
            url("careful&password=wr0ng", &name),
            "the database server refuses the login: correct the user and the password",
        ),
        (url("nobody_here", &name), "the database server refuses the login: correct the user and the password"),
        (
            url("careful", &name),
            "the database server refuses the login: it asks for a password, and SMSP_STORE has none",
        ),
        (url("smsp", "missing"), "the database server refuses the login: there is no such database"),
        (
            url("guest", &name),
            "the database server refuses access to the tables: the user of SMSP_STORE has to own them",
        ),
    ];
    for (url, expected) in cases {
        let error = open(&url).await.err().unwrap().to_string();
        assert!(error.starts_with(expected), "{url}: {error}");
        assert!(!error.contains("wr0ng"), "{error}");
    }
    open(&url("smsp", &name)).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_a_wrong_key_and_a_missing_key_end_the_start_and_a_second_key_opens() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    insert(&open(&url).await.unwrap(), 1).await.unwrap();
    let (wrong, other) = (KEY.replace('1', "2"), KEY.replace("a:", "b:").replace('1', "3"));
    for (keys, expected) in [
        (&wrong, "SMSP_STORE_KEY: the key `a` is not the one that the store was written with"),
        (&other, "SMSP_STORE_KEY: the store has content under the key `a`: give it as the second key"),
    ] {
        let error = open_with(&url, keys, MODULES).await.err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
    open_with(&url, &format!("{other},{KEY}"), MODULES).await.unwrap();
    let error = open_with(&url, &format!("{},{KEY}", other.replace('3', "4")), MODULES).await.err().unwrap();
    assert!(error.to_string().contains("the key `b` is not the one"), "{error}");
    open_with(&url, KEY, NEWER).await.unwrap();
    let error = open(&url).await.err().unwrap().to_string();
    assert!(error.contains("newer version of smsp (schema 2 of m, this version knows 1)"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_ends_the_start_that_asks_for_it() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let url = format!("{}?sslmode=require", proxy.url("localhost", &server.database().await));
    let error = open(&url).await.err().unwrap().to_string();
    assert!(error.starts_with("the database server refuses TLS: turn it on at the server"), "{error}");
}

#[tokio::test]
async fn dropped_tables_are_a_store_that_is_down_until_they_are_there_again() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    let url = server.url(&name);
    server.sql(&name, "create table smsp_t (x int unique)").await;
    let database = open_with(&url, KEY, &[]).await.unwrap();
    let read = async || database.begin().await?.query("select from smsp_t", &[]).await;
    assert!(read().await.is_ok());
    for (gone, back) in [
        ("alter table smsp_t rename to other", "alter table other rename to smsp_t"),
        ("drop table smsp_t", "create table smsp_t (x int unique)"),
    ] {
        server.sql(&name, gone).await;
        assert_eq!(read().await.err(), Some(Failed::Down));
        assert!(!database.is_up());
        assert_eq!(database.begin().await.err(), Some(Failed::Down), "nothing is asked for");
        database.look_for_tables().await.unwrap();
        assert!(!database.is_up(), "an answer is not enough");
        server.sql(&name, back).await;
        database.look_for_tables().await.unwrap();
        assert!(database.is_up() && read().await.is_ok());
    }
}

#[tokio::test]
async fn without_a_column_a_function_or_a_right_the_store_stays_down_until_it_is_back() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    // A superuser has all rights.
    server.sql(&name, "create role plain login; grant create on schema public to plain").await;
    let tables = "set role plain;
        create table smsp_t (n int generated always as identity, x int); insert into smsp_t (x) values (1);
        create function smsp_f(int) returns int language sql stable return $1";
    server.sql(&name, tables).await;
    let url = server.url(&name).replace("user=smsp", "user=plain");
    let database = open_with(&url, KEY, &[]).await.unwrap();
    let read = async || database.begin().await?.query("select smsp_f(x) from smsp_t", &[]).await;
    assert!(read().await.is_ok());
    for (gone, back) in [
        ("alter table smsp_t rename column x to y", "alter table smsp_t rename column y to x"),
        ("alter function smsp_f rename to other_f", "alter function other_f rename to smsp_f"),
        ("revoke execute on function smsp_f from public, plain", "grant execute on function smsp_f to plain"),
        ("revoke select on smsp_t from plain", "grant select on smsp_t to plain"),
    ] {
        server.sql(&name, gone).await;
        assert_eq!(read().await.err(), Some(Failed::Down), "{gone}");
        database.look_for_tables().await.unwrap();
        assert!(!database.is_up(), "{gone}");
        server.sql(&name, back).await;
        database.look_for_tables().await.unwrap();
        assert!(database.is_up() && read().await.is_ok(), "{back}");
    }
    server.sql(&name, "revoke all on sequence smsp_t_n_seq from plain").await;
    let mut transaction = database.begin().await.unwrap();
    transaction.execute("insert into smsp_t (x) values (2)", &[]).await.expect("this right is not needed");
}

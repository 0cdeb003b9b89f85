//! A database with two hosts, of which the first is silent.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::postmaster::Postmaster;
use super::proxy::{Fault, Proxy};
use super::{SHORT, insert, table, values, with_deadlines};

#[tokio::test]
async fn a_first_host_that_falls_silent_leaves_time_for_the_second() {
    let Some(server) = Postmaster::shared() else { return };
    let (first, second) = (Proxy::before(server).await, Proxy::before(server).await);
    let name = server.database().await;
    let first_host = first.url("127.0.0.1", &name).replace("postgres://smsp@", "").replace(&format!("/{name}"), "");
    let url = second.url(&format!("{first_host},127.0.0.1"), &name);
    let database = with_deadlines(&format!("{url}?target_session_attrs=read-write"), SHORT);
    table(&database).await;
    first.set(Fault::Swallow);
    assert_eq!(insert(&database, 1).await, Ok(()), "by the second host");
    second.set(Fault::Swallow);
    first.set(Fault::None);
    assert_eq!(insert(&database, 2).await, Ok(()), "by the first host");
    assert_eq!(values(&database).await, Ok(vec![1, 2]));
}

#[tokio::test]
async fn a_silent_host_is_not_asked_by_the_next_connection() {
    let Some(server) = Postmaster::shared() else { return };
    // It accepts connections by itself, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    silent.set_nonblocking(true).expect("a listener can be asked without waiting");
    let behind = Proxy::before(server).await;
    let port = silent.local_addr().expect("a listener has an address").port();
    let url = behind.url(&format!("127.0.0.1:{port},127.0.0.1"), &server.database().await);
    let database = with_deadlines(&url, SHORT);
    let both = [database.begin().await, database.begin().await];
    assert!(both.iter().all(Result::is_ok));
    assert!(silent.accept().is_ok(), "the first connection has tried it");
    assert_eq!(silent.accept().err().map(|error| error.kind()), Some(ErrorKind::WouldBlock), "and no other one");
}

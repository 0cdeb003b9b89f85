//! TLS: the certificate is verified, and nothing is sent in clear where it cannot be.

use super::postmaster::Postmaster;
use super::proxy::Proxy;
use super::{Deadlines, Server, of_server, table, values};
use crate::state::store::Failed;
use crate::state::store::postgres::Wrong;

#[path = "../../../../../functional_tests/harness/certificate_authority.rs"]
mod certificate_authority;

use certificate_authority::{Authority, self_signed};

#[tokio::test]
async fn a_server_proves_itself_by_the_authorities_in_the_file_and_by_no_other() {
    let Some(postmaster) = Postmaster::shared() else { return };
    let name = postmaster.database().await;
    let (trusted, other) = (Authority::new(), Authority::new());
    let cases = [
        ("trusted", trusted.vouches_for("localhost"), Ok(())),
        ("of another authority", other.vouches_for("localhost"), Err(Failed::Down)),
        ("of another host", trusted.vouches_for("db.example.org"), Err(Failed::Down)),
        ("that has expired", trusted.vouched_for("localhost"), Err(Failed::Down)),
        ("signed by itself", self_signed("localhost"), Err(Failed::Down)),
    ];
    for (case, certificate, expected) in cases {
        let proxy = Proxy::with_tls(postmaster, certificate).await;
        let url = format!("{}?sslmode=verify-full", proxy.url("localhost", &name));
        let database = of_server(Server::read(&url, Some(trusted.path().as_ref())).unwrap(), Deadlines::USUAL);
        assert_eq!(database.begin().await.map(drop), expected, "a certificate {case}");
        if expected.is_ok() {
            table(&database).await;
            assert_eq!(values(&database).await, Ok(vec![]));
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing() {
    let Some(postmaster) = Postmaster::shared() else { return };
    let (proxy, authority) = (Proxy::before(postmaster).await, Authority::new());
    let url = format!("{}?sslmode=require", proxy.url("localhost", &postmaster.database().await));
    let database = of_server(Server::read(&url, Some(authority.path().as_ref())).unwrap(), Deadlines::USUAL);
    assert_eq!(database.begin().await.err(), Some(Failed::Down));
}

#[test]
fn a_file_without_authorities_is_refused() {
    for file in ["/dev/null", "/nowhere", "/proc/self/status"] {
        let read = Server::read("postgres://u@db.example.org/d", Some(file.as_ref()));
        assert_eq!(read.err(), Some(Wrong::Authorities), "{file}");
    }
}

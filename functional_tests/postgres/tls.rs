//! TLS: who vouches for the database is said by `SMSP_STORE_CA_FILE`.

use super::fixture::{queue, settings};
use crate::harness::cutting_proxy::Proxy as Server;
use crate::harness::postmaster::Postmaster;
use crate::harness::{Authority, Proxy, run};

#[tokio::test]
async fn a_node_trusts_the_authorities_in_the_file_and_no_other() {
    let Some(postmaster) = Postmaster::shared() else { return };
    let database = postmaster.database().await;
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::with_tls(postmaster, authority.vouches_for("localhost")).await;
    let url = format!("{}?sslmode=verify-full", server.url("localhost", &database));
    let proxy = Proxy::start(settings(&url).with("SMSP_STORE_CA_FILE", &authority.path())).await;
    queue(&proxy.client, "over TLS", None).await.expect(202);
    let output = run(&["serve"], &settings(&url).with("SMSP_STORE_CA_FILE", &other.path())).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("its certificate cannot be verified"), "{output:?}");
}

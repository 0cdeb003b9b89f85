//! A mail server that the DNS names, with an address of each family, of which one leads nowhere.

use hickory_resolver::proto::rr::RecordType::{A, AAAA, MX};

use super::fixture::{alone, queued};
use crate::harness::database::Database;
use crate::harness::mx_host::MxHost;
use crate::harness::name_server::{NameServer, Record, Says};
use crate::harness::outbox::becomes;
use crate::harness::{Process, Proxy};

/// No machine has a way there for TCP, whether it has version 6 or not.
const NOWHERE: &str = "ff02::1";

#[tokio::test]
async fn mail_reaches_a_server_by_version_4_whose_address_of_version_6_cannot_be_reached() {
    let (host, database) = (MxHost::start().await, Database::sqlite());
    let records: Vec<Record> = [
        ("a.example", MX, "10 mx.a.example.".to_owned()),
        ("mx.a.example", AAAA, NOWHERE.to_owned()),
        ("mx.a.example", A, host.ip()),
    ]
    .map(|(name, kind, text)| (name.to_owned(), kind, text))
    .into();
    let Some(names) = NameServer::start(Says::Zone(records.leak())).await else { return };
    let settings = alone(&database).with("SMSP_MX_PORT", &host.port()).with("SMSP_MX_ALLOW_PRIVATE", "true");
    let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
    let id = queued(&proxy, "by version 4", &["b@a.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!((host.heard("CONNECT"), host.taken("by version 4").len()), (1, 1));
}

//! A node that asks a name server of the test's own for its recipients' servers, which are on loopback.

use hickory_resolver::proto::rr::RecordType;

use super::fixture::alone;
use crate::harness::database::Database;
use crate::harness::name_server::{NameServer, Says};
use crate::harness::{Process, Proxy, Settings};

/// A node, and whom it asks.
pub(super) struct Node {
    pub(super) names: NameServer,
    pub(super) proxy: Proxy,
    _database: Database,
}

impl Node {
    /// A node that asks servers at this port. `None`, and a counted skip, where this machine does not let us have a name server.
    pub(super) async fn asking(says: Says, port: &str, change: impl FnOnce(Settings) -> Settings) -> Option<Self> {
        let (names, database) = (NameServer::start(says).await?, Database::sqlite());
        let settings = alone(&database).with("SMSP_MX_PORT", port).with("SMSP_MX_ALLOW_PRIVATE", "true");
        let settings = change(settings.with("SMSP_OUTBOX_RETRY", "200ms"));
        let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
        Some(Self { names, proxy, _database: database })
    }
}

/// A name server of these records, for the rest of the process.
pub(super) fn zone(records: &[(&str, RecordType, &str)]) -> Says {
    let records: Vec<_> =
        records.iter().map(|(name, kind, text)| ((*name).to_owned(), *kind, (*text).to_owned())).collect();
    Says::Zone(records.leak())
}

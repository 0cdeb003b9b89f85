//! The server that needs no stub: one that is already running, named by the original project's variables, or our own
//! mock proxy.

use std::env;
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::client::Client;
use super::proxy::Proxy;
use super::settings::Settings;

/// A running server is shared by all tests of this process, so a test that opens its circuit wants it alone.
static RUNNING_SERVER: RwLock<()> = RwLock::const_new(());

enum Hold {
    Own { _proxy: Box<Proxy> },
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// A server for one test.
pub(crate) struct Target {
    pub(crate) client: Client,
    hold: Hold,
}

impl Target {
    /// For tests that leave the server as it is.
    pub(crate) async fn shared() -> Self {
        match running_server() {
            Some(client) => Self { client, hold: Hold::Shared { _guard: RUNNING_SERVER.read().await } },
            None => Self::own().await,
        }
    }

    /// For tests that open circuits.
    pub(crate) async fn alone() -> Self {
        match running_server() {
            Some(client) => Self { client, hold: Hold::Alone { _guard: RUNNING_SERVER.write().await } },
            None => Self::own().await,
        }
    }

    /// Is it a server that we did not start?
    pub(crate) fn is_foreign(&self) -> bool {
        !matches!(self.hold, Hold::Own { .. })
    }

    async fn own() -> Self {
        let proxy = Proxy::start(settings()).await;
        Self { client: proxy.client.clone(), hold: Hold::Own { _proxy: Box::new(proxy) } }
    }
}

/// How a server is set up for the original's tests.
pub(crate) fn settings() -> Settings {
    Settings::mock().one_failure_opens().eager_probes().with("SMSP_ATTEMPT_TIMEOUT", "500ms")
}

/// How long the recovery of a server with unknown settings may take.
pub(crate) const RECOVERY: Duration = Duration::from_secs(90);

fn running_server() -> Option<Client> {
    let host_port = env::var("SMSP_HOST_PORT").ok()?;
    let protocol = env::var("SMSP_PROTOCOL").unwrap_or_else(|_| "http".to_owned());
    let key = env::var("SMSP_API_KEY").expect("SMSP_API_KEY stands beside SMSP_HOST_PORT");
    Some(Client::new(&format!("{protocol}://{host_port}"), &key))
}

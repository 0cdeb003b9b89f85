//! A new connection to one host, which a task of its own serves until it is dropped.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

/// Logs in there; in clear where there is no TLS. The caller gives it a deadline.
pub(super) async fn log_in(config: &Config, tls: Option<&MakeRustlsConnect>) -> Result<Client, Error> {
    match tls {
        Some(tls) => config.connect(tls.clone()).await.map(serve),
        None => config.connect(NoTls).await.map(serve),
    }
}

fn serve<C>((client, connection): (Client, C)) -> Client
where
    C: Future<Output = Result<(), Error>> + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            debug!(code = error.code().map(SqlState::code), "a connection to the store ended");
        }
    });
    client
}

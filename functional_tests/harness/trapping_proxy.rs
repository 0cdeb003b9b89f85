//! A proxy before a test's PostgreSQL, on a port: what goes through it, in either direction, may meet a [`Trap`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use super::postmaster::Postmaster;
use super::trap::Trap;

/// A running one.
pub(crate) struct TrappingProxy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl TrappingProxy {
    pub(crate) async fn before(server: &Postmaster, trap: &Arc<Trap>) -> Self {
        let socket = server.socket_folder().join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let trap = Arc::clone(trap);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(pass(stream, socket.clone(), Arc::clone(&trap)));
            }
        });
        Self { address, accepting }
    }

    /// The URL of a database behind it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://smsp@{}/{database}", self.address)
    }
}

impl Drop for TrappingProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes on what comes until a side ends. Where something is held back, nothing more goes through to the end of the client.
async fn pass(mut client: TcpStream, socket: PathBuf, trap: Arc<Trap>) -> Option<()> {
    let mut server = UnixStream::connect(socket).await.ok()?;
    client.set_nodelay(true).ok()?;
    let (mut up, mut down) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    loop {
        let is_held = tokio::select! {
            read = client.read(&mut up) => {
                let sent = up.get(..read.ok()?).filter(|sent| !sent.is_empty())?;
                let is_held = trap.springs();
                if !is_held {
                    server.write_all(sent).await.ok()?;
                }
                is_held
            }
            read = server.read(&mut down) => {
                let sent = down.get(..read.ok()?).filter(|sent| !sent.is_empty())?;
                let is_held = trap.springs();
                if !is_held {
                    client.write_all(sent).await.ok()?;
                }
                is_held
            }
        };
        if is_held {
            while client.read(&mut up).await.ok()? > 0 {}
            return None;
        }
    }
}

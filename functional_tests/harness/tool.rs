//! Other people's programs: is one here, where may it listen, does it listen yet?

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use tokio::net::TcpStream;

use super::process::Process;
use super::skip::skip;
use super::wait::{eventually, when};

/// Is this program of this Debian package here? If not, the skip is counted.
pub(crate) fn is_here(program: &str, package: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = folders.any(|dir| Path::new(&dir).join(program).is_file());
    if !found {
        skip(&format!("{program} is not here (Debian package {package})"));
    }
    found
}

/// A port for a program that cannot choose one itself: nobody else has it at this moment.
pub(crate) fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a listener has an address").port().to_string()
}

/// Starts a program and waits until its port takes connections.
pub(crate) async fn listening(command: Command, port: &str) -> Process {
    let mut process = Process::start(command);
    eventually("the program listens", async || {
        assert!(process.ended().is_none(), "{}", process.evidence());
        let open = TcpStream::connect(format!("127.0.0.1:{port}")).await.is_ok();
        when(open, || process.evidence())
    })
    .await;
    process
}

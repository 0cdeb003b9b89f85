//! Where the listeners listen.

use std::net::{IpAddr, SocketAddr};

use crate::runtime::settings::{IP, PORT as ANY_PORT, Section, rows, setting};

/// The addresses of the listeners.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// The API listener's.
    pub api: SocketAddr,
    /// The admin listener's.
    pub admin: SocketAddr,
}

rows! {
    HOST: IpAddr = setting("0.0.0.0", &IP, "where the API listens");
    PORT: u16 = setting("8080", &ANY_PORT, "where the API listens; the log says which port `0` has found");
    ADMIN_HOST: IpAddr = setting(
        "0.0.0.0",
        &IP,
        "where the admin listener listens; its former name `SMSP_OPS_HOST` is accepted until the next version",
    )
    .formerly("OPS_HOST");
    ADMIN_PORT: u16 = setting(
        "9090",
        &ANY_PORT,
        "where the admin listener listens; its former name `SMSP_OPS_PORT` is accepted until the next version",
    )
    .formerly("OPS_PORT");
}

pub(super) fn read(section: &mut Section) -> Option<Listen> {
    let api = api_address(section);
    let admin = admin_address(section);
    let listen = Listen { api: api?, admin: admin? };
    if listen.api.port() != 0 && listen.api.port() == listen.admin.port() {
        let problem = "is the port of the API too: give the admin listener a port of its own";
        section.error(ADMIN_PORT.row.name, problem);
    }
    Some(listen)
}

pub(super) fn api_address(section: &mut Section) -> Option<SocketAddr> {
    let (host, port) = (section.read(&HOST), section.read(&PORT));
    Some((host?, port?).into())
}

pub(super) fn admin_address(section: &mut Section) -> Option<SocketAddr> {
    let (host, port) = (section.read(&ADMIN_HOST), section.read(&ADMIN_PORT));
    Some((host?, port?).into())
}

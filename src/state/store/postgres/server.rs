//! Where the database is, read from the URL of `SMSP_STORE`, and whether it has to prove itself.
//!
//! No error shows the text: it holds a password.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::deadlines::Deadlines;
use super::hosts::{Hosts, NoConnection, PORT};
use super::tls;
use super::wrong::Wrong;

/// The beginnings of a URL.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// A server, and how to log in.
#[derive(Clone)]
pub struct Server {
    config: Config,
    hosts: Hosts,
    /// None where the connection is in clear.
    tls: Option<MakeRustlsConnect>,
}

impl Server {
    /// Does this text begin like the URL of one?
    pub fn is_meant(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// From a URL, and from the file of authorities where the system's are not meant.
    pub fn read(url: &str, authorities: Option<&Path>) -> Result<Self, Wrong> {
        let (url, mode) = without_sslmode(url)?;
        let mut config = Config::from_str(&url).map_err(|_| Wrong::Url)?;
        if config.get_hosts().is_empty() {
            return Err(Wrong::Host);
        }
        let in_clear = mode.unwrap_or(if is_local(&config) { SslMode::Disable } else { SslMode::Require });
        let tls = match in_clear {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(tls::client(authorities)?)),
        };
        config.ssl_mode(in_clear).tcp_user_timeout(Deadlines::USUAL.answer(Deadlines::USUAL.statement));
        if config.get_application_name().is_none() {
            config.application_name("smsp");
        }
        let hosts = Hosts::of(&config).ok_or(Wrong::Url)?;
        Ok(Self { config, hosts, tls })
    }

    /// Does the connection have to be encrypted, and the server to prove who it is?
    pub fn is_verified(&self) -> bool {
        self.tls.is_some()
    }

    /// The URL as it may be shown: without the password, and without parameters that are not needed to find it.
    pub fn shown(&self) -> String {
        let config = &self.config;
        let password = if config.get_password().is_some() { ":<redacted>" } else { "" };
        let user = config.get_user().map(|user| format!("{user}{password}@")).unwrap_or_default();
        let port = |number: usize| config.get_ports().get(number).or(config.get_ports().first()).unwrap_or(&PORT);
        let host = |(number, host): (usize, &Host)| match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{}", port(number)),
            Host::Tcp(name) => format!("{name}:{}", port(number)),
            Host::Unix(folder) => format!("{}:{}", folder.display(), port(number)),
        };
        let hosts: Vec<_> = config.get_hosts().iter().enumerate().map(host).collect();
        let mode = if self.is_verified() { "verify-full" } else { "disable" };
        format!("postgres://{user}{}/{}?sslmode={mode}", hosts.join(","), config.get_dbname().unwrap_or_default())
    }

    /// A new connection, made within this time.
    pub(super) async fn connect(&self, within: Duration) -> Result<Client, NoConnection> {
        self.hosts.connect(within, self.tls.as_ref()).await
    }
}

/// The URL without its `sslmode`: the driver does not know all its words, and means less by some of them.
fn without_sslmode(url: &str) -> Result<(String, Option<SslMode>), Wrong> {
    if !Server::is_meant(url) {
        return Err(Wrong::Url);
    }
    let Some((address, parameters)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let (mode, rest): (Vec<_>, Vec<_>) = parameters.split('&').partition(|pair| pair.starts_with("sslmode="));
    let url = if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) };
    let mode = match mode.as_slice() {
        [] => None,
        ["sslmode=disable"] => Some(SslMode::Disable),
        ["sslmode=require" | "sslmode=verify-full"] => Some(SslMode::Require),
        _ => return Err(Wrong::SslMode),
    };
    Ok((url, mode))
}

/// Does every way to it stay on this machine?
fn is_local(config: &Config) -> bool {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(host) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(url: &str) -> Result<bool, Wrong> {
        Server::read(url, None).map(|server| server.is_verified())
    }

    #[test]
    fn what_is_shown_of_a_url_is_where_it_leads_and_no_password() {
        let cases = [
            (
                "postgres://u:s3cret@db.example.org/d",
                "postgres://u:<redacted>@db.example.org:5432/d?sslmode=verify-full",
            ),
            ("postgresql://u@10.0.0.1:6432/d?sslmode=disable", "postgres://u@10.0.0.1:6432/d?sslmode=disable"),
            (
                "postgres://u:p@a:1,b:2/d?target_session_attrs=read-write",
                "postgres://u:<redacted>@a:1,b:2/d?sslmode=verify-full",
            ),
            ("postgres://[::1]/d?user=u&password=s3cret", "postgres://u:<redacted>@[::1]:5432/d?sslmode=disable"),
            ("postgres:///d?host=/run/postgresql&user=u", "postgres://u@/run/postgresql:5432/d?sslmode=disable"),
        ];
        for (url, expected) in cases {
            assert_eq!(Server::read(url, None).map(|server| server.shown()), Ok(expected.to_owned()), "{url}");
        }
    }

    #[test]
    fn tls_is_left_out_only_on_this_machine_or_where_the_url_says_so() {
        let local = ["127.0.0.1:6432", "localhost", "[::1]", "%2Frun%2Fpostgresql", "127.0.0.1,localhost"];
        for host in local {
            assert_eq!(verified(&format!("postgres://u:p@{host}/d")), Ok(false), "{host}");
            assert_eq!(verified(&format!("postgres://u:p@{host}/d?sslmode=verify-full")), Ok(true), "{host}");
        }
        for host in ["db.example.org", "10.0.0.1", "127.0.0.1,10.0.0.1", "localhost.example.org"] {
            assert_eq!(verified(&format!("postgresql://u:p@{host}/d")), Ok(true), "{host}");
            assert_eq!(verified(&format!("postgres://u:p@{host}/d?sslmode=disable")), Ok(false), "{host}");
        }
        assert_eq!(verified("postgres:///d?host=/run/postgresql"), Ok(false));
        assert_eq!(verified("postgres:///d?host=localhost&hostaddr=10.0.0.1"), Ok(true));
        assert_eq!(verified("postgres:///d?host=10.0.0.1&sslmode=require&application_name=x"), Ok(true));
    }

    #[test]
    fn a_url_that_is_none_says_what_to_write_and_not_what_it_was() {
        let secret = "s3cret";
        let wrong = [
            ("host=/run user=s3cret", Wrong::Url),
            ("mysql://u:s3cret@h/d", Wrong::Url),
            ("postgres://u:s3cret@h:port/d", Wrong::Url),
            ("postgres://u:s3cret@h/d?no_such=1", Wrong::Url),
            ("postgres://u:s3cret@a:1,b:2,c:3/d?port=5", Wrong::Url),
            ("postgres:///s3cret", Wrong::Host),
            ("postgres://u:s3cret@h/d?sslmode=prefer", Wrong::SslMode),
            ("postgres://u:s3cret@h/d?sslmode=disable&sslmode=require", Wrong::SslMode),
        ];
        for (url, expected) in wrong {
            let found = Server::read(url, None).err();
            assert_eq!(found, Some(expected), "{url}");
            assert!(!expected.to_string().contains(secret));
        }
    }
}

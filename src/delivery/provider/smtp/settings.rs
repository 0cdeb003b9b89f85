//! Where the relay is, how it is spoken to, and as whom.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use secrecy::SecretString;
use tokio_rustls::rustls::pki_types::ServerName;

use super::super::values::{Connect, Invalid, Values};
use super::token::TokenFile;
use crate::delivery::smtp_client::tls::{Tls, verifying};
use crate::model::message::address::host_name;
use crate::runtime::net::resolver::Resolver;

pub(super) const HOST: &str = "HOST";
pub(super) const PORT: &str = "PORT";
pub(super) const TLS: &str = "TLS";
pub(super) const USERNAME: &str = "USERNAME";
pub(super) const PASSWORD: &str = "PASSWORD";
pub(super) const TOKEN_FILE: &str = "TOKEN_FILE";
pub(super) const HELO: &str = "HELO";

/// One relay, as its operator describes it.
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// What we call ourselves, if not by our address.
    pub(super) helo: Option<String>,
    pub(super) login: Option<Login>,
    pub(super) resolver: Resolver,
    /// For DNS, TCP and, where it comes first, TLS.
    pub(super) connect_timeout: Duration,
}

/// Who we are to the relay.
pub(super) struct Login {
    pub(super) username: String,
    pub(super) proof: Proof,
}

/// What proves it.
pub(super) enum Proof {
    Password(SecretString),
    /// An access token of OAuth 2.0.
    Token(TokenFile),
}

/// When TLS begins.
pub(super) enum Security {
    /// After a first exchange in clear, or not at all: then no mail is sent.
    Starttls(Tls),
    /// With the first byte (RFC 8314).
    Implicit(Tls),
    /// Never, because the operator says so.
    None,
}

impl Relay {
    pub(super) fn read(values: &Values, connect: Connect) -> Result<Self, Invalid> {
        let host = host(values.get(HOST))?;
        let security = match values.get(TLS) {
            "starttls" => Security::Starttls(tls(&host)?),
            "implicit" => Security::Implicit(tls(&host)?),
            "none" => Security::None,
            _ => return Err(invalid(TLS, "must be starttls, implicit or none")),
        };
        let port = port(values).parse().map_err(|_| invalid(PORT, "must be a number up to 65535"))?;
        let resolver = Resolver::system(connect.timeout)
            .map_err(|_| invalid(HOST, "no name can be looked up: see /etc/resolv.conf"))?;
        let (helo, login) = (helo(values.get(HELO))?, login(values)?);
        Ok(Self { host, port, security, helo, login, resolver, connect_timeout: connect.timeout })
    }
}

fn invalid(variable: &'static str, problem: &'static str) -> Invalid {
    Invalid { variable, problem }
}

/// As written, else the one that is usual for the relay's security.
pub(super) fn port(values: &Values) -> String {
    let usual = match values.get(TLS) {
        "implicit" => "465",
        "none" => "25",
        _ => "587",
    };
    Some(values.get(PORT)).filter(|port| !port.is_empty()).unwrap_or(usual).to_owned()
}

fn host(text: &str) -> Result<String, Invalid> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if text.chars().all(plain) || text.parse::<Ipv6Addr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(invalid(HOST, "must be a host name or address alone, such as smtp.example.com"))
}

/// A domain name or an address literal (RFC 5321 4.1.1.1, 4.1.3).
fn helo(text: &str) -> Result<Option<String>, Invalid> {
    if text.is_empty() {
        return Ok(None);
    }
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let name = match literal.map(|address| (address.strip_prefix("IPv6:"), address)) {
        Some((Some(v6), _)) => v6.parse::<Ipv6Addr>().ok().map(|_| text.to_owned()),
        Some((None, v4)) => v4.parse::<Ipv4Addr>().ok().map(|_| text.to_owned()),
        None => host_name(text).ok().filter(|name| name.contains('.')).map(Into::into),
    };
    let wanted =
        "must be this host's full name, such as mail.example.org, or its address in brackets, such as [192.0.2.1]";
    name.map(Some).ok_or(invalid(HELO, wanted))
}

fn login(values: &Values) -> Result<Option<Login>, Invalid> {
    let proof = match (values.get(USERNAME), values.get(PASSWORD), values.get(TOKEN_FILE)) {
        ("", "", "") => return Ok(None),
        ("", "", _) => return Err(invalid(USERNAME, "is missing beside the token file: set both or neither")),
        ("", _, "") => return Err(invalid(USERNAME, "is missing beside the password: set both or neither")),
        (_, "", "") => {
            return Err(invalid(PASSWORD, "is missing beside the user name: set it, or a token file, or none of them"));
        }
        (_, password, "") => Proof::Password(password.into()),
        (_, "", path) => Proof::Token(TokenFile::new(path)),
        _ => return Err(invalid(TOKEN_FILE, "is set beside the password: remove one of them")),
    };
    Ok(Some(Login { username: values.get(USERNAME).to_owned(), proof }))
}

fn tls(host: &str) -> Result<Tls, Invalid> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| invalid(HOST, "must be a host name or address that a certificate can name"))?;
    let connector = verifying().map_err(|_| {
        invalid(TLS, "no TLS client can be made: install the system's CA certificates, or set none on purpose")
    })?;
    Ok(Tls { connector, name })
}

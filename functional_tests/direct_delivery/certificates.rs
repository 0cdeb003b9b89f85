//! STARTTLS at servers whose certificates are good, bad or of no use, at each level that an operator can set.

use super::fixture::{alone, queued, tells};
use crate::harness::certificate_authority::self_signed;
use crate::harness::database::Database;
use crate::harness::mx_host::{Act, MxHost, own_address};
use crate::harness::{Authority, Proxy};

const TAKEN: &str = "delivered smtp_250 2.0.0";
const PUT_OFF: &str = "deferred tls -";

/// Servers of a domain each, all at one port: with a good certificate, an expired one, one of its own, one of another name,
/// with a handshake that fails, and without STARTTLS.
struct Servers {
    authority: Authority,
    all: [MxHost; 6],
}

impl Servers {
    async fn start() -> Self {
        let (authority, clear) = (Authority::new(), MxHost::start().await);
        let addresses = [0; 4].map(|_| own_address());
        let [good, expired, own, other] = addresses.map(|address| address.to_string());
        let certificates = [
            authority.vouches_for(&good),
            authority.vouched_for(&expired),
            self_signed(&own),
            authority.vouches_for(&format!("not.{other}.example")),
        ];
        let mut all = Vec::new();
        for (address, certificate) in addresses.into_iter().zip(certificates) {
            all.push(MxHost::with_tls(address, &clear.port(), certificate).await);
        }
        let broken = clear.beside(|line| match line {
            "STARTTLS" => Act::Say("220 go on\r\n220 this is no TLS"),
            line if line.starts_with("EHLO") => Act::Say("250-mx.example\r\n250 STARTTLS"),
            _ => Act::Usual,
        });
        all.extend([broken.await, clear]);
        Self { authority, all: all.try_into().ok().expect("six") }
    }

    /// What becomes of a mail to all of them at this level.
    async fn tell(&self, level: &str, expected: [&str; 6]) {
        let database = Database::sqlite();
        let domains: Vec<_> =
            self.all.iter().enumerate().map(|(at, host)| format!("d{at}.example:{}", host.ip())).collect();
        let settings = alone(&database)
            .with("SMSP_MX_STATIC", &domains.join(";"))
            .with("SMSP_MX_PORT", &self.all[5].port())
            .with("SMSP_MX_TLS", level)
            .with("SMSP_OUTBOX_RETRY", "1h")
            .with("SSL_CERT_FILE", &self.authority.path());
        let proxy = Proxy::start(settings).await;
        let to: Vec<_> = (0..6).map(|at| format!("x@d{at}.example")).collect();
        let id = queued(&proxy, level, &to.iter().map(String::as_str).collect::<Vec<_>>()).await;
        tells(&proxy, &id, &expected).await;
    }

    fn heard(&self, line: &str) -> [usize; 6] {
        std::array::from_fn(|at| self.all[at].heard(line))
    }
}

#[tokio::test]
async fn opportunistic_takes_any_certificate_and_goes_in_clear_where_there_is_no_tls() {
    let servers = Servers::start().await;
    servers.tell("opportunistic", [TAKEN; 6]).await;
    assert_eq!(servers.heard("(TLS)"), [1, 1, 1, 1, 0, 0]);
    assert_eq!(servers.heard("CONNECT"), [1, 1, 1, 1, 2, 1], "a handshake that fails costs one new connection");
}

#[tokio::test]
async fn required_takes_any_certificate_and_never_goes_in_clear() {
    let servers = Servers::start().await;
    servers.tell("required", [TAKEN, TAKEN, TAKEN, TAKEN, PUT_OFF, PUT_OFF]).await;
    assert_eq!(servers.heard("(TLS)"), [1, 1, 1, 1, 0, 0]);
    assert_eq!(servers.heard("MAIL"), [1, 1, 1, 1, 0, 0]);
}

#[tokio::test]
async fn verified_takes_a_trusted_certificate_of_the_servers_name_alone() {
    let servers = Servers::start().await;
    servers.tell("verified", [TAKEN, PUT_OFF, PUT_OFF, PUT_OFF, PUT_OFF, PUT_OFF]).await;
    assert_eq!(servers.heard("MAIL"), [1, 0, 0, 0, 0, 0]);
}

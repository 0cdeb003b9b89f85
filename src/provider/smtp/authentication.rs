//! AUTH (RFC 4954): PLAIN, or LOGIN where that is all there is. No other mechanism proves more over TLS.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use super::session::Session;
use super::settings::Login;
use super::verdicts::Stage;
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) async fn authenticate(session: &mut Session, login: &Login) -> Result<(), Verdict> {
    let (username, password) = (login.username.as_str(), login.password.expose_secret());
    if session.offers().plain {
        let both = STANDARD.encode(format!("\0{username}\0{password}"));
        session.expect(Stage::Auth, 235, &format!("AUTH PLAIN {both}")).await?;
    } else if session.offers().login {
        session.expect(Stage::Auth, 334, "AUTH LOGIN").await?;
        session.expect(Stage::Auth, 334, &STANDARD.encode(username)).await?;
        session.expect(Stage::Auth, 235, &STANDARD.encode(password)).await?;
    } else {
        return Err(Verdict::new(Outcome::AccountRefused, Reason::NotSent));
    }
    Ok(())
}

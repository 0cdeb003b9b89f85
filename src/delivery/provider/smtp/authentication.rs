//! AUTH (RFC 4954): who we are, proved in a way that the relay offers.
//!
//! A password goes by PLAIN, or LOGIN where that is all there is: no other mechanism proves more over TLS. An access token
//! goes by OAUTHBEARER (RFC 7628), which is the standard, or by XOAUTH2
//! (<https://developers.google.com/workspace/gmail/imap/xoauth2-protocol>): Gmail offers both, Microsoft 365 the latter alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use super::settings::{Login, Proof, Relay};
use super::token::TokenFile;
use crate::delivery::smtp_client::failure::expect;
use crate::delivery::smtp_client::reply::Reply;
use crate::delivery::smtp_client::session::Session;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::{Outcome, Reason, Verdict};

/// Octets of a command line (RFC 5321 4.5.3.1.4), without its CRLF.
const MAX_COMMAND_LEN: usize = 510;

pub(super) async fn authenticate(session: &mut Session, relay: &Relay, login: &Login) -> Result<(), Verdict> {
    let reply = match &login.proof {
        Proof::Password(password) => with_password(session, &login.username, password.expose_secret()).await?,
        Proof::Token(file) => with_token(session, relay, &login.username, file).await?,
    };
    expect(Stage::Auth, 235, reply)?;
    Ok(())
}

async fn with_password(session: &mut Session, username: &str, password: &str) -> Result<Reply, Verdict> {
    if session.extensions().plain {
        return speak_first(session, "PLAIN", &format!("\0{username}\0{password}")).await;
    }
    if !session.extensions().login {
        return Err(no_mechanism());
    }
    session.expect(Stage::Auth, 334, "AUTH LOGIN").await?;
    let reply = session.secret(&STANDARD.encode(username)).await?;
    expect(Stage::Auth, 334, reply)?;
    Ok(session.secret(&STANDARD.encode(password)).await?)
}

async fn with_token(session: &mut Session, relay: &Relay, user: &str, file: &TokenFile) -> Result<Reply, Verdict> {
    let extensions = session.extensions();
    if !(extensions.oauthbearer || extensions.xoauth2) {
        return Err(no_mechanism());
    }
    let is_standard = extensions.oauthbearer;
    let token = file.read().await?;
    let token = token.expose_secret();
    let reply = if is_standard {
        let (user, Relay { host, port, .. }) = (saslname(user), relay);
        let response = format!("n,a={user},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {token}\u{1}\u{1}");
        speak_first(session, "OAUTHBEARER", &response).await?
    } else {
        speak_first(session, "XOAUTH2", &format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}")).await?
    };
    match (reply.code, is_standard) {
        // It has said why not, and refuses once it knows that we have heard it: `\x01` (RFC 7628 3.2.3), or nothing.
        (334, true) => Ok(session.command("AQ==").await?),
        (334, false) => Ok(session.command("").await?),
        _ => Ok(reply),
    }
}

/// What the client says first goes along with the command, unless it is too long for that (RFC 4954 4).
async fn speak_first(session: &mut Session, mechanism: &str, response: &str) -> Result<Reply, Verdict> {
    let (command, response) = (format!("AUTH {mechanism}"), STANDARD.encode(response));
    if command.len() + 1 + response.len() <= MAX_COMMAND_LEN {
        return Ok(session.secret(&format!("{command} {response}")).await?);
    }
    session.expect(Stage::Auth, 334, &command).await?;
    Ok(session.secret(&response).await?)
}

/// As RFC 5801 4 has it in its header.
fn saslname(user: &str) -> String {
    user.replace('=', "=3D").replace(',', "=2C")
}

fn no_mechanism() -> Verdict {
    Verdict::new(Outcome::AccountRefused, Reason::NotSent)
}

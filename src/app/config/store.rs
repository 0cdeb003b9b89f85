//! The store: `SMSP_STORE`, and what goes with it: `SMSP_STORE_KEY`, `SMSP_STORE_CA_FILE`.
//!
//! The first two are secrets, so either may stand in a file; what is listed is where the store is, and the names of the keys.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::runtime::settings::{Row, Section, Source};
use crate::state::store::postgres::Wrong;
use crate::state::store::settings::{STORE, STORE_CA_FILE, STORE_KEY};
use crate::state::store::{Location, StoreKeys, WrongLocation};

/// A store to open.
pub struct StoreConfig {
    /// Where it is.
    pub location: Location,
    /// What encrypts.
    pub keys: Arc<StoreKeys>,
}

/// `Some(None)`: there is none; `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section) -> Option<Option<StoreConfig>> {
    let authorities = section.read(&STORE_CA_FILE);
    let location = location(section, authorities);
    let keys = keys(section);
    match (location?, keys?) {
        (Some(location), Some(keys)) => Some(Some(StoreConfig { location, keys: Arc::new(keys) })),
        (Some(_), None) => {
            let problem = "is required with SMSP_STORE: a name, a colon and the 64 digits of `openssl rand -hex 32`";
            section.error(STORE_KEY.name, problem);
            None
        }
        (None, Some(_)) => {
            section.warning(STORE_KEY.name, "is not used: SMSP_STORE is not set");
            Some(None)
        }
        (None, None) => Some(None),
    }
}

fn location(section: &mut Section, authorities: Option<Option<PathBuf>>) -> Option<Option<Location>> {
    let (secret, authorities) = (secret(section, &STORE)?, authorities?);
    let Some((source, text)) = secret else {
        unused(section, authorities.is_some(), "SMSP_STORE is not set");
        return Some(None);
    };
    match Location::parse(text.expose_secret(), authorities.as_deref()) {
        Ok(location) => {
            section.in_force(STORE.name, &location.shown());
            let is_used = matches!(&location, Location::Postgres(server) if server.is_verified());
            unused(
                section,
                authorities.is_some() && !is_used,
                "SMSP_STORE leads to no server whose certificate is verified",
            );
            Some(Some(location))
        }
        Err(WrongLocation::Server(wrong @ (Wrong::Authorities | Wrong::Tls))) => {
            section.error(STORE_CA_FILE.row.name, &wrong.to_string());
            None
        }
        Err(wrong) => {
            section.error(source.variable(), &wrong.to_string());
            None
        }
    }
}

fn unused(section: &mut Section, is_unused: bool, why: &str) {
    if is_unused {
        section.warning(STORE_CA_FILE.row.name, &format!("is not used: {why}"));
    }
}

fn keys(section: &mut Section) -> Option<Option<StoreKeys>> {
    let Some((source, text)) = secret(section, &STORE_KEY)? else { return Some(None) };
    match StoreKeys::parse(text.expose_secret()) {
        Ok(keys) => {
            section.in_force(STORE_KEY.name, &keys.shown());
            Some(Some(keys))
        }
        Err(problem) => {
            section.error(source.variable(), &problem);
            None
        }
    }
}

/// The text of a secret, and where it stands.
fn secret(section: &mut Section, row: &Row) -> Option<Option<(Source, SecretString)>> {
    let Some(source) = section.source(row)? else { return Some(None) };
    match source.line() {
        Ok(text) => Some(Some((source, text))),
        Err(problem) => {
            section.error(source.variable(), &problem);
            None
        }
    }
}

//! The store: `SMSP_STORE`, and the keys that it needs, `SMSP_STORE_KEY`.
//!
//! Both are secrets, so either may stand in a file; what is listed is where the store is, and the names of the keys.

use std::sync::Arc;

use secrecy::ExposeSecret;

use crate::runtime::settings::{Row, Section};
use crate::state::store::settings::{STORE, STORE_KEY};
use crate::state::store::{Location, StoreKeys};

/// A store to open.
pub struct StoreConfig {
    /// Where it is.
    pub location: Location,
    /// What encrypts.
    pub keys: Arc<StoreKeys>,
}

/// `Some(None)`: there is none; `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section) -> Option<Option<StoreConfig>> {
    let location = part(section, &STORE, Location::parse, Location::shown);
    let keys = part(section, &STORE_KEY, StoreKeys::parse, StoreKeys::shown);
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

fn part<T>(
    section: &mut Section,
    row: &Row,
    parse: fn(&str) -> Result<T, String>,
    shown: fn(&T) -> String,
) -> Option<Option<T>> {
    let Some(source) = section.source(row)? else { return Some(None) };
    match source.line().and_then(|text| parse(text.expose_secret())) {
        Ok(value) => {
            section.in_force(row.name, &shown(&value));
            Some(Some(value))
        }
        Err(problem) => {
            section.error(source.variable(), &problem);
            None
        }
    }
}

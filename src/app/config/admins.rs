//! Who may look at this node and change it: `SMSP_ADMIN_KEYS`, or the file of `SMSP_ADMIN_KEYS_FILE`, which can be read
//! again while this node serves.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::names::PREFIX;
use crate::access::admins::Role;
use crate::access::admins::settings::{ADMIN_KEY, ADMIN_KEYS};
use crate::access::keys::KeyRing;
use crate::runtime::settings::{Section, Source};
use crate::state::audit::Actor;

/// The admin keys of a start.
pub struct AdminsConfig {
    /// The keys as they are now.
    pub keys: KeyRing<Role>,
    /// Where they came from.
    pub source: AdminKeySource,
}

/// Where the admin listener is, and the key that a command sends to it.
pub struct AdminAccess {
    /// The listener's address.
    pub address: SocketAddr,
    /// Sent as `X-ADMIN-KEY`; empty if none is set.
    pub key: SecretString,
}

/// What holds where no admin keys are set.
pub(super) const WITHOUT_KEYS: &str = "no keys are set: only this machine, by a Host such as localhost, sees circuits and gives orders, and with it \
     whatever a proxy on it passes on without a header that says so";

impl fmt::Display for AdminsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: BTreeSet<_> = self.keys.good(SystemTime::now()).map(shown).collect();
        if shown.is_empty() {
            return f.write_str("nobody sees circuits or gives orders, because every admin key has expired");
        }
        f.write_str(&shown.into_iter().collect::<Vec<_>>().join(", "))
    }
}

/// One key that is good, by its holder.
fn shown((name, role, end): (&Arc<str>, &Role, Option<SystemTime>)) -> String {
    // A key ends with the midnight after its last day.
    let last_day = end.and_then(|end| OffsetDateTime::from(end).date().previous_day());
    let until = last_day.map(|day| format!(" until {day}")).unwrap_or_default();
    format!("{name} ({}{until})", role.as_str())
}

/// Where admin keys stand.
#[derive(Clone)]
pub struct AdminKeySource(Source);

impl AdminKeySource {
    /// Can they be replaced while we serve?
    pub fn may_change(&self) -> bool {
        self.0.is_file()
    }

    /// The keys as they are now, none of which may be one of the `callers`; an error names its variable, and no key.
    pub fn read<R>(&self, callers: &KeyRing<R>) -> Result<KeyRing<Role>, String> {
        let now = SystemTime::now();
        self.ring(callers, now).map_err(|problem| format!("{PREFIX}{}: {problem}", self.0.variable()))
    }

    fn ring<R>(&self, callers: &KeyRing<R>, now: SystemTime) -> Result<KeyRing<Role>, String> {
        let mut ring = KeyRing::default();
        ring.read(self.0.text()?.expose_secret(), now)?;
        if let Some((name, _)) = ring.holders().find(|(name, _)| Actor::RESERVED.contains(&&***name)) {
            return Err(format!("has the name `{name}`, which stands for orders without a key: choose another"));
        }
        match ring.shared_with(callers) {
            Some((admin, caller)) => Err(format!(
                "has a key for `{admin}` that is the API key of the caller `{caller}`: give each a key of its own"
            )),
            None => Ok(ring),
        }
    }
}

/// `None`: a mistake was recorded; `Some(None)`: no admin keys are set.
pub(super) fn read(section: &mut Section, callers: Option<&KeyRing>) -> Option<Option<AdminsConfig>> {
    let (source, command_key) = (section.source(&ADMIN_KEYS), section.source(&ADMIN_KEY));
    let Some(source) = source?.map(AdminKeySource) else {
        // Taken for the keys of this node, it would leave the listener without any.
        if let Some(key) = command_key? {
            let problem = "is the key of commands, but this node has no admin keys: did you mean SMSP_ADMIN_KEYS?";
            section.error(key.variable(), problem);
        }
        return Some(None);
    };
    let none = KeyRing::default();
    match source.ring(callers.unwrap_or(&none), SystemTime::now()) {
        Ok(keys) => Some(Some(AdminsConfig { keys, source })),
        Err(problem) => {
            section.error(source.0.variable(), &problem);
            None
        }
    }
}

/// The key that a command sends; empty if none is set.
pub(super) fn command_key(section: &mut Section) -> Option<SecretString> {
    let Some(key) = section.source(&ADMIN_KEY)? else { return Some(SecretString::default()) };
    key.line().map_err(|problem| section.error(key.variable(), &problem)).ok()
}

//! The DKIM keys of `SMSP_DKIM_DIR`.

use std::path::PathBuf;

use crate::delivery::mx::dkim::settings::DKIM_DIR;
use crate::delivery::mx::dkim::{Key, KeyDirectory, Keys, signing};
use crate::delivery::mx::settings::MX_HELO;
use crate::runtime::settings::Section;

/// The keys that sign.
pub struct DkimConfig {
    /// The keys as they are now.
    pub keys: Keys,
    /// Where they stand; `None`: there are none.
    pub directory: Option<KeyDirectory>,
}

/// Where new keys go.
pub struct NewKeys {
    /// The directory, which need not be there.
    pub directory: PathBuf,
    /// This node's own name.
    pub helo: Option<String>,
}

impl DkimConfig {
    /// Warns where mail goes to its recipients' own servers, and none of it is signed.
    pub(super) fn check_that_mail_is_signed(&self, section: &mut Section, is_direct: bool) {
        let lack = match &self.directory {
            None => "is not set",
            Some(_) if self.keys.is_empty() => "has no key",
            Some(_) => return,
        };
        if is_direct {
            let problem = format!("{lack}, so mail to mx has no DKIM signature: `smsp dkim new DOMAIN` makes keys");
            section.warning(DKIM_DIR.row.name, &problem);
        }
    }

    /// Which keys sign for which domain, a line each.
    pub fn lines(&self) -> Vec<String> {
        let line = |(domain, keys): (&str, &[Key])| {
            let listed = |keys: Vec<&Key>| keys.iter().map(|key| named(key)).collect::<Vec<_>>().join(", ");
            let waiting: Vec<_> = keys.iter().filter(|key| signing(keys).all(|first| first != *key)).collect();
            let rest = if waiting.is_empty() { String::new() } else { format!("; not used yet: {}", listed(waiting)) };
            format!("DKIM keys of {domain}: {}{rest}", listed(signing(keys).collect()))
        };
        self.keys.iter().map(line).collect()
    }
}

fn named(key: &Key) -> String {
    format!("{} ({})", key.selector(), key.kind())
}

/// `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section) -> Option<DkimConfig> {
    let directory = section.read(&DKIM_DIR)?.map(|path| KeyDirectory::at(&path));
    let keys = directory.as_ref().map_or_else(|| Ok(Keys::default()), KeyDirectory::read);
    let keys = keys.map_err(|problem| section.error(DKIM_DIR.row.name, &problem)).ok()?;
    for name in directory.as_ref().and_then(|directory| directory.exposed().ok()).unwrap_or_default() {
        let problem =
            format!("has the private key {name}, whose mode lets every user of this machine read it: `chmod o=` it");
        section.warning(DKIM_DIR.row.name, &problem);
    }
    Some(DkimConfig { keys, directory })
}

/// `None`: a mistake was recorded.
pub(super) fn read_for_new_keys(section: &mut Section) -> Option<NewKeys> {
    let (helo, directory) = (section.read(&MX_HELO), section.read(&DKIM_DIR));
    let directory = directory?;
    if directory.is_none() {
        section.error(DKIM_DIR.row.name, "is required: the folder in which the keys are made");
    }
    Some(NewKeys { directory: directory?, helo: helo? })
}

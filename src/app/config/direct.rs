//! Direct delivery: whether mail may go to its recipients' own servers, and what that takes.
//!
//! The outbox alone delivers there, so it has to be on; and a server wants to hear this node's own name.

use super::providers::{Listed, PROVIDERS};
use super::routes::RoutesConfig;
use crate::delivery::mx;
use crate::runtime::settings::Section;

/// Direct delivery that is in use, or may be once the rules are read again.
pub struct DirectConfig {
    /// How it goes on.
    pub settings: mx::Settings,
    /// This node's own name.
    pub helo: String,
}

/// The rules beside the list, and direct delivery where they or the list lead there. `outbox_is_on`, `None`: a mistake was
/// recorded there.
pub(super) fn read(
    section: &mut Section,
    settings: Option<mx::Settings>,
    listed: &Listed,
    routes: Option<RoutesConfig>,
    outbox_is_on: Option<bool>,
) -> Option<(RoutesConfig, Option<DirectConfig>)> {
    let lack = settings.as_ref().zip(outbox_is_on).and_then(|(settings, outbox_is_on)| lack(settings, outbox_is_on));
    if let (true, Some(lack)) = (listed.is_direct, lack) {
        section.error(PROVIDERS.row.name, lack);
    }
    let routes = routes?.beside_list(section, listed.is_direct, lack.map(str::to_owned));
    let settings = settings?;
    let direct = settings.helo.clone().filter(|_| lack.is_none() && routes.may_be_direct());
    Some((routes, direct.map(|helo| DirectConfig { settings, helo })))
}

/// What is missing before mail may go there.
fn lack(settings: &mx::Settings, outbox_is_on: bool) -> Option<&'static str> {
    if !outbox_is_on {
        return Some(NO_OUTBOX);
    }
    settings.helo.is_none().then_some(NO_NAME)
}

const NO_OUTBOX: &str =
    "names mx, to which the outbox alone delivers: set SMSP_OUTBOX=on, with SMSP_STORE and SMSP_STORE_KEY";
const NO_NAME: &str = "names mx, which needs SMSP_MX_HELO: set it to the full name that this node's public address has in \
     reverse DNS, such as mail.example.org";

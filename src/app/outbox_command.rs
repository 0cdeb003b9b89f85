//! `smsp outbox`: asks the running node how much mail waits, which mail that is, and gives orders for it.
//!
//! Deliberately absent: the store. Only the node opens it.

mod arguments;
mod list;
mod order;
mod overview;
mod question;

pub use arguments::Arguments;

use super::admin_client::AdminClient;
use crate::app::config::AdminAccess;

/// Where its paths are not there.
const IS_OFF: &str = "the outbox of this node is off, or it is of a version without this command (SMSP_OUTBOX=on)";

/// Carries out one of the commands. Was all done?
pub async fn outbox(access: AdminAccess, arguments: Arguments) -> Result<bool, String> {
    let client = AdminClient::new(access)?.without_path(IS_OFF);
    match arguments {
        Arguments::Show(show) => overview::show(&client, show).await,
        Arguments::List(list) => list::list(&client, list).await,
        Arguments::Order(order) => order::order(&client, order).await,
    }
}

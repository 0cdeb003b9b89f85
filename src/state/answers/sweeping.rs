//! Drops records that are over, in steps: none takes long, and what calls write meanwhile is not held up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::stored::StoredAnswers;

/// Records of one step.
const STEP: usize = 1000;
/// Between two steps while there is more.
const PAUSE: Duration = Duration::from_millis(100);
/// And while there is not, or the store is away.
const REST: Duration = Duration::from_secs(60);

/// Drops what is over, for ever.
pub async fn sweep(store: Arc<dyn StoredAnswers>) {
    loop {
        let wait = if store.sweep(STEP).await == Ok(STEP) { PAUSE } else { REST };
        sleep(wait).await;
    }
}

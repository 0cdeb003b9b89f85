//! The recording that the running task works for: at hand on all its way down, so that no function passes it along.
//!
//! Where nothing is recorded, all of this is a look at one word. Another task has none of it.

use std::sync::Arc;

use tokio::task_local;

use super::recording::Recording;
use super::span::Value;

task_local! {
    static CURRENT: Option<Arc<Recording>>;
}

/// Does this work for a recording, if there is one.
pub fn scope<F: Future>(recording: Option<Arc<Recording>>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(recording, work)
}

/// The recording of now.
pub fn current() -> Option<Arc<Recording>> {
    CURRENT.try_with(Option::clone).ok().flatten()
}

/// What the root span of now stands for has failed, with an error of this type.
pub fn fail(error: &'static str) {
    let _ = CURRENT.try_with(|recording| recording.iter().for_each(|recording| recording.fail(error)));
}

/// Says something of the root span of now; `value` is asked only where there is one.
pub fn set<V: Into<Value>>(name: &'static str, value: impl FnOnce() -> V) {
    let _ = CURRENT.try_with(|recording| {
        if let Some(recording) = recording {
            recording.set(name, value().into());
        }
    });
}

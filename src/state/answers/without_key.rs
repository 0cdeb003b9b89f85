//! The call that hands a mail without a key over, where there is a store.

use std::sync::Arc;

use super::call_record::CallRecord;
use super::known::Known;
use crate::model::caller::CallerName;
use crate::model::outcome::Verdict;

/// A call without a key. The store hears of it if it ends `unknown`, and then what becomes known later.
pub struct WithoutKey(pub(super) Arc<CallRecord>);

impl WithoutKey {
    /// Records, when called, the verdict of an attempt of this call that comes after its answer.
    pub fn on_late_verdict(&self) -> impl Fn(&str, &Verdict) + Send + Sync + 'static {
        let record = Arc::clone(&self.0);
        move |upstream, verdict| record.late(upstream, verdict)
    }

    /// Has the store note what the call came to, if that is `unknown` and the store takes it in time. What is known now.
    pub async fn finish(self, caller: CallerName, known: Known) -> Known {
        self.0.note(caller, known).await
    }
}

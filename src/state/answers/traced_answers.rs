//! Records whose calls are spans of the request that they are made for. It is put in between only where traces are recorded.

use std::sync::Arc;
use std::time::Duration;

use super::sealing::SealedAnswer;
use super::stored::{Begun, CallNumber, CallState, End, NewCall, Settled, StoredAnswers};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::state::store::{Answered, Spans};

/// The records of all nodes that share a store of some system.
pub struct TracedAnswers {
    answers: Arc<dyn StoredAnswers>,
    spans: Spans,
}

impl TracedAnswers {
    /// Over these; `system`: their store, by its name in OpenTelemetry's conventions.
    pub fn new(answers: Arc<dyn StoredAnswers>, system: &'static str) -> Self {
        Self { answers, spans: Spans { system, collection: "answers" } }
    }
}

impl StoredAnswers for TracedAnswers {
    fn begin(&self, call: NewCall) -> Answered<'_, Begun> {
        self.spans.of("begin", self.answers.begin(call))
    }

    fn ask_again(&self, id: Id, of: CallNumber, number: CallNumber, lease: Duration) -> Answered<'_, bool> {
        self.spans.of("ask_again", self.answers.ask_again(id, of, number, lease))
    }

    fn end(&self, id: Id, number: CallNumber, end: End) -> Answered<'_, Settled> {
        self.spans.of("end", self.answers.end(id, number, end))
    }

    fn note(&self, caller: CallerName, id: Id, number: CallNumber, answer: SealedAnswer) -> Answered<'_, ()> {
        self.spans.of("note", self.answers.note(caller, id, number, answer))
    }

    fn look(&self, caller: CallerName, id: Id) -> Answered<'_, Option<CallState>> {
        self.spans.of("look", self.answers.look(caller, id))
    }

    fn sweep(&self, most: usize) -> Answered<'_, usize> {
        self.spans.of("sweep", self.answers.sweep(most))
    }
}

//! The words of a circuit as they stand in the document: listed by the code that writes them.

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use crate::delivery::circuit::{Override, State, TransitionReason};
use crate::delivery::mx::sites;
use crate::state::outbox;

/// What a circuit is like.
pub(super) fn state() -> Object {
    let about = "The state that the circuit has by itself. `closed`: the upstream gets mail. `open`: it gets none. `half_open`: it gets \
                 probes only.";
    one_of(about, State::ALL.map(State::as_str))
}

/// What an operator has ordered.
pub(super) fn overriding() -> Object {
    let about = "`auto`: the circuit decides by itself. `open`: the upstream gets no mail. `closed`: it gets mail, whatever \
                 the state.";
    one_of(about, Override::ALL.map(Override::as_str))
}

/// Why a circuit is in its state.
pub(super) fn reason() -> Object {
    let words = TransitionReason::ALL.map(|reason| format!("`{}`", reason.as_str())).join(", ");
    let about = format!(
        "Why it is in this state, `null` until it first changes: {words}. More words may come, so do not fail at one that you \
         do not know."
    );
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(types).description(Some(about)).build()
}

/// Where mail of the outbox is.
pub(super) fn outbox_status() -> Object {
    one_of("Where it is, as callers see it.", outbox::State::ALL.map(outbox::State::as_str))
}

/// Whether a site takes mail.
pub(super) fn site_state() -> Object {
    let about = "`open`: it takes mail. `shut`: no server was there, so none is tried for a time. `probing`: one mail finds out \
                 whether there is one again. `paused`: an operator holds its mail back.";
    one_of(about, sites::State::ALL.map(sites::State::as_str))
}

/// What the last mail to a site came to.
pub(super) fn site_answer() -> Object {
    let words = sites::Answer::ALL.map(|answer| format!("`{}`", answer.as_str())).join(", ");
    let about = format!(
        "What the last mail came to, `null` until there was one: {words}. More words may come, so do not fail at one that you \
         do not know."
    );
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(types).description(Some(about)).build()
}

fn one_of<const N: usize>(about: &str, words: [&str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(about)).build()
}

//! The APIs of other systems, for their clients: requests and answers in the form and the words that they know.
//!
//! Each is off unless `SMSP_SHAPES` names it, and stands at the paths that it had, beside the API and under its limits and
//! keys. What no answer of the other system says is told in a word more: never is a mail called sent, or not sent, of which
//! that is not known. Deliberately absent: the other system's faults, and repeats that send nothing twice, which take the
//! `Idempotency-Key` of `POST /outbox`.

mod minimailgun;
pub mod settings;
mod state;

pub use minimailgun::{NAMES as FIELD_NAMES, beside as minimailgun, document};
pub use settings::Shapes;
pub use state::CompatState;

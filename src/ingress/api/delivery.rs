//! What is known of a mail after a call: the one field by which every client decides.

use serde::Serialize;
use utoipa::ToSchema;

/// What is known of the mail from this call. `accepted`: a provider took it. `none`: no provider has it, so a
/// repeat sends no second mail. `unknown`: a provider may have it, so look it up before you repeat the call. `queued`: this service keeps it and
/// will send it (no call is answered so today). There will never be another word, so a client can handle all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    Accepted,
    None,
    Unknown,
    #[expect(
        dead_code,
        reason = "a client that is written today must know the word before the first call is answered so"
    )]
    Queued,
}

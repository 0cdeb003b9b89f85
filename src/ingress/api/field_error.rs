//! A field of a request that is wrong.

use serde::Serialize;
use utoipa::ToSchema;

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// The field as the caller named it, for example `to[1]`.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

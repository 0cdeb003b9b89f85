//! What a file shows of tags and metadata, which have no other place in it than `X-Tags` and `X-Metadata`.

use crate::delivery::provider::values::{Invalid, Values};
use crate::runtime::settings::Row;

/// The variable of the kinds that make a file: shall it show tags and metadata to every recipient?
pub(in crate::delivery::provider) const METADATA_HEADERS: &str = "METADATA_HEADERS";

/// The row of that switch.
pub(in crate::delivery::provider) const fn metadata_headers(text: &'static str) -> Row {
    Row::with_default(METADATA_HEADERS, "false", "`true`, `false`", text)
}

/// What every recipient sees of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery::provider) enum MetadataHeaders {
    All,
    /// The metadata alone.
    MetadataOnly,
    None,
}

impl MetadataHeaders {
    /// As the operator wants it.
    pub(in crate::delivery::provider) fn read(values: &Values) -> Result<Self, Invalid> {
        Ok(if values.is_on(METADATA_HEADERS)? { Self::All } else { Self::None })
    }
}

//! The switch of the kinds that make a file: shall it show tags and metadata to every recipient?

use super::values::{Invalid, Values};
use crate::delivery::mime::MetadataHeaders;
use crate::runtime::settings::Row;

/// Its variable.
pub(super) const METADATA_HEADERS: &str = "METADATA_HEADERS";

/// Its row.
pub(super) const fn metadata_headers(text: &'static str) -> Row {
    Row::with_default(METADATA_HEADERS, "false", "`true`, `false`", text)
}

impl MetadataHeaders {
    /// As the operator wants it.
    pub(super) fn read(values: &Values) -> Result<Self, Invalid> {
        Ok(if values.is_on(METADATA_HEADERS)? { Self::All } else { Self::None })
    }
}

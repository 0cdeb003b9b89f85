//! What a file shows of tags and metadata, which have no other place in it than `X-Tags` and `X-Metadata`.

/// What every recipient sees of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) enum MetadataHeaders {
    All,
    /// The metadata alone.
    MetadataOnly,
    None,
}

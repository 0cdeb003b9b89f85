//! Why a text cannot be part of an attachment.

use crate::model::message::content::BadText;

/// Why a text cannot be part of an attachment. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAttachment {
    /// The name.
    #[error("must be a file name of 1 to 255 bytes, without a space at either end")]
    Filename,
    /// The name has text that cannot stand in a header, or marks of direction out of pairs.
    #[error("{0}")]
    Text(BadText),
    /// The type.
    #[error("must be a media type such as application/pdf or text/plain; charset=utf-8")]
    ContentType,
    /// A parameter of the type.
    #[error("may have the parameters charset and, in text/calendar, method, each once; remove the others")]
    Parameter,
    /// A type of parts.
    #[error(
        "multipart/... is not the type of a file: attach each of its parts as a file, or the whole as message/rfc822"
    )]
    Multipart,
    /// The content id.
    #[error("must be 1 to 78 of the characters A-Z a-z 0-9 . _ - @ +, perhaps between < and >")]
    ContentId,
}

//! The answer to a call to the store, and why there is none.

use futures_util::future::BoxFuture;

/// The answer to a call to the store, once it is there.
pub type Answered<'a, T> = BoxFuture<'a, Result<T, Failed>>;

/// Why a call to the store has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// Nothing was written.
    #[error("the store cannot be reached, or cannot write")]
    Down,
    /// It may have been written, or not: the store did not answer the COMMIT. To ask again with the
    /// same id, or the same fence, brings clarity.
    #[error("the store did not say whether it has written")]
    Unclear,
}

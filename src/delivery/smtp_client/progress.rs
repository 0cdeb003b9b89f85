//! Who is told how far a mail has come while it is handed over.

/// Hears of progress, so that a far end that is slow is told from one that is silent.
pub trait Progress: Sync {
    /// The mail itself is written from now on.
    fn write(&self);

    /// Some of the mail, or of what is said before it, was taken.
    fn moved(&self);
}

/// Nobody wants to know.
impl Progress for () {
    fn write(&self) {}

    fn moved(&self) {}
}

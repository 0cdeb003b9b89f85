//! What an entry of a list of keys may say of its holder, between the name and the key.

/// The role of a holder.
pub trait KeyRole: Sized {
    /// The form of an entry, for errors.
    const FORM: &'static str;

    /// Splits what follows the name into the role and the key.
    fn split(rest: &str) -> Option<(Self, &str)>;
}

/// Holders that all have the same role.
impl KeyRole for () {
    const FORM: &'static str = "name:key";

    fn split(rest: &str) -> Option<(Self, &str)> {
        Some(((), rest))
    }
}

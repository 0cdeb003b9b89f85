//! Keys in a directory, and what they sign.

mod directory;
mod kinds;
mod making;
mod relaxed;
mod signing;

//! Names that are read back: codes of providers, and the fields by which a mail is looked up there.
//!
//! They come from tables of this program, where they live for ever, so those that are read have to as well. The tables of
//! another version may have others: each is kept once, and only a few are.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// More names than the tables of all providers have.
const MOST: usize = 2048;
/// Longer than any of them.
const LONGEST: usize = 100;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The name, for as long as this process lives; none if it is no name or there are too many.
pub(super) fn kept_name(name: &str) -> Option<&'static str> {
    if !(1..=LONGEST).contains(&name.len()) {
        return None;
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = names.get(name) {
        return Some(kept);
    }
    if names.len() >= MOST {
        return None;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    Some(kept)
}

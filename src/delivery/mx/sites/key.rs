//! What a site is called.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Bytes of a key.
const LONGEST: usize = 255;

/// The names of a site's servers, sorted, with commas between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteKey(Arc<str>);

impl SiteKey {
    /// The site that these servers are, in whatever order. Names that are too many for a key are a digest behind the first.
    pub fn of(servers: &[Arc<str>]) -> Self {
        let mut names: Vec<&str> = servers.iter().map(|name| &**name).collect();
        names.sort_unstable();
        names.dedup();
        let text = names.join(",");
        if text.len() <= LONGEST {
            return Self(text.into());
        }
        let mut short = names.first().copied().unwrap_or_default().chars().take(200).collect::<String>();
        short.push('+');
        for byte in &Sha256::digest(text.as_bytes())[..16] {
            // A text takes whatever is written.
            let _ = write!(short, "{byte:02x}");
        }
        Self(short.into())
    }

    pub(super) fn from_name(name: Arc<str>) -> Self {
        Self(name)
    }

    /// The key as operators write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(names: &[String]) -> SiteKey {
        SiteKey::of(&names.iter().map(|name| name.as_str().into()).collect::<Vec<_>>())
    }

    #[test]
    fn order_and_repeats_make_no_difference() {
        let names = |names: &[&str]| key(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["b.example", "a.example", "b.example"]).as_str(), "a.example,b.example");
    }

    #[test]
    fn many_names_make_a_short_key_that_differs_by_any_of_them() {
        let mut names: Vec<_> = (0..20).map(|number| format!("{}{number}.example", "a".repeat(60))).collect();
        let long = key(&names);
        assert!(long.as_str().len() <= LONGEST, "{long:?}");
        names[19].push('x');
        assert_ne!(key(&names), long);
    }
}

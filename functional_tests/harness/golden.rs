//! Golden files: what goes over the wire, compared whole. `UPDATE_GOLDEN=1` rewrites them; the diff is then the review.

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

/// Where a golden file lies.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("functional_tests/golden").join(name)
}

/// A golden file that is input.
pub(crate) fn json(name: &str) -> Value {
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Compares with a golden file, or rewrites it when asked to.
#[track_caller]
pub(crate) fn check(name: &str, actual: &str) {
    check_at(&path(name), actual);
}

/// Compares with a file that stands elsewhere, or rewrites it when asked to.
#[track_caller]
pub(crate) fn check_at(path: &Path, actual: &str) {
    let shown = path.display();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, actual).unwrap_or_else(|e| panic!("{shown}: {e}"));
    }
    let expected = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{shown}: {e}"));
    assert_eq!(actual, expected, "{shown} differs; UPDATE_GOLDEN=1 rewrites it\n{actual}");
}

/// What stands in base64.
#[track_caller]
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

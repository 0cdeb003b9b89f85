//! The figures of a long test, a line for each row: `scripts/check` prints them as a table at its end.

use super::skip::append;

/// Says on stderr, and in the file that `SMSP_RESULTS` names, what was measured.
pub(crate) fn report(row: &str, figures: &str) {
    append("SMSP_RESULTS", &format!("{row:<8} {figures}\n"));
}

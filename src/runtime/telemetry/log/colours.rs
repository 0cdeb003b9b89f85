//! Are lines for people coloured? At a terminal that can show it, unless `NO_COLOR` says otherwise (<https://no-color.org>).

use std::ffi::OsString;

/// Decides by whether stdout is a terminal, and by the environment.
pub(super) fn are_wanted(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
    let is_refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    is_terminal && !is_dumb && !is_refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_terminal_that_shows_them_and_nobody_who_refuses_them() {
        for (is_terminal, set, expected) in [
            (true, &[("TERM", "xterm")][..], true),
            (true, &[], true),
            (true, &[("NO_COLOR", "")], true),
            (false, &[("TERM", "xterm")], false),
            (true, &[("TERM", "dumb")], false),
            (true, &[("TERM", "xterm"), ("NO_COLOR", "1")], false),
        ] {
            let variable =
                |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value));
            assert_eq!(are_wanted(is_terminal, variable), expected, "{is_terminal} {set:?}");
        }
    }
}

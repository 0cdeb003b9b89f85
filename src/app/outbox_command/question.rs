//! May an order on many mails be given? Its giver names their number, or says yes to it at a terminal.

use std::io::{self, BufRead, IsTerminal};

use crate::app::terminal::ask;

/// What is asked.
pub(super) struct Question<'a> {
    /// The order, as the command calls it.
    pub(super) order: &'a str,
    /// Mails that fit.
    pub(super) fit: u64,
    /// What was accepted since is not meant; `None`: the filter says it.
    pub(super) before: Option<String>,
    /// The number of `--all`.
    pub(super) all: Option<u64>,
}

impl Question<'_> {
    /// Nothing, or why the order is not given.
    pub(super) fn put(&self) -> Result<(), String> {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        self.answered(is_terminal, || {
            ask(&format!("{} all {}? Type yes: ", self.order, self.fit));
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map(|_| line).unwrap_or_default()
        })
    }

    fn answered(&self, is_terminal: bool, line: impl FnOnce() -> String) -> Result<(), String> {
        let Self { order, fit, before, all } = self;
        let before = before.as_ref().map(|time| format!(" --accepted-before {time}")).unwrap_or_default();
        match all {
            Some(all) if all == fit => Ok(()),
            Some(all) => Err(format!("{fit} mails fit now, and not {all}: nothing was changed")),
            None if !is_terminal => {
                Err(format!("nothing was changed: --all {fit}{before} is to {order} all {fit} mails that fit"))
            }
            None if line().trim() == "yes" => Ok(()),
            None => Err("nothing was changed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_needs_the_exact_number_or_a_yes_at_a_terminal() {
        let question =
            |all| Question { order: "retry", fit: 12, before: Some("2026-11-21T22:05:09.123Z".to_owned()), all };
        for (all, is_terminal, line, may) in [
            (Some(12), false, "", true),
            (Some(11), false, "", false),
            (Some(13), false, "", false),
            (Some(13), true, "yes\n", false),
            (None, false, "yes\n", false),
            (None, true, "yes\n", true),
            (None, true, "y\n", false),
            (None, true, "", false),
        ] {
            let answered = question(all).answered(is_terminal, || line.to_owned());
            assert_eq!(answered.is_ok(), may, "{all:?} {is_terminal} {line}: {answered:?}");
        }
        let error = question(None).answered(false, String::new).unwrap_err();
        let expected = "nothing was changed: --all 12 --accepted-before 2026-11-21T22:05:09.123Z is to retry all 12 mails that fit";
        assert_eq!(error, expected);
    }
}

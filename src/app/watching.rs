//! What a command shows of a running node: once, or again and again until Ctrl-C.

use std::time::Duration;

use tokio::signal::ctrl_c;
use tokio::time::sleep;

use super::options::Options;
use super::terminal::{Screen, print};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// How something is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Show {
    /// Again and again?
    pub(super) watches: bool,
    /// As the node answers it?
    pub(super) as_json: bool,
}

impl Show {
    /// Reads what stands behind a command that has no other options.
    pub(super) fn read(command: &str, words: &[&str]) -> Result<Self, String> {
        let options = Options::read(command, words, &["--watch", "--json"], &[])?;
        match options.rest.first() {
            Some(word) => Err(format!("{command} does not know `{word}`")),
            None => Ok(Self { watches: options.has("--watch"), as_json: options.has("--json") }),
        }
    }

    /// Prints what `look` finds. False: nobody reads it any more.
    pub(super) async fn show<L>(self, look: impl Fn() -> L) -> Result<bool, String>
    where
        L: Future<Output = Result<String, String>>,
    {
        let first = look().await?;
        if !self.watches {
            return Ok(print(&first));
        }
        tokio::select! {
            is_whole = self.watch(look, first) => Ok(is_whole),
            _ = ctrl_c() => Ok(true),
        }
    }

    /// Ends where nobody reads it any more, which is false. A node that does not answer may come back.
    async fn watch<L>(self, look: impl Fn() -> L, first: String) -> bool
    where
        L: Future<Output = Result<String, String>>,
    {
        let (mut screen, mut text) = (Screen::default(), first);
        while screen.show(&text, !self.as_json) {
            sleep(PAUSE).await;
            text = look().await.unwrap_or_else(|error| error);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_in_any_order_and_nothing_else_is() {
        assert_eq!(Show::read("smsp x", &[]), Ok(Show::default()));
        assert_eq!(Show::read("smsp x", &["--json", "--watch"]), Ok(Show { watches: true, as_json: true }));
        for word in ["mg", "--wach"] {
            assert_eq!(Show::read("smsp x", &[word]), Err(format!("smsp x does not know `{word}`")));
        }
    }
}

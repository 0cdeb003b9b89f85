//! Options behind a command, in any order.

/// What stands behind a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    flags: Vec<String>,
    values: Vec<(String, String)>,
    /// What is no option.
    pub(super) rest: Vec<String>,
}

impl Options {
    /// Reads those that the command knows: some alone, some with a value behind them.
    pub(super) fn read(command: &str, words: &[&str], flags: &[&str], valued: &[&str]) -> Result<Self, String> {
        let (mut options, mut words) = (Self::default(), words);
        loop {
            words = match *words {
                [] => return Ok(options),
                [flag, ref rest @ ..] if flags.contains(&flag) => {
                    options.flags.push(flag.to_owned());
                    rest
                }
                [option, value, ref rest @ ..] if valued.contains(&option) && !value.starts_with("--") => {
                    if options.value(option).is_some() {
                        return Err(format!("{option} is given twice"));
                    }
                    options.values.push((option.to_owned(), value.to_owned()));
                    rest
                }
                [option, ..] if valued.contains(&option) => return Err(format!("{option} lacks its value")),
                [option, ..] if option.starts_with('-') => return Err(format!("{command} does not know `{option}`")),
                [word, ref rest @ ..] => {
                    options.rest.push(word.to_owned());
                    rest
                }
            };
        }
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }

    pub(super) fn value(&self, option: &str) -> Option<&str> {
        self.values.iter().find(|(given, _)| given == option).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options, String> {
        Options::read("smsp x", words, &["--json"], &["--limit"])
    }

    #[test]
    fn options_are_read_in_any_order_and_what_is_none_is_kept() {
        let options = read(&["id", "--limit", "5", "--json"]).unwrap();
        assert_eq!(
            (options.has("--json"), options.value("--limit"), &*options.rest),
            (true, Some("5"), &["id".to_owned()][..])
        );
        assert_eq!(read(&[]), Ok(Options::default()));
    }

    #[test]
    fn an_option_that_is_unknown_twice_or_without_its_value_is_refused() {
        for (words, problem) in [
            (&["--limt", "5"][..], "smsp x does not know `--limt`"),
            (&["-j"], "smsp x does not know `-j`"),
            (&["--limit"], "--limit lacks its value"),
            (&["--limit", "--json"], "--limit lacks its value"),
            (&["--limit", "5", "--limit", "6"], "--limit is given twice"),
        ] {
            assert_eq!(read(words), Err(problem.to_owned()), "{words:?}");
        }
    }
}

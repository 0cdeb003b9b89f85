//! What `smsp help settings` prints: every setting with its default, its unit and what it is for, for a terminal.

use crate::app::config::{Group, groups};
use crate::runtime::settings::Entry;

/// Columns of a terminal.
const WIDTH: usize = 80;

const INTRODUCTION: &str = "Every setting is a variable of the environment; empty means unset. Times and sizes need a unit: \
     250ms, 2s, 5m, 1h; 512KiB, 26MiB. A secret may stand in a file instead: the variable <NAME>_FILE names it. `smsp \
     check-config` prints what is in force, with --changed only what differs from the defaults.";

/// Every setting, by group.
pub fn settings() -> String {
    let groups = groups().iter().map(group).collect::<Vec<_>>();
    format!("{}\n{}", wrapped(INTRODUCTION, 0), groups.join("\n")).trim_end().to_owned()
}

fn group(group: &Group) -> String {
    let settings = group.settings.iter().map(|(variable, entry)| setting(variable, entry)).collect::<Vec<_>>();
    let about = if group.about.is_empty() { String::new() } else { format!("{}\n", wrapped(group.about, 2)) };
    format!("{}\n\n{about}{}", group.title.to_uppercase(), settings.concat())
}

fn setting(variable: &str, entry: &Entry) -> String {
    let default = entry.default();
    let default = if default.starts_with("required") { default } else { format!("default: {default}") };
    format!("  {variable}\n{}{}", wrapped(&format!("{default} ({})", entry.unit), 6), wrapped(entry.row.text, 6))
}

/// The text in lines that begin with so many spaces, without Markdown.
fn wrapped(text: &str, indent: usize) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    let text = text.replace('`', "");
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.len() + 1 + word.len() > WIDTH {
            lines.push_str(&format!("{:indent$}{line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push_str(&format!("{:indent$}{line}\n", ""));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_80_columns_with_its_indent() {
        for indent in 0..8 {
            let lines = wrapped(&"word ".repeat(40), indent);
            let start = format!("{:indent$}word", "");
            assert!(lines.lines().all(|line| line.len() <= WIDTH && line.starts_with(&start)), "{lines}");
            assert_eq!((lines.split_whitespace().count(), lines.lines().count()), (40, 3), "{lines}");
        }
        assert_eq!((wrapped("", 6), wrapped("`a` b", 2)), (String::new(), "  a b\n".to_owned()));
    }
}

//! What `smsp --help` and `smsp help settings` print: every command; every setting with its default, its unit and what it
//! is for.

use crate::app::config::{Group, groups};
use crate::runtime::settings::Entry;

/// What `smsp --help` prints.
pub const COMMANDS: &str = "smsp, the Send Mail Service Proxy

usage: smsp [COMMAND]

commands:
  serve         serve until SIGTERM (the default)
  check-config  read the environment, print the effective settings, exit 0 or 64;
                with --changed only those that differ from their defaults;
                with --connect [DOMAIN] also compare DKIM keys and SMSP_MX_HELO with the
                DNS, and try port 25 of the mail hosts of DOMAIN, exit 0 if nothing is
                missing; --changed --connect does both
  dkim new DOMAIN
                make a DKIM key of each kind in SMSP_DKIM_DIR, print the DNS records that
                the domain needs; no key is overwritten
  probe         send one test message along every upstream, exit 0 if all were taken;
                with --show-answer print what each provider said, word for word
  healthcheck   ask the running server, exit 0 if it serves
  route         ask the running server where the mail on stdin would go, as a mail of
                --caller NAME, exit 0 if an upstream would get it;
                --idempotency-key KEY gives it a key, --json prints the answer as it is
  circuits      ask the running server what the circuit of each upstream is like, and why;
                --json prints the answer as it is;
                with --watch again and again, until Ctrl-C
  outbox        ask the running server how much mail waits, for how long, and how fast it
                gets less; --json prints the answer as it is;
                with --watch again and again, until Ctrl-C
  outbox list   ask it which mail there is, the newest first, 20 or --limit N, of all or of
                a filter: --status, --caller, --from-domain, --upstream, --accepted-from,
                --accepted-before, --possible-duplicate true|false; a status is queued,
                claimed, sending, unknown, parked, accepted, refused, expired or cancelled,
                a time is as 2026-11-21T22:05:09Z;
                with --oldest the oldest first
  outbox retry  send mail again that is parked or unknown, by its IDs or by a filter; how
                much fits is shown then, and a yes is wanted or --all N, the number that
                fits; --over TIME spreads the mail, exit 0 if all was changed
  outbox cancel likewise, mail that is queued or parked is not sent any more
  outbox settle likewise, say what became of unknown mail: --as accepted, or --as none,
                and it is sent again
  migrate       open the store, bring its tables to this version, correct the counts in
                them, print what was done; a node migrates at its start too
  store status  read the store, print whether it is an older copy of itself and how much
                mail is in it, exit 0 if it is none; a node may have it open
  store backup FILE
                copy a SQLite store to a new file, which a node may have open; exit 0 once
                the file is complete and on the disk
  store accept-restore
                open a store that is an older copy of itself, park all mail in it that
                waits, let claims go on;
                with --force whether it is one or not
  openapi       print the OpenAPI document of the API;
                with admin that of the admin listener
  help settings print every setting: its default, its unit, what it is for
  --version     print the version
  --help        print this; behind a command, what is here about it

Every setting comes from the environment.";

/// Columns of a terminal.
const WIDTH: usize = 80;

const INTRODUCTION: &str = "Every setting is a variable of the environment; empty means unset. Times and sizes need a unit: \
     250ms, 2s, 5m, 1h; 512KiB, 26MiB. A secret may stand in a file instead: the variable <NAME>_FILE names it. `smsp \
     check-config` prints what is in force, with --changed only what differs from the defaults.";

/// What [`COMMANDS`] says of the command that these words begin with, and of those below it; `None`: there is no such
/// command. What stands behind the name of a command does not count.
pub fn of(words: &[&str]) -> Option<String> {
    let (_, list) = COMMANDS.split_once("commands:\n")?;
    let (list, foot) = list.rsplit_once("\n\n")?;
    let mut entries: Vec<Vec<&str>> = Vec::new();
    for line in list.lines() {
        let begins = !line.starts_with("   ");
        match entries.last_mut() {
            Some(entry) if !begins => entry.push(line),
            _ => entries.push(vec![line]),
        }
    }
    let is_about = |entry: &Vec<&str>, names: &[&str]| {
        let line = entry.first().map_or("", |line| line.trim_start());
        line.split(' ').take(names.len()).eq(names.iter().copied())
    };
    let names = (1..=words.len()).rev().map(|length| &words[..length]);
    let mut found =
        names.map(|names| entries.iter().filter(|entry| is_about(entry, names)).flatten().copied().collect());
    let found: Vec<&str> = found.find(|lines: &Vec<&str>| !lines.is_empty())?;
    Some(format!("{}\n\n{foot}", found.join("\n")))
}

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

    /// The column in which a line tells what a command does.
    const ABOUT: usize = 16;

    #[test]
    fn help_on_a_command_is_about_it_and_those_below_it_alone() {
        let names = |words: &[&str]| -> Vec<String> {
            let text = of(words).unwrap();
            let begins = text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
            let name =
                |line: &str| if line[..ABOUT].ends_with(' ') { line[..ABOUT].to_owned() } else { line.to_owned() };
            begins.map(|line| name(line).trim().to_owned()).collect()
        };
        let outbox = ["outbox", "outbox list", "outbox retry", "outbox cancel", "outbox settle"];
        assert_eq!(names(&["outbox"]), outbox);
        assert_eq!(names(&["outbox", "list", "--status"]), outbox[1..2]);
        assert_eq!(names(&["store"]), ["store status", "store backup FILE", "store accept-restore"]);
        assert!(of(&["outbox", "list"]).unwrap().contains("--accepted-before"));
        assert!(of(&["route", "--caller", "shop"]).unwrap().contains("--idempotency-key"));
        assert_eq!((of(&["lst"]), of(&["out"])), (None, None));
    }

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

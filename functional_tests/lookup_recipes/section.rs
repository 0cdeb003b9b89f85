//! The sections of `docs/how-to/read-an-unknown.md`: one for each kind of provider, with its recipes and example answers.

use std::process::Command;

use smsp::delivery::provider::Kind;

use crate::harness::process::Output;
use crate::harness::repository::{read, root};
use crate::harness::wait::PATIENCE;
use crate::harness::{Process, Settings, kinds};

/// A section: its heading, and everything up to the next.
pub(super) struct Section {
    pub(super) heading: String,
    text: String,
}

/// Every section, in order.
pub(super) fn all() -> Vec<Section> {
    let document = read(&root().join("docs/how-to/read-an-unknown.md"));
    let sections =
        document.split("\n## ").skip(1).map(|section| section.split_once('\n').expect("a heading is a line"));
    sections.map(|(heading, text)| Section { heading: heading.to_owned(), text: text.to_owned() }).collect()
}

/// The section of this heading.
pub(super) fn named(heading: &str) -> Section {
    let found = all().into_iter().find(|section| section.heading == heading);
    found.unwrap_or_else(|| panic!("no section {heading}"))
}

/// The commands that tell the shell what to look for.
fn prelude() -> String {
    named("Before you look").blocks("sh").concat()
}

impl Section {
    /// What stands in its fenced blocks of this language.
    pub(super) fn blocks(&self, language: &str) -> Vec<String> {
        let (mut blocks, mut open) = (Vec::new(), false);
        for line in self.text.lines().map(str::trim_start) {
            match line.strip_prefix("```") {
                Some(fence) if !open && fence == language => {
                    blocks.push(String::new());
                    open = true;
                }
                Some(_) => open = false,
                None if open => blocks.last_mut().expect("a block is open").push_str(&format!("{line}\n")),
                None => {}
            }
        }
        blocks
    }

    /// The field by which its mail is found: the first that it names.
    pub(super) fn field(&self) -> String {
        let (_, rest) = self.text.split_once("By `").unwrap_or_else(|| panic!("{} names no field", self.heading));
        rest.split('`').next().unwrap_or_default().to_owned()
    }

    pub(super) fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }

    /// Runs its recipes as a reader would, with `url` in the place of every host and with these variables.
    pub(super) async fn run(&self, url: &str, settings: &Settings, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new("bash");
        let overrides: String = variables.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        let recipes = at(&self.blocks("sh").concat(), url);
        command.args(["-euo", "pipefail", "-c", &format!("{}{overrides}{recipes}", prelude())]);
        command.envs(settings.pairs()).env("no_proxy", "127.0.0.1");
        Process::start(command).output(PATIENCE).await
    }
}

/// The variables of an operator who has this kind alone.
pub(super) fn account(kind: &Kind) -> Settings {
    let settings = kinds::with_needed(Settings::empty(), kind).with("LOG_GROUP", "mail").with("PAUSE", "0");
    settings.with("AWS_ACCESS_KEY_ID", "value-1").with("AWS_SECRET_ACCESS_KEY", "value-1")
}

/// The text with `url` instead of every `https://host`.
fn at(text: &str, url: &str) -> String {
    let mut pieces = text.split("https://");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let end = piece.find(['/', '"', ' ', '\n']).unwrap_or(piece.len());
        format!("{text}{url}{}", &piece[end..])
    })
}

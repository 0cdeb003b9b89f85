//! The sections of `docs/how-to/read-an-unknown.md`: one for each kind of provider, with its recipes and example answers.

use std::process::Command;

use smsp::delivery::provider::Kind;

use crate::harness::process::Output;
use crate::harness::wait::PATIENCE;
use crate::harness::{Process, Settings, kinds};

pub(super) use crate::harness::sections::Section;

const DOCUMENT: &str = "docs/how-to/read-an-unknown.md";

/// Every section, in order.
pub(super) fn all() -> Vec<Section> {
    Section::all(DOCUMENT)
}

/// The section of this heading.
pub(super) fn named(heading: &str) -> Section {
    Section::of(DOCUMENT, heading)
}

/// The commands that tell the shell what to look for.
fn prelude() -> String {
    named("Before you look").blocks("sh").concat()
}

impl Section {
    /// The field by which its mail is found: the first that it names.
    pub(super) fn field(&self) -> String {
        let (_, rest) = self.text.split_once("By `").unwrap_or_else(|| panic!("{} names no field", self.heading));
        rest.split('`').next().unwrap_or_default().to_owned()
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

//! Sections of a document, and the commands in their fenced blocks, as a test types them.

use super::repository::{read, root};

/// A section: its heading, and everything up to the next.
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) text: String,
}

impl Section {
    /// Every section of this document, in order.
    pub(crate) fn all(document: &str) -> Vec<Self> {
        let document = read(&root().join(document));
        let sections =
            document.split("\n## ").skip(1).map(|section| section.split_once('\n').expect("a heading is a line"));
        sections.map(|(heading, text)| Self { heading: heading.to_owned(), text: text.to_owned() }).collect()
    }

    /// The section of this heading.
    pub(crate) fn of(document: &str, heading: &str) -> Self {
        let found = Self::all(document).into_iter().find(|section| section.heading == heading);
        found.unwrap_or_else(|| panic!("{document} has no section {heading}"))
    }

    /// What stands in its fenced blocks of this language, without the indentation of lines.
    pub(crate) fn blocks(&self, language: &str) -> Vec<String> {
        let without = |line: &str| format!("{}\n", line.trim_start());
        self.indented(language).iter().map(|block| block.lines().map(without).collect()).collect()
    }

    /// What stands in its fenced blocks of this language, as it stands there.
    pub(crate) fn indented(&self, language: &str) -> Vec<String> {
        let (mut blocks, mut open) = (Vec::<String>::new(), false);
        for line in self.text.lines() {
            match line.trim_start().strip_prefix("```") {
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

    pub(crate) fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

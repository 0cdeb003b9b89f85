//! The documents as their tests read them: tables, fenced blocks, headings, links.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::harness::repository::{files, read, root};

/// What a document has, in its order.
#[derive(Default)]
pub(super) struct Document {
    /// From the root of the repository.
    pub path: PathBuf,
    pub text: String,
    pub tables: Vec<Table>,
    pub blocks: Vec<Block>,
    pub headings: Vec<String>,
    pub links: Vec<String>,
}

/// A table: rows of cells, code in its backticks.
#[derive(Default)]
pub(super) struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A fenced block.
#[derive(Clone, Default)]
pub(super) struct Block {
    /// What stands behind the fence: a language, and perhaps a word for the tests.
    pub info: String,
    pub text: String,
}

impl Document {
    pub(super) fn read(path: &str) -> Self {
        Self::parsed(Path::new(path), read(&root().join(path)))
    }

    pub(super) fn parsed(path: &Path, text: String) -> Self {
        let mut document = Self { path: path.to_owned(), ..Self::default() };
        let (mut text_of_item, mut row) = (String::new(), Vec::new());
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        for event in Parser::new_ext(&text, options) {
            match event {
                Event::Start(Tag::Table(_)) => document.tables.push(Table::default()),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    document.blocks.push(Block { info: info.to_string(), ..Block::default() });
                    text_of_item.clear();
                }
                Event::Start(Tag::Heading { .. } | Tag::TableCell | Tag::CodeBlock(_)) => text_of_item.clear(),
                Event::Start(Tag::Link { dest_url, .. }) => document.links.push(dest_url.to_string()),
                Event::End(TagEnd::CodeBlock) => {
                    if let Some(block) = document.blocks.last_mut().filter(|block| block.text.is_empty()) {
                        block.text = std::mem::take(&mut text_of_item);
                    }
                }
                Event::End(TagEnd::Heading(_)) => document.headings.push(std::mem::take(&mut text_of_item)),
                Event::End(TagEnd::TableCell) => row.push(std::mem::take(&mut text_of_item)),
                Event::End(TagEnd::TableHead) => {
                    document.tables.last_mut().expect("a table").head = std::mem::take(&mut row);
                }
                Event::End(TagEnd::TableRow) => {
                    document.tables.last_mut().expect("a table").rows.push(std::mem::take(&mut row));
                }
                Event::Text(words) => text_of_item.push_str(&words),
                Event::Code(code) => text_of_item.push_str(&format!("`{code}`")),
                Event::SoftBreak => text_of_item.push(' '),
                _ => {}
            }
        }
        document.text = text;
        document
    }

    /// The name that GitHub gives a heading in a link.
    pub(super) fn anchors(&self) -> impl Iterator<Item = String> {
        self.headings.iter().map(|heading| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
    }
}

/// Every document of the repository.
pub(super) fn all() -> Vec<Document> {
    let top = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root().join(name));
    let paths = files("docs", |path| path.extension().is_some_and(|extension| extension == "md"));
    let from_root = |path: &PathBuf| path.strip_prefix(root()).expect("below the root").display().to_string();
    top.iter().chain(&paths).map(|path| Document::read(&from_root(path))).collect()
}

/// All tables whose head begins with this word, over all documents.
pub(super) fn tables(first: &str) -> Vec<Table> {
    all().into_iter().flat_map(|document| document.tables).filter(|table| table.head[0] == first).collect()
}

#[test]
fn tables_blocks_headings_and_links_are_read() {
    let text = "# A `b`: c?\n\n| x | y |\n|---|---|\n| `1` | [2](three.md#four) |\n\n```sh server\ndo it\n```\n";
    let document = Document::parsed(Path::new("x.md"), text.to_owned());
    assert_eq!(document.anchors().collect::<Vec<_>>(), ["a-b-c"]);
    assert_eq!(
        (&document.tables[0].head, &document.tables[0].rows),
        (&vec!["x".to_owned(), "y".to_owned()], &vec![vec!["`1`".to_owned(), "2".to_owned()]])
    );
    assert_eq!((document.blocks[0].info.as_str(), document.blocks[0].text.as_str()), ("sh server", "do it\n"));
    assert_eq!(document.links, ["three.md#four"]);
}

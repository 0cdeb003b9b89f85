//! Every kind of provider and what it can carry, for the documents.

use super::capabilities::{Capabilities, Inline, Parameters};
use super::kind::Kind;

const HEAD: &str = "| kind | name | recipients | Bcc alone | size | inline images | tags | reply_to | Sender | Message-ID | invitations | SMTPUTF8 | idempotent | probe |";

/// A row for each kind.
pub(super) fn markdown(kinds: &[Kind]) -> String {
    let columns = HEAD.matches('|').count() - 1;
    let lines = [HEAD.to_owned(), format!("|{}", "---|".repeat(columns))];
    lines.into_iter().chain(kinds.iter().map(row)).collect::<Vec<_>>().join("\n")
}

fn row(kind: &Kind) -> String {
    let Kind { name, upstream, probe, capabilities, .. } = kind;
    let Capabilities { files, size, .. } = capabilities;
    let most = |count: usize| if count == usize::MAX { "any".to_owned() } else { count.to_string() };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let inline = match files.inline {
        Inline::No => "no",
        Inline::Images => "images",
        Inline::Any => "yes",
    };
    let cells = [
        (*name).to_owned(),
        format!("`{upstream}`"),
        most(capabilities.recipients),
        yes(capabilities.without_to),
        if *size == usize::MAX { "any".to_owned() } else { format!("{} MB", size / 1_000_000) },
        inline.to_owned(),
        most(capabilities.tags.max_count),
        most(capabilities.reply_to),
        yes(capabilities.sender),
        yes(capabilities.message_id),
        yes(files.parameters != Parameters::Utf8),
        yes(capabilities.smtputf8),
        yes(capabilities.idempotency_window.is_some()),
        (*probe).to_owned(),
    ];
    format!("| {} |", cells.join(" | "))
}

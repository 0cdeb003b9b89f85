//! Which part of the audit log is asked for: `limit`, and `after` with the `next` of the page before.

use axum::http::Uri;

use crate::ingress::admin::query::Query;
use crate::ingress::admin::refusal::malformed;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;

/// Orders of a page.
pub(super) const LIMIT: usize = 1000;

/// Whose orders are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Those of all nodes and those for the outbox, from the store.
    AllNodes,
    /// Those for circuits of this node, from its memory.
    ThisNode,
}

impl Source {
    /// The word for answers.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::AllNodes => "all_nodes",
            Self::ThisNode => "this_node",
        }
    }

    /// Numbers of one source mean nothing in the other.
    fn letter(self) -> char {
        match self {
            Self::AllNodes => 's',
            Self::ThisNode => 'n',
        }
    }
}

/// Behind the last order of a page, in the list of circuits and in that of the outbox: the next page has lower numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) source: Source,
    pub(super) records: i64,
    pub(super) outbox: i64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

impl Cursor {
    pub(super) fn write(self) -> String {
        format!("{}{}-{}", self.source.letter(), self.records, self.outbox)
    }

    fn read(text: &str) -> Option<Self> {
        let source =
            [Source::AllNodes, Source::ThisNode].into_iter().find(|source| text.starts_with(source.letter()))?;
        let (records, outbox) = text.get(1..)?.split_once('-')?;
        Some(Self { source, records: number(records)?, outbox: number(outbox)? })
    }
}

impl Wanted {
    /// From the query. A parameter that is not known is refused, as is a value that makes no sense.
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut query = Query::read(uri, &["limit", "after"])?;
        let limit = query.take("limit").map_or(Some(LIMIT), |text| limit(&text));
        let after = query.take("after").map(|text| Cursor::read(&text));
        let no_limit = limit.is_none().then(|| FieldError::new("limit", "must be a whole number from 1 to 1000"));
        let no_cursor =
            matches!(after, Some(None)).then(|| FieldError::new("after", "must be the `next` of another page"));
        let errors: Vec<_> = no_limit.into_iter().chain(no_cursor).collect();
        match limit {
            Some(limit) if errors.is_empty() => Ok(Self { after: after.flatten(), limit }),
            _ => Err(malformed(errors)),
        }
    }
}

fn limit(text: &str) -> Option<usize> {
    number(text).and_then(|limit| usize::try_from(limit).ok()).filter(|limit| (1..=LIMIT).contains(limit))
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Wanted, String> {
        let uri = format!("/audit{query}").parse().unwrap();
        Wanted::read(&uri).map_err(|problem| problem.detail.into_owned())
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for (source, text) in [(Source::AllNodes, "s12-0"), (Source::ThisNode, "n12-0")] {
            let cursor = Cursor { source, records: 12, outbox: 0 };
            assert_eq!(cursor.write(), text);
            assert_eq!(read(&format!("?limit=7&after={text}")), Ok(Wanted { after: Some(cursor), limit: 7 }));
        }
    }

    #[test]
    fn all_is_asked_for_without_a_query_and_what_is_wrong_is_refused() {
        for query in ["", "?", "?&"] {
            assert_eq!(read(query), Ok(Wanted { after: None, limit: 1000 }), "{query}");
        }
        for query in [
            "limit=0",
            "limit=1001",
            "limit=",
            "limit=-1",
            "after=",
            "after=x1-2",
            "after=s1",
            "after=s-1-2",
            "page=2",
            "limit=1&limit=1",
        ] {
            let name = query.split('=').next().unwrap();
            let refused = read(&format!("?{query}"));
            assert!(refused.as_ref().is_err_and(|detail| detail.contains(name)), "{query}: {refused:?}");
        }
    }
}

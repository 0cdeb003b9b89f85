//! One span, finished: what is sent to the collector.

use std::borrow::Cow;
use std::sync::Arc;

use super::id::{SpanId, TraceId};

/// What a span is between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Work of this process.
    Internal,
    /// A request of another program.
    Server,
    /// A request to another program.
    Client,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A name that is shared.
    Name(Arc<str>),
    /// A number.
    Number(i64),
}

/// A fact about a span, by its name.
pub type Attribute = (&'static str, Value);

/// A finished span.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) trace_id: TraceId,
    pub(super) id: SpanId,
    pub(super) parent: Option<SpanId>,
    /// Is the parent a span of another program?
    pub(super) has_remote_parent: bool,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Nanoseconds since the beginning of 1970.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) attributes: Vec<Attribute>,
    pub(super) is_error: bool,
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(name: Arc<str>) -> Self {
        Self::Name(name)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

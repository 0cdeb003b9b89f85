//! What is known of the request that is being answered.
//!
//! It is at hand wherever the task of a connection works on a request, as the span of its log lines is: an error can
//! name the request without every function on the way passing it along. Another task has no context.

use std::cell::{Cell, OnceCell, RefCell};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use super::logged::LoggedProblem;
use crate::runtime::ids;
use axum::extract::MatchedPath;
use axum::http::{HeaderMap, HeaderName};
use tokio::task_local;
use tokio::time::Instant;
use tracing::Span;
use uuid::Uuid;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_LEN: usize = 128;

task_local! {
    static CURRENT: RequestContext;
}

/// What a request had of which it may have many.
#[derive(Clone, Copy, Debug)]
pub struct Items {
    /// How many.
    pub all: usize,
    /// How many of them were refused, though the request was not.
    pub refused: usize,
}

/// One request, from its head to its answer.
#[derive(Debug)]
pub struct RequestContext {
    id: String,
    started: Instant,
    peer: SocketAddr,
    over_capacity: bool,
    route: OnceCell<MatchedPath>,
    refused_at: OnceCell<Arc<str>>,
    caller: OnceCell<Arc<str>>,
    is_page: Cell<bool>,
    resource: Cell<Option<Uuid>>,
    items: Cell<Option<Items>>,
    problem: RefCell<Option<LoggedProblem>>,
}

impl RequestContext {
    /// The request with these headers, which begins now. `over_capacity`: there are more connections than allowed, and
    /// it came on one of those beyond.
    pub fn new(headers: &HeaderMap, peer: SocketAddr, over_capacity: bool) -> Self {
        Self {
            id: request_id(headers),
            started: Instant::now(),
            peer,
            over_capacity,
            route: OnceCell::new(),
            refused_at: OnceCell::new(),
            caller: OnceCell::new(),
            is_page: Cell::new(false),
            resource: Cell::default(),
            items: Cell::default(),
            problem: RefCell::default(),
        }
    }

    /// Does the work on this request, with this as its context; gives the context back.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> (T, Option<Self>) {
        let mut work = pin!(CURRENT.scope(self, work));
        let output = work.as_mut().await;
        (output, work.take_value())
    }

    /// Reads the context of the current request; `None` outside of one.
    pub fn with<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(read).ok()
    }

    /// The id of the request: in its answer, in its log lines and in its problems.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When its head was read.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The other end of its connection.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Did it come on a connection beyond the limit?
    pub fn is_over_capacity(&self) -> bool {
        self.over_capacity
    }

    /// The pattern of the route that it matched, or would have matched if its head had not been refused.
    pub fn route(&self) -> Option<&str> {
        self.route.get().map(MatchedPath::as_str).or_else(|| self.refused_at.get().map(|pattern| &**pattern))
    }

    /// Records the route of a request that does not come to it.
    pub(super) fn set_refused_at(&self, pattern: Arc<str>) {
        let _ = self.refused_at.set(pattern);
    }

    /// Records the route. The first one holds.
    pub(super) fn set_route(&self, route: MatchedPath) {
        let _ = self.route.set(route);
    }

    /// The name of its caller, once that is known.
    pub fn caller(&self) -> Option<&str> {
        self.caller.get().map(|name| &**name)
    }

    /// Records the caller, for its log lines and its count. The first one holds.
    pub fn set_caller(&self, name: Arc<str>) {
        if self.caller.set(Arc::clone(&name)).is_ok() {
            Span::current().record("caller", &*name);
        }
    }

    /// The id of what it brings, asks for or changes, once that is known.
    pub fn resource(&self) -> Option<Uuid> {
        self.resource.get()
    }

    /// Records the id of what it is about, for its log line. The last one holds.
    pub fn set_resource(&self, id: Uuid) {
        self.resource.set(Some(id));
    }

    /// What it had many of.
    pub fn items(&self) -> Option<Items> {
        self.items.get()
    }

    /// Records that it has many of something, for its log line. The last word holds.
    pub fn set_items(&self, items: Items) {
        self.items.set(Some(items));
    }

    /// Records the problem that is its answer, for its log line. The last one holds, as it does for the client.
    pub(super) fn set_problem(&self, problem: LoggedProblem) {
        self.problem.replace(Some(problem));
    }

    /// The problem that is its answer, if one is.
    pub(super) fn take_problem(&self) -> Option<LoggedProblem> {
        self.problem.take()
    }

    /// Is its answer a page for a browser to show?
    pub fn is_page(&self) -> bool {
        self.is_page.get()
    }

    /// Marks its answer as a page, so that its headers allow what a page needs.
    pub fn set_page(&self) {
        self.is_page.set(true);
    }
}

/// The client's own id if it is short and plain, so that it can be found in our log; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_plain = |id: &&str| {
        (1..=MAX_REQUEST_ID_LEN).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/+=".contains(c))
    };
    given.filter(is_plain).map_or_else(|| ids::fresh().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn context(id: &[u8]) -> RequestContext {
        let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_bytes(id).unwrap())]);
        RequestContext::new(&headers, SocketAddr::from(([127, 0, 0, 1], 1)), false)
    }

    #[test]
    fn only_a_short_and_plain_request_id_is_kept() {
        assert_eq!(context(b"req-1_a.b:c/d+e=").id(), "req-1_a.b:c/d+e=");
        for odd in [&b""[..], b"a b", b"a\tb", "ü".as_bytes(), b"<script>", "x".repeat(129).as_bytes()] {
            assert!(uuid::Uuid::parse_str(context(odd).id()).is_ok(), "{odd:?}");
        }
    }

    #[tokio::test]
    async fn a_request_sees_its_own_context_and_gives_back_what_it_recorded() {
        let work = |caller: &'static str| async move {
            RequestContext::with(|context| context.set_caller(caller.into()));
            tokio::task::yield_now().await;
            RequestContext::with(|context| context.id().to_owned())
        };
        let (first, second) = tokio::join!(context(b"1").scope(work("a")), context(b"2").scope(work("b")));
        for ((id, context), expected) in [(first, ("1", "a")), (second, ("2", "b"))] {
            let context = context.unwrap();
            assert_eq!((id.as_deref(), context.caller()), (Some(expected.0), Some(expected.1)));
        }
        assert_eq!(RequestContext::with(|_| ()), None, "no request is under way");
    }
}

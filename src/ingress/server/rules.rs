//! What a way in decides for its listener.

use axum::response::Response;

use super::context::RequestContext;
use super::logged::Known;
use super::refusal::Refusal;

/// The rules of one listener.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Bytes of a request body, at most; a longer one is refused by what it announces.
    pub max_body: usize,
    /// A path whose bodies may be longer, and how long.
    pub larger_body: Option<(&'static str, usize)>,
    /// Paths that monitors ask every few seconds: logged at debug level, and served over capacity.
    pub monitored: &'static [&'static str],
    /// Are all other requests refused over capacity?
    pub sheds_over_capacity: bool,
    /// Names of fields that the log may tell; any other may be a secret or an address.
    pub fields: Known,
    /// Writes a refusal as the clients of this listener know problems.
    pub write: fn(Refusal) -> Response,
    /// Paths whose clients know them in another form.
    pub other_form: Option<OtherForm>,
}

/// How refusals are written on some paths.
#[derive(Clone, Copy)]
pub struct OtherForm {
    /// The patterns of these paths.
    pub paths: &'static [&'static str],
    /// Writes a refusal there.
    pub write: fn(Refusal) -> Response,
}

impl Rules {
    /// The answer to a request that is refused, in the form of its path.
    pub(super) fn refused(&self, refusal: Refusal) -> Response {
        let is_there = |form: &OtherForm| {
            let is_at = |context: &RequestContext| context.route().is_some_and(|route| form.paths.contains(&route));
            RequestContext::with(is_at).unwrap_or_default()
        };
        self.other_form.filter(is_there).map_or(self.write, |form| form.write)(refusal)
    }

    /// Bytes of the body of a request to this path, at most.
    pub(super) fn max_body_at(&self, path: &str) -> usize {
        self.larger_body.filter(|(larger, _)| *larger == path).map_or(self.max_body, |(_, max_body)| max_body)
    }
}

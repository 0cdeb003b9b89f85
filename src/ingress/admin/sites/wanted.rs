//! Which sites are asked for: `state`, `limit`, and `after` with the `next` of the page before.

use axum::http::Uri;

use crate::delivery::mx::sites::{State, View};
use crate::ingress::admin::query::Query;
use crate::ingress::admin::refusal::malformed;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;

/// Sites of a page.
const LIMIT: usize = 1000;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    state: Option<State>,
    after: Option<String>,
    pub(super) limit: usize,
}

impl Wanted {
    /// From the query. A parameter that is not known is refused, as is a value that makes no sense.
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut query = Query::read(uri, &["state", "limit", "after"])?;
        let state = query.take("state").map(|text| State::ALL.into_iter().find(|state| state.as_str() == text));
        let limit = query.take("limit").map_or(Some(LIMIT), |text| limit(&text));
        let no_state = matches!(state, Some(None))
            .then(|| FieldError::new("state", "must be one of: open, shut, probing, paused"));
        let no_limit = limit.is_none().then(|| FieldError::new("limit", "must be a whole number from 1 to 1000"));
        let errors: Vec<_> = no_state.into_iter().chain(no_limit).collect();
        match limit {
            Some(limit) if errors.is_empty() => Ok(Self { state: state.flatten(), after: query.take("after"), limit }),
            _ => Err(malformed(errors)),
        }
    }

    /// Is this site meant? Keys rise from page to page.
    pub(super) fn fits(&self, site: &View) -> bool {
        let is_behind = self.after.as_deref().is_none_or(|after| site.key.as_str() > after);
        is_behind && self.state.is_none_or(|state| site.state == state)
    }
}

fn limit(text: &str) -> Option<usize> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|limit| is_number && (1..=LIMIT).contains(limit))
}

//! Which mail is meant, as members of a query or of an order.

use axum::http::Uri;

use super::cursor::{Purpose, read_place, read_walk};
use crate::ingress::admin::query::Query;
use crate::ingress::admin::refusal::malformed;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;
use crate::model::caller::{CallerName, is_name_of_caller};
use crate::model::message::Address;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Place, Selection, Sort, State, Walked};

/// Mails of one page.
const LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;
/// Bytes of the name of an upstream.
const MAX_NAME: usize = 64;

/// The members as they came.
#[derive(Default)]
pub(super) struct Members {
    pub(super) status: Option<String>,
    pub(super) caller: Option<String>,
    pub(super) from_domain: Option<String>,
    pub(super) upstream: Option<String>,
    pub(super) accepted_from: Option<String>,
    pub(super) accepted_before: Option<String>,
    pub(super) possible_duplicate: Option<bool>,
}

/// What a list is asked for.
pub(super) struct ListQuery {
    pub(super) selection: Selection,
    pub(super) sort: Sort,
    pub(super) after: Option<Place>,
    pub(super) limit: usize,
}

/// What is counted.
pub(super) struct CountQuery {
    pub(super) selection: Selection,
    pub(super) after: Option<Walked>,
}

impl Members {
    /// The selection, or what is wrong with it.
    pub(super) fn read(self) -> Result<Selection, FieldError> {
        let status = |word: String| {
            let state = State::ALL.into_iter().find(|state| state.as_str() == word);
            state.ok_or_else(|| FieldError::new("status", statuses(&State::ALL)))
        };
        let upstream = |name: String| {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let is_sound = name.len() <= MAX_NAME && name.bytes().all(is_of_name);
            if is_sound { Ok(name) } else { Err(FieldError::new("upstream", "must be the name of an upstream")) }
        };
        Ok(Selection {
            state: self.status.map(status).transpose()?,
            caller: self.caller.map(caller).transpose()?,
            from_domain: self.from_domain.map(domain).transpose()?,
            upstream: self.upstream.map(upstream).transpose()?,
            accepted_from: time("accepted_from", self.accepted_from)?,
            accepted_before: time("accepted_before", self.accepted_before)?,
            possible_duplicate: self.possible_duplicate,
        })
    }
}

/// The names of the members.
const NAMES: [&str; 7] =
    ["status", "caller", "from_domain", "upstream", "accepted_from", "accepted_before", "possible_duplicate"];

fn selection(query: &mut Query) -> Result<Selection, FieldError> {
    let possible_duplicate = query.take("possible_duplicate").map(|word| switch(&word)).transpose()?;
    let [status, caller, from_domain, upstream, accepted_from, accepted_before] =
        ["status", "caller", "from_domain", "upstream", "accepted_from", "accepted_before"]
            .map(|name| query.take(name));
    Members { status, caller, from_domain, upstream, accepted_from, accepted_before, possible_duplicate }.read()
}

impl ListQuery {
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut query = Query::read(uri, &[&NAMES[..], &["order", "after", "limit"]].concat())?;
        let no_place = || FieldError::new("after", "must be the `next` of another page");
        let mut read = || {
            let sort = query.take("order").map_or(Ok(Sort::default()), |word| sort(&word))?;
            let after = query.take("after").map(|text| read_place(&text).ok_or_else(no_place)).transpose()?;
            let limit = query.take("limit").map_or(Ok(LIMIT), |text| limit(&text))?;
            Ok(Self { selection: selection(&mut query)?, sort, after, limit })
        };
        read().map_err(|error| malformed(vec![error]))
    }
}

impl CountQuery {
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut query = Query::read(uri, &[&NAMES[..], &["after"]].concat())?;
        let no_walk = || FieldError::new("after", "must be the `next` of the count before, with the same filter");
        let mut read = || {
            let after = query.take("after");
            let selection = selection(&mut query)?;
            if selection.state.is_none_or(|state| !RESTING.contains(&state)) {
                return Err(FieldError::new("status", statuses(&RESTING)));
            }
            let purpose = Purpose::count(&selection);
            let after = after.map(|text| read_walk(&text, purpose).ok_or_else(no_walk)).transpose()?;
            Ok(Self { selection, after: after.map(|carried_out| carried_out.walked) })
        };
        read().map_err(|error| malformed(vec![error]))
    }
}

/// States that mail stays in, so that there is a number of it to be told.
const RESTING: [State; 7] =
    [State::Queued, State::Unknown, State::Parked, State::Accepted, State::Refused, State::Expired, State::Cancelled];

pub(super) fn statuses(states: &[State]) -> String {
    format!("must be one of {}", states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", "))
}

/// The name of a caller.
pub(super) fn caller(name: String) -> Result<CallerName, FieldError> {
    let no_name = || FieldError::new("caller", "must be the name of a caller");
    if is_name_of_caller(&name) { Ok(name.as_str().into()) } else { Err(no_name()) }
}

/// A domain in lower case.
pub(super) fn domain(domain: String) -> Result<String, FieldError> {
    let is_domain = format!("a@{domain}").parse::<Address>().is_ok();
    let no_domain = || FieldError::new("from_domain", "must be a domain, for example example.org");
    if is_domain { Ok(domain.to_ascii_lowercase()) } else { Err(no_domain()) }
}

/// The point in time that a member of this name says, if it is there.
pub(super) fn time(name: &str, text: Option<String>) -> Result<Option<UnixTime>, FieldError> {
    let no_time = || FieldError::new(name, "must be a time as 2026-11-21T22:05:09Z");
    text.map(|text| UnixTime::parse(&text).ok_or_else(no_time)).transpose()
}

fn switch(word: &str) -> Result<bool, FieldError> {
    match word {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(FieldError::new("possible_duplicate", "must be true or false")),
    }
}

fn sort(word: &str) -> Result<Sort, FieldError> {
    match word {
        "newest" => Ok(Sort::Newest),
        "oldest" => Ok(Sort::Oldest),
        _ => Err(FieldError::new("order", "must be newest or oldest")),
    }
}

fn limit(text: &str) -> Result<usize, FieldError> {
    let number = text.parse().ok().filter(|number| (1..=MAX_LIMIT).contains(number));
    number.ok_or_else(|| FieldError::new("limit", "must be a whole number from 1 to 100"))
}

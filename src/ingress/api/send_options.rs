//! The headers of a call that say how its mail is sent: `X-SMSP-Failover` and `Idempotency-Key`.
//!
//! Both are read strictly: an option that is misunderstood sends a mail twice.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use utoipa::ToSchema;

use super::problem::{Kind, Problem};
use super::state::ApiState;
use crate::access::callers::Caller;
use crate::ingress::server::field_error::FieldError;
use crate::model::message::key::IdempotencyKey;
use crate::model::submission::{Failover, SendOptions};

pub(super) const X_SMSP_FAILOVER: &str = "X-SMSP-Failover";
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// May another provider be asked after a failed attempt?
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the header is read as bytes")]
pub(super) enum FailoverHeader {
    Never,
    Safe,
}

/// The send options of a call, before its caller is known.
pub(super) struct SendOptionHeaders {
    failover: Option<Failover>,
    key: Option<String>,
}

impl SendOptionHeaders {
    /// The send options for this caller, whose keys are its own.
    pub(super) fn for_caller(self, caller: &Caller) -> SendOptions {
        let key = self.key.map(|text| IdempotencyKey::new(&caller.name, &text));
        SendOptions { failover: self.failover, key }
    }
}

impl SendOptionHeaders {
    /// The send options for a message of the outbox, whose keys are others than those of `POST /email`: so is its id, or a
    /// provider that takes a mail once would take it for a repeat.
    pub(super) fn for_outbox(&self, caller: &Caller) -> SendOptions {
        self.within(caller, "outbox")
    }

    /// The send options for the message at this place of a batch.
    pub(super) fn for_item(&self, caller: &Caller, place: usize) -> SendOptions {
        self.within(caller, &place.to_string())
    }

    /// With a key that holds there alone: the text of a key has no space, so no key is that of another scope.
    fn within(&self, caller: &Caller, scope: &str) -> SendOptions {
        let key = self.key.as_ref().map(|text| IdempotencyKey::new(&caller.name, &format!("{text} {scope}")));
        SendOptions { failover: self.failover, key }
    }
}

impl FromRequestParts<ApiState> for SendOptionHeaders {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let failover = only_value(&parts.headers, X_SMSP_FAILOVER)?.map(failover).transpose()?;
        let key = only_value(&parts.headers, IDEMPOTENCY_KEY)?.map(key).transpose()?;
        Ok(Self { failover, key })
    }
}

/// The text of a header that may be given once.
pub(super) fn only_value<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a [u8]>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(|value| value.as_bytes())),
        _ => Err(fault(name, "is given twice: keep one of them")),
    }
}

fn failover(text: &[u8]) -> Result<Failover, Problem> {
    match text {
        b"never" => Ok(Failover::Never),
        b"safe" => Ok(Failover::Safe),
        _ => Err(fault(X_SMSP_FAILOVER, "must be never or safe: it can lower what this service does, not raise it")),
    }
}

fn key(text: &[u8]) -> Result<String, Problem> {
    match str::from_utf8(text) {
        Ok(key) if IdempotencyKey::allows(text) => Ok(key.to_owned()),
        _ => Err(fault(IDEMPOTENCY_KEY, "must be 1 to 256 visible ASCII characters")),
    }
}

/// This header is wrong.
pub(super) fn fault(header: &str, reason: &str) -> Problem {
    let error = FieldError { field: header.to_owned(), reason: reason.to_owned() };
    Problem::of_fields(Kind::Malformed, vec![error])
}

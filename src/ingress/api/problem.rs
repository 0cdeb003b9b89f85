//! The problems of the API: those of RFC 9457 with members for mail, above all whether the mail was sent.
//!
//! Never in a problem: a provider's text, a stack, a key, an address.

mod body;
mod kind;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};

use super::attempt::{AttemptBody, LookupBody};
use super::field_error::FieldError;
use super::replayed::IDEMPOTENCY_REPLAYED;
use crate::ingress::server::problem;
use crate::model::message::Id;
pub(super) use body::ProblemBody;
pub(super) use kind::Kind;

/// A failed call, before it is written.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    mail: Option<Box<OfMail>>,
    errors: Option<Vec<FieldError>>,
    retryable: bool,
    retry_after: Option<Duration>,
    replayed: bool,
}

/// What is told of the mail of a failed call.
#[derive(Clone, Debug)]
pub(super) struct OfMail {
    pub(super) id: Id,
    pub(super) attempts: Vec<AttemptBody>,
    /// The rule that chose the upstreams.
    pub(super) rule: Option<Arc<str>>,
    pub(super) lookup: Option<LookupBody>,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            mail: None,
            errors: None,
            retryable: kind.retryable(),
            retry_after: None,
            replayed: false,
        }
    }

    /// One or more fields are wrong; the detail is the first of them in words.
    pub(super) fn of_fields(kind: Kind, errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map(|error| format!("{}: {}", error.field, error.reason)).unwrap_or_default();
        Self { errors: Some(errors), ..Self::new(kind, detail) }
    }

    pub(super) fn of_mail(self, mail: OfMail) -> Self {
        Self { mail: Some(Box::new(mail)), ..self }
    }

    pub(super) fn errors(self, errors: Option<Vec<FieldError>>) -> Self {
        Self { errors, ..self }
    }

    /// May the very same call succeed later, where its kind does not say so?
    pub(super) fn retryable(self, retryable: bool) -> Self {
        Self { retryable, ..self }
    }

    pub(super) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// Leaves out what is told of a mail, for a listener whose problems have no members for that. The detail tells every
    /// fault.
    pub(super) fn without_mail(self) -> problem::Problem {
        let (status, title) = self.kind.describe();
        let faults = self.errors.iter().flatten().map(|error| format!("{}: {}", error.field, error.reason));
        let faults = faults.collect::<Vec<_>>().join("; ");
        let detail = if faults.is_empty() { self.detail } else { faults.into() };
        problem::Problem {
            retry_after: self.retry_after,
            ..problem::Problem::new(status, self.kind.name(), title, detail)
        }
    }

    /// The answer to an earlier call under the same key, if it is one.
    pub(super) fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { kind, detail, mail, errors, retryable, retry_after, replayed } = self;
        let (status, title) = kind.describe();
        let mail = mail.map(|mail| *mail);
        let ((id, attempts), (rule, lookup)) = mail
            .map(|OfMail { id, attempts, rule, lookup }| ((Some(id.to_string()), Some(attempts)), (rule, lookup)))
            .unwrap_or_default();
        let mut response = problem::write(status, retry_after, |request_id| {
            problem::to_json(&ProblemBody {
                r#type: kind,
                title,
                status: status.as_u16(),
                message: detail.clone().into_owned(),
                detail: detail.into_owned(),
                id,
                delivery: kind.delivery(),
                retryable,
                request_id: request_id.to_owned(),
                lookup,
                rule: rule.as_deref().map(str::to_owned),
                attempts,
                errors,
            })
        });
        if replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

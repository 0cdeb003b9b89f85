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
use super::delivery::Delivery;
use super::mail_attributes::set_mail;
use super::replayed::IDEMPOTENCY_REPLAYED;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::logged::LoggedProblem;
use crate::ingress::server::problem;
use crate::model::message::Id;
use crate::state::outbox::{State, Ticket};
use body::ItemBody;
pub(super) use body::ProblemBody;
pub(super) use kind::Kind;

/// Faults that one answer tells.
const MAX_ERRORS: usize = 50;

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
    /// The mail, where nothing else is told of it.
    id: Option<Id>,
    /// Where a mail of the outbox is.
    outbox_status: Option<State>,
    /// What is known of the mail, where its kind does not say so.
    delivery: Option<Delivery>,
    /// The mails of a batch, each with its place.
    mails: Vec<(usize, Id)>,
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
            id: None,
            outbox_status: None,
            delivery: None,
            mails: Vec::new(),
        }
    }

    /// One or more fields are wrong; the detail is the first of them in words.
    pub(super) fn of_fields(kind: Kind, errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map(FieldError::to_string).unwrap_or_default();
        Self { errors: Some(errors), ..Self::new(kind, detail) }
    }

    pub(super) fn of_mail(self, mail: OfMail) -> Self {
        Self { mail: Some(Box::new(mail)), ..self }
    }

    pub(super) fn id(self, id: Id) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Where the mail is, and what is known of it.
    pub(super) fn outbox(self, ticket: &Ticket) -> Self {
        Self { outbox_status: Some(ticket.state), ..self }.delivery(ticket.into())
    }

    /// What is known of the mail, where its kind does not say so.
    pub(super) fn delivery(self, delivery: Delivery) -> Self {
        Self { delivery: Some(delivery), ..self }
    }

    /// Which mails of a batch it is about.
    pub(super) fn mails(self, mails: Vec<(usize, Id)>) -> Self {
        Self { mails, ..self }
    }

    /// As a problem of the message at this place of a batch.
    pub(super) fn in_item(self, place: usize) -> Self {
        let item = format!("messages[{place}]");
        let errors = match self.errors {
            Some(errors) => errors
                .into_iter()
                .map(|error| FieldError { field: format!("{item}.{}", error.field), ..error })
                .collect(),
            None => vec![FieldError { field: item, reason: self.detail.into_owned() }],
        };
        let (retryable, retry_after, delivery) = (self.retryable, self.retry_after, self.delivery);
        Self { retryable, retry_after, delivery, ..Self::of_fields(self.kind, errors) }
    }

    /// The first of these problems, with every fault that others of its kind have found.
    pub(super) fn of_all(problems: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut problems = problems.into_iter();
        let mut first = problems.next()?;
        let others = problems.filter(|other| other.kind == first.kind).filter_map(|other| other.errors).flatten();
        if let Some(errors) = &mut first.errors {
            errors.extend(others.take(MAX_ERRORS.saturating_sub(errors.len())));
        }
        Some(first)
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
        let faults = self.errors.iter().flatten().map(FieldError::to_string).collect::<Vec<_>>().join("; ");
        let detail = if faults.is_empty() { self.detail } else { faults.into() };
        problem::Problem {
            retry_after: self.retry_after,
            errors: self.errors,
            ..problem::Problem::new(status, self.kind.name(), title, detail)
        }
    }

    /// The answer to an earlier call under the same key, if it is one.
    pub(super) fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }
}

impl Problem {
    /// What the log says of these problems, by their kinds: how many there are of each, and the faults that they have found.
    pub(super) fn logged<'a>(problems: impl Iterator<Item = &'a Self>) -> Vec<(usize, LoggedProblem)> {
        let mut kinds: Vec<(Kind, Vec<&Self>)> = Vec::new();
        for problem in problems {
            match kinds.iter_mut().find(|(kind, _)| *kind == problem.kind) {
                Some((_, of_kind)) => of_kind.push(problem),
                None => kinds.push((problem.kind, vec![problem])),
            }
        }
        let logged = |(kind, problems): (Kind, Vec<&Self>)| {
            let errors = problems.iter().filter_map(|problem| problem.errors.as_ref()).flatten().take(MAX_ERRORS);
            let errors: Vec<_> = errors.cloned().collect();
            (problems.len(), LoggedProblem::new(kind.name().into(), Some(&errors)))
        };
        kinds.into_iter().map(logged).collect()
    }

    /// What is written of it as the problem of one message of a batch, which has no headers of its own.
    pub(super) fn item_body(self, request_id: String) -> ProblemBody {
        let retry_after_s = self.retry_after.map(problem::whole_seconds);
        ProblemBody { retry_after_s, ..self.body(request_id) }
    }

    /// What is written of it in the answer to this request.
    fn body(self, request_id: String) -> ProblemBody {
        let Self { kind, detail, mail, errors, retryable, id, outbox_status, delivery, mails, .. } = self;
        let (status, title) = kind.describe();
        let mail = mail.map(|mail| *mail);
        let ((of_mail, attempts), (rule, lookup)) = mail
            .map(|OfMail { id, attempts, rule, lookup }| ((Some(id), Some(attempts)), (rule, lookup)))
            .unwrap_or_default();
        ProblemBody {
            r#type: kind,
            title,
            status: status.as_u16(),
            message: detail.clone().into_owned(),
            detail: detail.into_owned(),
            id: of_mail.or(id).map(|id| id.to_string()),
            delivery: delivery.unwrap_or_else(|| kind.delivery()),
            outbox_status: outbox_status.map(Into::into),
            mails: (!mails.is_empty()).then(|| mails.into_iter().map(ItemBody::from).collect()),
            retryable,
            retry_after_s: None,
            request_id,
            lookup,
            rule: rule.as_deref().map(str::to_owned),
            attempts,
            errors,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, _) = self.kind.describe();
        let (retry_after, replayed) = (self.retry_after, self.replayed);
        let id = self.mail.as_ref().map(|mail| mail.id).or(self.id);
        set_mail(id, self.delivery.unwrap_or_else(|| self.kind.delivery()));
        let logged = LoggedProblem::new(self.kind.name().into(), self.errors.as_deref());
        let mut response = problem::write(status, retry_after, logged, |request_id| {
            problem::to_json(&self.body(request_id.to_owned()))
        });
        if replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

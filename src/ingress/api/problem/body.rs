//! A problem as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::kind::Kind;
use crate::ingress::api::attempt::{AttemptBody, LookupBody};
use crate::ingress::api::delivery::{Delivery, OutboxStatus};
use crate::ingress::server::field_error::FieldError;
use crate::model::message::Id;

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(in crate::ingress::api) struct ProblemBody {
    pub(super) r#type: Kind,
    /// The kind of problem, in words.
    pub(super) title: &'static str,
    /// The HTTP status.
    pub(super) status: u16,
    /// What is wrong with this call, and what to do.
    pub(super) detail: String,
    /// A copy of `detail`, under its legacy name.
    pub(super) message: String,
    /// The id of the mail, if the message was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) id: Option<String>,
    pub(in crate::ingress::api) delivery: Delivery,
    /// Where the mail of the outbox is, if the call is refused because of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) outbox_status: Option<OutboxStatus>,
    /// The mails of a batch that this service may have; each can be asked for with `GET /outbox/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) mails: Option<Vec<ItemBody>>,
    /// May the very same call succeed later, without the danger of a second mail?
    pub(super) retryable: bool,
    /// In a batch: seconds to wait before this message is sent again, as `Retry-After` tells them where a call has one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) retry_after_s: Option<u64>,
    /// The id of the request, also in `X-Request-Id` and in the log of the node.
    pub(super) request_id: String,
    /// How to look the mail up at the provider that may have it, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) lookup: Option<LookupBody>,
    /// The rule of `SMSP_ROUTES` that chose the upstreams: its name, else `rule_<n>`; absent if none holds for the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) rule: Option<String>,
    /// Every attempt that was made, and every provider that was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) attempts: Option<Vec<AttemptBody>>,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) errors: Option<Vec<FieldError>>,
}

/// A mail of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchMail)]
pub(in crate::ingress::api) struct ItemBody {
    /// Its place in `messages`, from 0.
    index: usize,
    /// The id of the mail.
    id: String,
}

impl From<(usize, Id)> for ItemBody {
    fn from((index, id): (usize, Id)) -> Self {
        Self { index, id: id.to_string() }
    }
}

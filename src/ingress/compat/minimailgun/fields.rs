//! The members of a call's body, before they are read: whose call it is comes first.
//!
//! Others are left out, as Mini-MailGun did.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ingress::server::field_error::FieldError;

/// A member as it stands in the body; absent or null: `None`.
pub(super) type Member = Option<Box<RawValue>>;

/// Names of members, which the log may tell.
pub const NAMES: [&str; 6] = [CLIENT_ID, SENDER, RECIPIENTS, SUBJECT, BODY, SUBMISSION_ID];
pub(super) const CLIENT_ID: &str = "client_id";
pub(super) const SENDER: &str = "sender";
pub(super) const RECIPIENTS: &str = "recipients";
pub(super) const SUBJECT: &str = "subject";
pub(super) const BODY: &str = "body";
pub(super) const SUBMISSION_ID: &str = "submission_id";

/// A mail to send, as Mini-MailGun takes it.
#[derive(Deserialize, ToSchema)]
#[schema(as = MiniMailGunMail)]
pub(super) struct SendFields {
    /// The API key of this client.
    #[schema(value_type = String, required = true)]
    pub(super) client_id: Member,
    /// Who sends it.
    #[schema(value_type = String, required = true, example = "me@example.com")]
    pub(super) sender: Member,
    /// Whom it goes to; all of them see each other.
    #[schema(value_type = Vec<String>, required = true, min_items = 1, example = json!(["alice@another.com", "bob@third.com"]))]
    pub(super) recipients: Member,
    /// Its subject.
    #[schema(value_type = String, required = true, example = "important message")]
    pub(super) subject: Member,
    /// Its text.
    #[schema(value_type = String, required = true, example = "hello!")]
    pub(super) body: Member,
}

/// A question about a mail, as Mini-MailGun takes it.
#[derive(Deserialize, ToSchema)]
#[schema(as = MiniMailGunQuestion)]
pub(super) struct StatusFields {
    /// The API key of this client.
    #[schema(value_type = String, required = true)]
    pub(super) client_id: Member,
    /// The mail, as `POST /send` has answered.
    #[schema(value_type = String, required = true, example = "01936f2f3c7a7b2d9f00a1b2c3d4e5f6")]
    pub(super) submission_id: Member,
}

/// Members that tell whose call it is.
pub(super) trait OfClient: Send + Sync {
    /// The client's own secret.
    fn client_id(&self) -> &Member;
}

impl OfClient for SendFields {
    fn client_id(&self) -> &Member {
        &self.client_id
    }
}

impl OfClient for StatusFields {
    fn client_id(&self) -> &Member {
        &self.client_id
    }
}

/// Is the member missing?
pub(super) fn required<'a>(name: &str, member: &'a Member) -> Result<&'a RawValue, FieldError> {
    member.as_deref().ok_or_else(|| FieldError::new(name, "is missing"))
}

/// A text.
pub(super) fn text(name: &str, member: &Member) -> Result<String, FieldError> {
    serde_json::from_str(required(name, member)?.get()).map_err(|_| FieldError::new(name, "is no string"))
}

/// Texts, no more of them than this and one.
pub(super) fn texts(name: &str, member: &Member, most: usize) -> Result<Vec<String>, FieldError> {
    let mut json = serde_json::Deserializer::from_str(required(name, member)?.get());
    let texts = json.deserialize_seq(AtMost(most + 1));
    texts.map_err(|_| FieldError::new(name, "is no list of strings"))
}

/// Keeps so many items of a list, so that a long one takes no memory.
struct AtMost(usize);

impl<'de> Visitor<'de> for AtMost {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < self.0 {
            let Some(item) = items.next_element()? else { return Ok(kept) };
            kept.push(item);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(kept)
    }
}

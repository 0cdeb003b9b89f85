//! A site in an answer, and an order for one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::delivery::mx::sites::{Answer, View};
use crate::ingress::admin::order::not_null;
use crate::ingress::admin::refusal::BODY;
use crate::ingress::admin::words;
use crate::ingress::server::field_error::FieldError;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::SiteOrder;

/// How to write an order.
pub(super) const HOW: &str = r#"send {"paused": true}, {"paused": false} or {"retry": true}, as application/json"#;

/// The sites that this node delivers to.
#[derive(Serialize, ToSchema)]
#[schema(as = Sites)]
pub(super) struct SitesBody {
    /// The sites, by their keys, at most `limit`.
    sites: Vec<SiteBody>,
    /// Give it as `after` for the next page; `null`: there is none.
    #[schema(required = true)]
    next: Option<String>,
}

/// A set of servers that receive mail for some domains.
#[derive(Serialize, ToSchema)]
#[schema(as = Site)]
pub(super) struct SiteBody {
    /// The names of its servers, sorted, with commas between; of very many, the first and a digest.
    #[schema(examples("mx1.example.org,mx2.example.org"))]
    key: String,
    #[schema(schema_with = words::site_state)]
    state: &'static str,
    /// Until its servers are tried again; absent where it is not shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shut_for_ms: Option<u64>,
    /// Mails that it may have at once.
    window: u16,
    /// Mails that are on their way.
    in_flight: u16,
    /// How long ago the oldest mail was accepted that waits for it: in the store, of the domains that had to wait at this node;
    /// else of the mail that has come by since the last one went. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    oldest_ms: Option<u64>,
    #[schema(schema_with = words::site_answer, required = true)]
    last_answer: Option<&'static str>,
}

/// What an operator may order: either `paused` or `retry`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = SiteOrder)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteOrderBody {
    /// `true`: its mail waits, until `false`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    paused: Option<bool>,
    /// `true`: a site that is shut gets its next mail at once.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    retry: Option<bool>,
}

impl SitesBody {
    pub(super) fn new(sites: &[View], has_more: bool, now: UnixTime) -> Self {
        let next = sites.last().filter(|_| has_more).map(|last| last.key.as_str().to_owned());
        Self { sites: sites.iter().map(|site| SiteBody::new(site, now)).collect(), next }
    }
}

impl SiteBody {
    pub(super) fn new(site: &View, now: UnixTime) -> Self {
        Self {
            key: site.key.as_str().to_owned(),
            state: site.state.as_str(),
            shut_for_ms: site.shut_for.map(millis),
            window: site.window,
            in_flight: site.in_flight,
            oldest_ms: site.oldest.map(|oldest| millis(now.since(oldest))),
            last_answer: site.last_answer.map(Answer::as_str),
        }
    }
}

impl SiteOrderBody {
    /// The order, or what is wrong with it.
    pub(super) fn read(self) -> Result<SiteOrder, FieldError> {
        match self {
            Self { paused: Some(true), retry: None } => Ok(SiteOrder::Pause),
            Self { paused: Some(false), retry: None } => Ok(SiteOrder::GoOn),
            Self { paused: None, retry: Some(true) } => Ok(SiteOrder::Retry),
            _ => Err(FieldError::new(BODY, "must have paused, or \"retry\": true alone")),
        }
    }
}

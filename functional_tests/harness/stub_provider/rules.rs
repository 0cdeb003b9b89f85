//! What the providers' documents say of a mail, so that a stub takes only what the provider would take.
//!
//! Each provider has a file that names its document; the path of a request tells whose rules it is held to. A mail that
//! breaks one gets the provider's own refusal, with the status and the code that the document gives. A kind without a file
//! here is held to the form that its `document.json` describes. Where a provider
//! takes a thing and loses it in silence, the stub refuses it: a loss must be seen.

mod brevo;
pub(crate) mod described;
mod form;
mod mailboxes;
mod mailgun;
mod mailjet;
mod mandrill;
mod postmark;
mod resend;
mod sendgrid;
mod ses;
mod shape;
mod sparkpost;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Reply, Request};

/// What a mail breaks, and what its provider says to that.
pub(crate) struct Broken {
    /// In the document's words; a code of the provider's may stand before them in brackets.
    pub(crate) rule: String,
    pub(crate) refusal: Reply,
}

/// Nothing, or the rule that is broken.
type Verdict = Result<(), String>;

/// The rules of one provider.
struct Rules {
    check: fn(&Request) -> Verdict,
    refusal: fn(&str) -> Reply,
}

/// Whose path ends like this; the longer ending comes first.
const PROVIDERS: [(&str, Rules); 8] = [
    ("/v3/mail/send", Rules { check: sendgrid::check, refusal: sendgrid::refusal }),
    ("/v3.1/send", Rules { check: mailjet::check, refusal: mailjet::refusal }),
    ("/v3/smtp/email", Rules { check: brevo::check, refusal: brevo::refusal }),
    ("/email/outbound-emails", Rules { check: ses::check, refusal: ses::refusal }),
    ("/messages/send.json", Rules { check: mandrill::check, refusal: mandrill::refusal }),
    ("/transmissions", Rules { check: sparkpost::check, refusal: sparkpost::refusal }),
    ("/emails", Rules { check: resend::check, refusal: resend::refusal }),
    ("/email", Rules { check: postmark::check, refusal: postmark::refusal }),
];
const MAILGUN: Rules = Rules { check: mailgun::check, refusal: mailgun::refusal };

fn of(target: &str) -> Option<&'static Rules> {
    let path = target.split_once(' ').map_or(target, |(_, path)| path);
    if path.contains("/v3/") && path.ends_with("/messages") {
        return Some(&MAILGUN);
    }
    PROVIDERS.iter().find(|(end, _)| path.ends_with(end)).map(|(_, rules)| rules)
}

/// Does anybody's rule say what may come here?
pub(crate) fn are_known(target: &str) -> bool {
    of(target).is_some() || described::of(target).is_some()
}

/// The first rule that this request breaks.
pub(crate) fn broken(request: &Request) -> Option<Broken> {
    let Some(rules) = of(&request.target) else { return described::broken(request) };
    let rule = (rules.check)(request).err()?;
    let refusal = (rules.refusal)(&rule);
    Some(Broken { rule, refusal })
}

fn demand(holds: bool, rule: &str) -> Verdict {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

/// The code in brackets before a rule, and the rule.
fn coded<'a>(rule: &'a str, usual: &'a str) -> (&'a str, &'a str) {
    rule.strip_prefix('[').and_then(|rest| rest.split_once("] ")).unwrap_or((usual, rule))
}

fn json(request: &Request) -> Result<Value, String> {
    serde_json::from_slice(request.body()).map_err(|e| format!("the body is not JSON: {e}"))
}

fn is_unique(items: impl IntoIterator<Item = String>) -> bool {
    let mut seen = BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

/// The texts in this place of each of a list.
fn each<'a>(list: &'a Value, place: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().into_iter().flatten().filter_map(move |item| item.pointer(place)?.as_str())
}

/// The texts of an object, by name.
fn pairs(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = object.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// Does the name of a file end like one of these?
fn ends_in(name: &str, endings: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| endings.split_ascii_whitespace().any(|known| known == ending))
}

//! What the providers' documents say of a mail, so that a stub takes only what the provider would take.
//!
//! Each provider has a file that names its document; the path of a request tells whose rules it is held to. A mail that
//! breaks one gets the provider's own refusal, with the status and the code that the document gives. A kind without a file
//! here is held to the form that its `document.json` describes. Where a provider
//! takes a thing and loses it in silence, the stub refuses it: a loss must be seen.

mod brevo;
mod checks;
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

use super::{Reply, Request};
use checks::Verdict;

pub(crate) use checks::Broken;

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

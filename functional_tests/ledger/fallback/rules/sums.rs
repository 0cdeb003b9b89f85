//! F13: the metrics of each node since its last start, and the counts of the outbox, against what callers were told.

use super::super::call::{Life, Told};
use super::super::history::{History, Run};

/// Mails that were put into the outbox because no provider took them.
const FALLBACKS: (&str, &[(&str, &str)]) = ("smsp_outbox_fallbacks_total", &[("result", "queued")]);

pub(super) fn faults(run: &Run) -> Vec<String> {
    let mut found = Vec::new();
    for (life, metrics) in &run.metrics {
        let mails = |is: fn(&History, Life) -> bool| run.mails.iter().filter(|mail| is(mail, *life)).count() as u64;
        let (least, most) = (mails(was_queued_here), mails(may_have_been_queued_here));
        let counted = metrics.count(FALLBACKS.0, FALLBACKS.1);
        if counted < least || counted > most {
            found.push(format!("{FALLBACKS:?} is {counted} at {life:?}, and {least} to {most} callers heard of one"));
        }
    }
    let unclear = run.mails.iter().filter(|mail| mail.was_told(Told::CutOff) && mail.id().is_none()).count() as u64;
    let shown = run.mails.iter().filter(|mail| mail.is_in_outbox()).count() as u64;
    let each = ["accepted", "refused", "expired", "cancelled", "unknown", "parked", "queued"];
    let of = |status: &str| run.mails.iter().filter(|mail| is(mail, status)).count() as u64;
    let each = each.map(|status| (status, of(status), run.counts.status(status)));
    let all = [("in the outbox", shown, run.counts.all())];
    let wrong = all.into_iter().chain(each).filter(|(_, least, counted)| counted < least || *counted > least + unclear);
    found.extend(wrong.map(|(what, least, counted)| format!("{counted} are {what}, and {least} of those shown are")));
    found
}

/// Nobody heard of it anywhere else, and no call that was cut off can have queued it. What is to be queued at once counts
/// only where that has failed.
fn was_queued_here(mail: &History, life: Life) -> bool {
    !mail.wants.at_once
        && may_have_been_queued_here(mail, life)
        && mail.told(Told::Queued).all(|call| call.at == life || call.is_replayed())
        && !mail.was_told(Told::CutOff)
}

fn may_have_been_queued_here(mail: &History, life: Life) -> bool {
    mail.told(Told::Queued).any(|call| call.at == life && !call.is_replayed())
}

fn is(mail: &History, status: &str) -> bool {
    mail.is_in_outbox() && mail.outbox_word("status") == Some(status)
}

//! I4: an open circuit is left alone, and its provider gets one probe at a time.

use super::attempt::{self, Attempt};
use super::calls::{self, Call};
use super::outages::Outage;
use super::record::{Account, Index, Ledger, Sent};
use super::rule::Rule;

/// Judges each mail by its own times against each outage.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    // A held answer tells of attempts that were made before its call.
    let handed_over = |call: &Call<'_>| !call.sent.is_replayed();
    let calls: Vec<_> = calls::all(ledger, index).into_iter().filter(handed_over).collect();
    for (number, account) in ledger.accounts.iter().enumerate() {
        let outages: Vec<_> = account.outages.iter().map(|outage| outage.until_a_probe(&account.probes)).collect();
        for Call { sent, arrivals } in &calls {
            let Some(outage) = covering(&outages, sent) else { continue };
            if arrivals.iter().any(|(at, arrival)| *at == number && outage.covers(arrival.at)) {
                note(Rule::I4, format!("mail {} reached {} while its circuit was open", sent.number, account.name));
            } else if outage.covers(sent.to) && has_tried(sent, account) {
                note(Rule::I4, format!("mail {} tried {} while its circuit was open", sent.number, account.name));
            }
        }
        if account.most_probes_in_flight > 1 {
            note(Rule::I4, format!("{} had {} probes in flight", account.name, account.most_probes_in_flight));
        }
    }
}

/// The outage in which a mail was sent: the last one that began before it.
fn covering<'a>(outages: &'a [Outage], sent: &Sent) -> Option<&'a Outage> {
    let begun = outages.partition_point(|outage| outage.opened < sent.from);
    outages[..begun].last().filter(|outage| outage.covers(sent.from))
}

fn has_tried(sent: &Sent, account: &Account) -> bool {
    let is_skip = |attempt: &Attempt| attempt.is(&["sender_rejected", "not_capable"]) || !attempt.is_real();
    attempt::of(sent).iter().any(|attempt| attempt.upstream == account.name && !is_skip(attempt))
}

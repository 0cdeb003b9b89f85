//! I8: one key, at most one mail, in and after the call; a repeat hears what the first call came to.

use super::attempt;
use super::calls::{self, Chain, Turn};
use super::record::{Arrival, Failover, Index, Ledger, Sent};
use super::rule::Rule;

/// Judges every mail with a key by all of its calls, and every other mail that was sent under a held key.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    for (number, chain) in calls::chains(ledger) {
        let all = || chain.first.iter().chain(&chain.repeats);
        let once = all().all(|sent| sent.failover != Failover::Always);
        let arrivals = index.get(&number).map(Vec::as_slice).unwrap_or_default();
        let accepted = arrivals.iter().filter(|(_, arrival)| arrival.accepted).count();
        if accepted > 1 && once && all().any(|sent| sent.keyed) {
            let answers: String = all().map(|sent| format!("\n{}", sent.answer)).collect();
            note(Rule::I8, format!("mail {number} was accepted {accepted} times under one key{answers}"));
        }
        for (account, repeat) in strays(ledger, &chain, arrivals) {
            note(Rule::I8, format!("mail {number} reached {account} once more under its key\n{}", repeat.answer));
        }
        for (before, repeat) in chain.steps() {
            if let Some(fault) = fault(ledger, before, repeat) {
                let before = before.map(|sent| sent.answer.to_string()).unwrap_or_default();
                note(Rule::I8, format!("mail {number} {fault}:\n{before}\n{}", repeat.answer));
            }
        }
    }
    for sent in &ledger.reused {
        let refused = sent.answer.json["type"] == "urn:smsp:problem:idempotency-key-reused";
        if sent.answer.status != 422 || !refused || sent.delivery() != Some("none") {
            note(Rule::I8, format!("another mail under the key of {} was taken\n{}", sent.number, sent.answer));
        }
    }
}

/// Accounts that do not take a mail once, and had it although an earlier call may have led somewhere. Of a provider that
/// the earlier call timed out at, nobody can say by which call the mail came.
fn strays<'a>(ledger: &'a Ledger, chain: &Chain<'a>, arrivals: &[(usize, &Arrival)]) -> Vec<(&'a str, &'a Sent)> {
    let again = chain.steps().into_iter().find(|(before, repeat)| calls::turn(*before, repeat) == Turn::Again);
    let Some((Some(before), repeat)) = again else { return Vec::new() };
    let told = attempt::of(before);
    let late = |name: &str| told.iter().any(|attempt| attempt.upstream == name && attempt.reason == "timeout");
    let after = arrivals.iter().filter(|(_, arrival)| arrival.at >= repeat.from);
    let accounts = after.map(|(account, _)| &ledger.accounts[*account]);
    let strays = accounts.filter(|account| !account.idempotent && !late(account.name));
    strays.map(|account| (account.name, repeat)).collect()
}

/// What is wrong with a repeat after that answer.
fn fault(ledger: &Ledger, before: Option<&Sent>, repeat: &Sent) -> Option<&'static str> {
    let Some(before) = before else {
        return (!repeat.is_replayed()).then_some("has a caller who hung up, and was sent anew");
    };
    let same = (before.answer.status, &before.answer.json) == (repeat.answer.status, &repeat.answer.json);
    match (before.delivery(), calls::turn(Some(before), repeat)) {
        (Some("accepted" | "unknown"), Turn::Replayed) => (!same).then_some("has a replay that differs"),
        (_, Turn::Replayed) => Some("was in no hands, and its repeat heard that from before"),
        (Some("accepted"), _) => Some("was accepted, and its repeat was sent anew"),
        (Some("unknown"), _) if repeat.delivery() == Some("none") => Some("was unknown, and is nowhere for its repeat"),
        (Some("unknown"), _) if !may_ask_again(ledger, before) => Some("was unknown, and its repeat was sent anew"),
        (Some("unknown"), _) if repeat.delivery() == Some("unknown") => {
            (!same).then_some("is unknown still, and has another receipt")
        }
        (Some("unknown"), _) => (!goes_on(ledger, before, repeat)).then_some("was cleared by what cannot clear it"),
        _ => None,
    }
}

/// Where a provider that takes a mail once may have it.
fn may_ask_again(ledger: &Ledger, before: &Sent) -> bool {
    let once = |name: &str| ledger.accounts.iter().any(|account| account.idempotent && account.name == name);
    before.failover != Failover::Never
        && attempt::of(before).iter().any(|attempt| attempt.outcome == "unknown" && once(&attempt.upstream))
}

/// The attempts from before, and one more at a provider that takes a mail once and may have had it, which accepted it; a
/// mail that another may have too is marked.
fn goes_on(ledger: &Ledger, before: &Sent, repeat: &Sent) -> bool {
    let (old, new) = (attempt::of(before), attempt::of(repeat));
    let Some((last, rest)) = new.split_last() else { return false };
    let unknown = |here: bool| old.iter().any(|a| a.outcome == "unknown" && (a.upstream == last.upstream) == here);
    let once = ledger.accounts.iter().any(|account| account.idempotent && account.name == last.upstream);
    let marked = repeat.answer.json["possible_duplicate"] == true;
    rest == old && last.outcome == "accepted" && once && unknown(true) && marked == unknown(false)
}

//! What a caller sees of its mail that looks at it all the time, while the mail is sent, ends, and is dropped.

use std::sync::atomic::{AtomicBool, Ordering};

use super::bench::*;

const ROWS: u8 = 15;

/// What was seen of a row at last.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Open,
    /// Its state, when it ended, and what its hand-overs came to.
    Final(State, Option<UnixTime>, Vec<Option<String>>),
    Gone,
}

impl Seen {
    /// What is seen next. It is of one moment, and what is final stays so until the row is gone.
    fn next(&mut self, number: u8, status: Option<Status>) {
        let next = status.map_or(Self::Gone, |status| Self::of(number, &status));
        let may_follow = match self {
            Self::Open => next != Self::Gone,
            Self::Final(..) => next == *self || next == Self::Gone,
            Self::Gone => next == Self::Gone,
        };
        assert!(may_follow, "{next:?} follows {self:?}");
        *self = next;
    }

    fn of(number: u8, status: &Status) -> Self {
        let Status { ticket, ended_at, recipients, attempts, .. } = status;
        let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt.outcome.clone()).collect();
        let told = format!("{:?} {ended_at:?} {outcomes:?}", ticket.state);
        assert_eq!(recipients.as_ref().map(|sealed| &sealed.bytes), Some(&vec![number]), "{told}");
        assert_eq!(ended_at.is_some(), ticket.state.is_final(), "{told}");
        let expected = match ticket.state {
            State::Queued | State::Claimed | State::Expired => vec![],
            State::Sending => vec![None],
            State::Accepted => vec![Some("accepted")],
            State::Refused => vec![Some("message_rejected")],
            _ => panic!("nothing leads there: {told}"),
        };
        assert_eq!(outcomes.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{told}");
        if ticket.state.is_final() { Self::Final(ticket.state, *ended_at, outcomes) } else { Self::Open }
    }
}

pub(in super::super) async fn a_status_that_is_asked_for_all_the_time_is_of_one_moment_and_stays_final(bench: &Bench) {
    bench.accept((1..=ROWS).map(row).collect()).await;
    let (is_done, mut seen) = (AtomicBool::new(false), vec![Seen::Open; ROWS.into()]);
    let work = async {
        send_and_drop(bench).await;
        is_done.store(true, Ordering::Relaxed);
    };
    let poll = async {
        loop {
            let is_last = is_done.load(Ordering::Relaxed);
            for (number, seen) in (1..=ROWS).zip(&mut seen) {
                seen.next(number, bench.status(number.into()).await);
            }
            if is_last {
                break;
            }
        }
    };
    tokio::join!(work, poll);
    assert_eq!(seen, vec![Seen::Gone; ROWS.into()]);
}

/// A third is accepted, a third refused, and a third expires; then each is dropped in a step of its own.
async fn send_and_drop(bench: &Bench) {
    for (place, claimed) in bench.claim(node(1), usize::from(ROWS) / 3 * 2).await.into_iter().enumerate() {
        assert!(bench.marked(&claimed.hold).await);
        bench.end(&claimed.hold, if place % 2 == 0 { accepted() } else { refused() }).await;
    }
    let one = Bound { rows: 1, ..ALL };
    for time in [2 * DAY, KEEP] {
        bench.advance(time).await;
        while bench.sweep(one).await.unwrap().more {}
        // Those that were left to a step that had nothing more to say.
        bench.sweep(ALL).await.unwrap();
    }
}

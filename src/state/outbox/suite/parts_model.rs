//! Random interleavings of nodes that split mails, claim and mark parts, end them in any way, die and come back late: the
//! store does what a model does.

mod command;
mod late;
mod mails;
mod orders;
mod part;
mod provider;

use proptest::prelude::*;

use super::bench::*;
use super::random::run;
use command::{Command, carry_out};
use mails::{Mails, Seen};

/// Each run has a store of its own, which `start` makes.
pub(in super::super) fn the_store_does_with_parts_what_the_model_does<F: Future<Output = Option<Bench>>>(
    start: impl Fn() -> F,
) {
    run(start, command::commands(), play);
}

async fn play(bench: &Bench, commands: &[Command]) -> Result<(), TestCaseError> {
    let mut mails = Mails::new(bench.time.now().await);
    for command in commands {
        carry_out(bench, &mut mails, *command).await?;
        for number in mails.numbers() {
            let status = bench.status(number).await;
            let seen = status.as_ref().map(Seen::of);
            prop_assert_eq!(mails.seen(number), seen, "{} after {:?}", number, command);
            let Some(status) = status else { continue };
            let all_final = status.parts.iter().all(|part| part.state.is_final());
            prop_assert_eq!(status.ticket.state.is_final(), all_final);
            let mut places: Vec<_> = status.parts.iter().flat_map(|part| part.places.clone()).collect();
            places.sort_unstable();
            prop_assert_eq!(places, [0, 1, 2, 4], "each recipient is in one part");
        }
        let rows: u64 = bench.outbox.counts().await.unwrap().iter().map(|count| count.rows).sum();
        prop_assert_eq!(rows, mails.there(), "after {:?}", command);
        for state in State::ALL {
            let filter = Filter { state: Some(state) };
            let page = bench.outbox.list(&"shop".into(), filter, None, 1000).await.unwrap();
            let counted = bench.outbox.counts().await.unwrap();
            let of_state: u64 = counted.iter().filter(|count| count.state == state).map(|count| count.rows).sum();
            prop_assert_eq!(page.tickets.len() as u64, of_state, "{:?} after {:?}", state, command);
        }
    }
    bench.what_was_accepted_has_ended_or_is_there().await;
    bench.nothing_waits_for_ever().await;
    Ok(())
}

//! Random interleavings of nodes that claim, mark, pause, die and come back late: the store does what a model does.

mod command;
mod late;
mod rows;
mod transitions;

use proptest::prelude::*;

use super::bench::*;
use super::random::run;
use command::{Command, carry_out};
use rows::{Rows, Seen};

/// Each run has a store of its own, which `start` makes.
pub(in super::super) fn the_store_does_what_the_model_does<F: Future<Output = Option<Bench>>>(start: impl Fn() -> F) {
    run(start, command::any(), play);
}

async fn play(bench: &Bench, commands: &[Command]) -> Result<(), TestCaseError> {
    let mut rows = Rows::new(bench.time.now().await);
    for command in commands {
        let before: Vec<_> = rows.numbers().map(|number| rows.seen(number)).collect();
        carry_out(bench, &mut rows, *command).await?;
        for number in rows.numbers() {
            let seen = bench.status(number).await.as_ref().map(Seen::of);
            if let Some(before) = before.get(number as usize - 1).and_then(|seen| seen.as_ref()) {
                prop_assert!(before.may_become(seen.as_ref()), "{} after {:?}: {:?}", number, command, before);
            }
            prop_assert_eq!(rows.seen(number), seen, "{} after {:?}", number, command);
        }
        prop_assert_eq!(bench.outbox.counts().await, Ok(rows.counts()), "after {:?}", command);
    }
    bench.what_was_accepted_has_ended_or_is_there().await;
    bench.nothing_waits_for_ever().await;
    Ok(())
}

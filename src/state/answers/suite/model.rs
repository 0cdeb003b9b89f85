//! Random calls of several nodes that begin, end, ask, die and come late, while time passes: the store says what a model says.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Builder;

use super::bench::*;
use crate::state::answers::fake::FakeAnswers;

const LENGTH: usize = 100;
const RUNS: u32 = 24;
const KEYS: u8 = 3;
const NUMBERS: u128 = 6;

#[derive(Clone, Debug)]
enum Command {
    Begin(u8, u128, bool),
    Ask(u8, u128, u128),
    End(u8, u128, u8),
    Look(u8),
    Sweep,
    Wait(u8),
}

fn any() -> impl Strategy<Value = Command> {
    let (key, of) = (1..=KEYS, 1..=NUMBERS);
    prop_oneof![
        4 => (key.clone(), of.clone(), prop::bool::weighted(0.1)).prop_map(|(key, of, other)| Command::Begin(key, of, other)),
        2 => (key.clone(), of.clone(), 1..=NUMBERS).prop_map(|(key, of, by)| Command::Ask(key, of, by)),
        4 => (key.clone(), of, 0..5_u8).prop_map(|(key, of, end)| Command::End(key, of, end)),
        1 => key.prop_map(Command::Look),
        1 => Just(Command::Sweep),
        2 => (0..4_u8).prop_map(Command::Wait),
    ]
}

/// Each run has a store of its own, which `start` makes.
pub(in crate::state::answers) fn the_store_does_what_the_model_does<F: Future<Output = Option<Bench>>>(
    start: impl Fn() -> F,
) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // `PROPTEST_CASES` asks for another number of runs.
    let cases = std::env::var("PROPTEST_CASES").map_or(RUNS, |_| Config::default().cases);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let run = |commands: Vec<Command>| {
        runtime.block_on(async {
            match start().await {
                Some(bench) => play(&bench, &commands).await,
                None => Ok(()),
            }
        })
    };
    runner.run(&prop::collection::vec(any(), 1..LENGTH), run).unwrap_or_else(|error| panic!("{error}"));
}

async fn play(bench: &Bench, commands: &[Command]) -> Result<(), TestCaseError> {
    let model = FakeAnswers::default();
    for (place, command) in commands.iter().enumerate() {
        let store = &bench.nodes[place % bench.nodes.len()];
        if let Command::Wait(kind) = command {
            let time = [SECOND, LEASE, KEPT / 2, KEPT][usize::from(*kind)];
            bench.advance(time).await;
            model.set_on(time.as_millis().try_into().unwrap_or(i64::MAX));
        } else {
            let [said, expected] = [said(&**store, command).await, said(&model, command).await];
            prop_assert_eq!(said, expected, "{:?}", command);
        }
    }
    Ok(())
}

/// What a store says to it.
async fn said(store: &dyn StoredAnswers, command: &Command) -> String {
    match *command {
        Command::Begin(key, of, is_other) => {
            let id = if is_other { id(key + KEYS) } else { id(key) };
            format!("{:?}", store.begin(NewCall { id, ..call(key, of) }).await)
        }
        Command::Ask(key, of, by) => format!("{:?}", store.ask_again(id(key), number(of), number(by), LEASE).await),
        Command::End(key, of, end) => {
            let end = [accepted("a"), unknown("u"), End::Queued, End::None, End::AsBefore][usize::from(end)].clone();
            format!("{:?}", store.end(id(key), number(of), end).await)
        }
        Command::Look(key) => format!("{:?}", store.look(CALLER.into(), id(key)).await),
        Command::Sweep => format!("{:?}", store.sweep(2).await),
        Command::Wait(_) => String::new(),
    }
}

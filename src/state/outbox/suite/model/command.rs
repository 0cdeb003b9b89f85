//! The commands of a run, each carried out on model and store.

use proptest::prelude::*;
use uuid::Uuid;

use super::super::bench::*;
use super::rows::{Row, Rows};

const UPSTREAMS: [&str; 2] = ["mg", "ses"];

/// One step of a run. Places are of rows and holds, however many there are; old holds are as likely as new ones.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Accept { due_in: u64, expires_in: u64 },
    Claim { node: u128, limit: usize },
    GiveBack { hold: usize },
    Mark { hold: usize, upstream: usize, forged: bool },
    End { hold: usize, how: usize, forged: bool },
    Replay { node: u128, upstream: usize },
    Heartbeat { node: u128 },
    Advance { seconds: u64 },
    Bury,
    Sweep,
    Cancel { row: usize },
    Erase { row: usize },
    EraseRecipient { row: usize },
    Reschedule { row: usize, seconds: u64 },
    Order { row: usize, order: usize },
    Pause { paused: bool },
}

const ORDERS: [Order; 4] = [Order::Retry, Order::SettleAsAccepted, Order::SettleAsNone, Order::Cancel];

pub(super) fn any() -> impl Strategy<Value = Command> {
    use Command::*;
    let (node, forged, place) = (1..=3u128, proptest::bool::weighted(0.15), 0..1000usize);
    prop_oneof![
        6 => (0..10u64, 1..400u64).prop_map(|(due_in, expires_in)| Accept { due_in, expires_in }),
        8 => (node.clone(), 1..4usize).prop_map(|(node, limit)| Claim { node, limit }),
        2 => place.clone().prop_map(|hold| GiveBack { hold }),
        10 => (place.clone(), 0..2usize, forged).prop_map(|(hold, upstream, forged)| Mark { hold, upstream, forged }),
        10 => (place.clone(), 0..5usize, forged).prop_map(|(hold, how, forged)| End { hold, how, forged }),
        4 => (node.clone(), 0..2usize).prop_map(|(node, upstream)| Replay { node, upstream }),
        3 => node.prop_map(|node| Heartbeat { node }),
        6 => (0..40u64).prop_map(|seconds| Advance { seconds }),
        1 => Just(Advance { seconds: 3 * 24 * 3600 }),
        4 => Just(Bury),
        2 => Just(Sweep),
        1 => place.clone().prop_map(|row| Cancel { row }),
        1 => place.clone().prop_map(|row| Erase { row }),
        1 => place.clone().prop_map(|row| EraseRecipient { row }),
        1 => (place.clone(), 0..400u64).prop_map(|(row, seconds)| Reschedule { row, seconds }),
        2 => (place, 0..4usize).prop_map(|(row, order)| Order { row, order }),
        1 => proptest::bool::weighted(0.3).prop_map(|paused| Pause { paused }),
    ]
}

pub(super) async fn carry_out(bench: &Bench, rows: &mut Rows, command: Command) -> Result<(), TestCaseError> {
    let (outbox, now) = (&bench.outbox, rows.now);
    match command {
        Command::Accept { due_in, expires_in } => accept(bench, rows, due_in, expires_in).await,
        Command::Claim { node: number, limit } => {
            let claimed = outbox.claim(node(number), &wanted(limit)).await.unwrap();
            held(rows, |rows| rows.claim(node(number), limit), &claimed)?;
        }
        Command::Replay { node: number, upstream } => {
            let upstream = UPSTREAMS[upstream];
            let claimed = outbox.replay(node(number), upstream, ALL).await.unwrap();
            held(rows, |rows| rows.replay(node(number), upstream), &claimed)?;
        }
        Command::GiveBack { hold } => {
            let Some((number, hold)) = rows.hold(hold) else { return Ok(()) };
            let is_claimed = |row: &&mut Row| {
                row.state == State::Claimed && row.fence == hold.fence.0 && row.owner == Some(hold.node)
            };
            let expected =
                rows.row(number).filter(is_claimed).map(|row| (row.state, row.owner) = (State::Queued, None));
            prop_assert_eq!(outbox.give_back(&[hold]).await, Ok(usize::from(expected.is_some())));
        }
        Command::Mark { hold, upstream, forged } => {
            let Some((number, hold)) = rows.hold(hold).map(|(number, hold)| (number, other(hold, forged))) else {
                return Ok(());
            };
            let upstream = UPSTREAMS[upstream];
            let expected = rows.row(number).is_some_and(|row| row.mark(now, &hold, upstream));
            let mark = Mark { replay_for: Some(Duration::from_secs(100)), ..mark(upstream) };
            prop_assert_eq!(outbox.mark(&hold, &mark).await, Ok(expected));
        }
        Command::End { hold, how, forged } => {
            let Some((number, hold)) = rows.hold(hold).map(|(number, hold)| (number, other(hold, forged))) else {
                return Ok(());
            };
            let ended =
                [accepted(), refused(), again(SECOND), unknown(5 * SECOND), Ended::Lost { wait: SECOND }][how].clone();
            let was_final = rows.row(number).is_some_and(|row| row.state.is_final());
            let expected = rows.row(number).and_then(|row| row.end(now, &hold, &ended));
            if was_final && expected.is_some() {
                bench.is_uncounted();
            }
            prop_assert_eq!(outbox.end(&hold, &ended).await, Ok(expected));
        }
        Command::Heartbeat { node: number } => {
            outbox.heartbeat(node(number)).await.unwrap();
            rows.nodes.insert(number, now);
        }
        Command::Advance { seconds } => {
            bench.advance(Duration::from_secs(seconds)).await;
            rows.now = now.after(Duration::from_secs(seconds));
        }
        Command::Bury => prop_assert_eq!(bench.bury().await, Ok(rows.bury())),
        Command::Sweep => prop_assert_eq!(bench.sweep(ALL).await, Ok(rows.sweep())),
        Command::Pause { paused } => {
            outbox.pause(paused, note("pause")).await.unwrap();
            rows.paused = paused;
        }
        Command::Order { row, order } => {
            let (number, order) = (rows.number(row), ORDERS[order]);
            let expected = rows.row(number).map_or(Ordered::NotFound, |row| row.order(now, order));
            prop_assert_eq!(outbox.order(id(number), order, note("order")).await, Ok(expected));
        }
        Command::Cancel { .. }
        | Command::Erase { .. }
        | Command::EraseRecipient { .. }
        | Command::Reschedule { .. } => {
            change(bench, rows, command).await;
        }
    }
    Ok(())
}

/// A hold that names another node than the one that claimed.
fn other(hold: Hold, forged: bool) -> Hold {
    if forged { Hold { node: node(hold.node.0.as_u128() % 3 + 1), ..hold } } else { hold }
}

/// What a caller or an operator changes; what becomes of it is compared by what can be seen afterwards.
async fn change(bench: &Bench, rows: &mut Rows, command: Command) {
    let (shop, now) = (CallerName::from("shop"), rows.now);
    let place = match command {
        Command::Cancel { row } | Command::Erase { row } | Command::EraseRecipient { row } => row,
        Command::Reschedule { row, .. } => row,
        _ => return,
    };
    let number = rows.number(place);
    let cancel = |row: &mut Row| {
        if row.is_cancellable() {
            row.settle(now, State::Cancelled);
        }
    };
    let row = rows.row(number);
    match command {
        Command::Reschedule { seconds, .. } => {
            let due = now.after(Duration::from_secs(seconds));
            drop(bench.outbox.reschedule(&shop, id(number), due).await.unwrap());
            row.filter(|row| row.state == State::Queued && row.expires_at > due)
                .into_iter()
                .for_each(|row| (row.due, row.send_at) = (due, due));
        }
        Command::Cancel { .. } => {
            drop(bench.outbox.cancel(&shop, id(number)).await.unwrap());
            row.into_iter().for_each(cancel);
        }
        Command::Erase { .. } => {
            drop(bench.outbox.erase(&shop, id(number)).await.unwrap());
            row.filter(|row| row.state != State::Sending).into_iter().for_each(|row| {
                cancel(row);
                row.erase();
            });
        }
        _ => {
            bench.erase_recipient(number as u8).await;
            row.into_iter().for_each(|row| {
                cancel(row);
                row.erase();
            });
        }
    }
}

async fn accept(bench: &Bench, rows: &mut Rows, due_in: u64, expires_in: u64) {
    rows.accepted += 1;
    let number = rows.accepted;
    let (send, expires) = (When::After(Duration::from_secs(due_in)), When::After(Duration::from_secs(expires_in)));
    bench.accept(vec![NewRow { send, expires, ..row(number as u8) }]).await;
    let due = send.from(rows.now);
    rows.rows.push(Row::new(number, due, expires.from(due)));
}

/// The store has claimed what the model says, under the same fences.
fn held(
    rows: &mut Rows,
    claim: impl FnOnce(&mut Rows) -> Vec<(u128, i64)>,
    claimed: &[Claimed],
) -> Result<(), TestCaseError> {
    let (mut expected, mut found) = (claim(rows), Vec::new());
    for one in claimed {
        let number = Uuid::from(one.id).as_u128();
        found.push((number, one.hold.fence.0));
        rows.holds.push((number, one.hold));
        prop_assert!(one.content == Some(row(number as u8).sealed.content));
    }
    expected.sort_unstable();
    found.sort_unstable();
    prop_assert_eq!(found, expected);
    Ok(())
}

//! A process that is killed between any two commands: what it was told holds, and what it had marked is not queued.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use uuid::Uuid;

use super::*;
use crate::state::outbox::suite::bench::{batch, row};
use crate::state::outbox::{NewRow, Room};

/// The directory of the store of the child; without it this is no child.
const DIRECTORY: &str = "SMSP_TEST_OUTBOX_CHILD";
const TEST: &str = "state::outbox::sqlite::tests::killed::works_through_mails";

#[tokio::test]
async fn what_was_answered_before_kill_9_holds_and_no_marked_mail_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    // Of each row, the last state that the child was told.
    let mut told = BTreeMap::new();
    for round in 1..=15 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([TEST, "--exact", "--nocapture", "--ignored", "--test-threads=1"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = told.len();
        let enough = first + fastrand::usize(1..8);
        while told.len() < enough {
            note(&mut told, &lines.next().expect("the child works on"));
        }
        child.kill().unwrap();
        lines.for_each(|line| note(&mut told, &line));
        child.wait().unwrap();
        let outbox = open(directory.path(), Clock::since_start()).await;
        let buried = outbox.bury(NodeId(Uuid::nil())).await.unwrap();
        assert!(buried.unknown + buried.queued <= 1, "round {round}: more than was in hand: {buried:?}");
        for (number, state) in &told {
            let status = outbox.status(&"shop".into(), Uuid::from_u128(*number).into()).await.unwrap();
            let found = status.map(|status| status.ticket.state);
            let allowed: &[State] = match state {
                State::Queued => &[State::Queued, State::Unknown, State::Accepted],
                State::Sending => &[State::Unknown, State::Accepted],
                _ => &[State::Accepted],
            };
            let holds = found.is_some_and(|found| allowed.contains(&found));
            assert!(holds, "round {round}: {number} was {state:?} and is {found:?}");
        }
    }
}

/// Lines such as `told 17 Sending`.
fn note(told: &mut BTreeMap<u128, State>, line: &str) {
    let mut words = line.split(' ');
    if words.next() != Some("told") {
        return;
    }
    let (number, word) = (words.next().unwrap().parse().unwrap(), words.next().unwrap());
    let state = State::ALL.into_iter().find(|state| state.as_str() == word).unwrap();
    told.insert(number, state);
}

#[tokio::test]
#[ignore = "is the child of another test"]
async fn works_through_mails() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let outbox = open(Path::new(&directory), Clock::since_start()).await;
    let node = NodeId(Uuid::now_v7());
    let room = Room { rows: 100_000, bytes: u64::MAX };
    println!();
    for number in next_number(&outbox).await.. {
        let new = NewRow { id: Uuid::from_u128(number).into(), ..row(7) };
        let batch = Batch { room, callers_room: room, ..batch(vec![new]) };
        outbox.accept(batch).await.unwrap();
        println!("told {number} queued");
        // Of an earlier round there may be one that was not marked.
        for claimed in outbox.claim(node, &wanted()).await.unwrap() {
            let number = Uuid::from(claimed.id).as_u128();
            let mark = Mark { upstream: "mg".into(), replay_for: None, possible_duplicate: false };
            assert!(outbox.mark(&claimed.hold, &mark).await.unwrap());
            println!("told {number} sending");
            let ended = Ended::Accepted { verdicts: vec![], possible_duplicate: false };
            outbox.end(&claimed.hold, &ended).await.unwrap();
            println!("told {number} accepted");
        }
    }
}

fn wanted() -> Wanted {
    let sets = vec![row(7).route_set];
    Wanted { sets, of_lane: [1; 3], of_caller: 1, bytes: u64::MAX, without: vec![], newest_of_four: 0, lost: true }
}

async fn next_number(outbox: &SqliteOutbox) -> u128 {
    let counts = outbox.counts().await.unwrap();
    1 + counts.iter().map(|count| u128::from(count.rows)).sum::<u128>()
}

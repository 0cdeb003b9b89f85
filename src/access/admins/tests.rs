//! Who is let in by which key, and how guesses are slowed down, on a paused clock.

use std::time::UNIX_EPOCH;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::*;

const KEYS: &str = "ada:operator:op,wall:viewer:view,ada:operator:old;until=2020-01-01";

fn with_keys(text: &str) -> Admins {
    let mut ring = KeyRing::default();
    ring.read(text, UNIX_EPOCH).unwrap();
    Admins::new(Some(ring))
}

fn key(key: &str) -> Credentials<'_> {
    Credentials { key: key.as_bytes(), is_alone: true, is_local: false }
}

fn operator_needed(name: &str) -> Refusal {
    Refusal::RoleNeeded { name: name.into(), role: Role::Operator }
}

#[tokio::test(start_paused = true)]
async fn operator_includes_viewer_and_every_other_key_is_unauthorized() {
    let admins = with_keys(KEYS);
    let (ada, wall) = (Ok(User::Admin("ada".into())), Ok(User::Admin("wall".into())));
    assert_eq!(admins.authorize(&key("op"), Role::Viewer).await, ada);
    assert_eq!(admins.authorize(&key("op"), Role::Operator).await, ada);
    assert_eq!(admins.authorize(&key("view"), Role::Viewer).await, wall);
    assert_eq!(admins.authorize(&key("view"), Role::Operator).await, Err(operator_needed("wall")));
    let duplicate = Credentials { is_alone: false, ..key("op") };
    let local = Credentials { is_local: true, ..key("") };
    for wrong in [key(""), key("wrong"), key("old"), key("ada"), duplicate, local] {
        for role in Role::ALL {
            assert_eq!(admins.authorize(&wrong, role).await, Err(Refusal::Unauthorized), "{wrong:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_keys_only_this_machine_is_let_in_and_expired_keys_let_in_none() {
    let (local, remote) = (Credentials { is_local: true, ..key("") }, key("op"));
    let none = Admins::new(None);
    let expired = with_keys("ada:operator:op;until=1970-01-01");
    for role in Role::ALL {
        assert_eq!(none.authorize(&local, role).await, Ok(User::Local));
        assert_eq!(none.authorize(&remote, role).await, Err(Refusal::NotLocal));
        assert_eq!(expired.authorize(&local, role).await, Err(Refusal::Unauthorized));
        assert_eq!(expired.authorize(&remote, role).await, Err(Refusal::Unauthorized));
    }
}

#[tokio::test(start_paused = true)]
async fn replaced_keys_hold_at_once() {
    let admins = with_keys("ada:operator:first");
    let mut ring = KeyRing::default();
    ring.read("ada:viewer:second", UNIX_EPOCH).unwrap();
    admins.replace(ring);
    assert_eq!(admins.authorize(&key("first"), Role::Viewer).await, Err(Refusal::Unauthorized));
    assert_eq!(admins.authorize(&key("second"), Role::Operator).await, Err(operator_needed("ada")));
}

#[tokio::test(start_paused = true)]
async fn guesses_are_slowed_down_and_right_and_missing_keys_are_not() {
    let (admins, start) = (with_keys(KEYS), Instant::now());
    for number in 0..1000 {
        let guess = number.to_string();
        assert_eq!(admins.authorize(&key(&guess), Role::Viewer).await, Err(Refusal::Unauthorized));
    }
    let slowed = start.elapsed();
    assert!(slowed > Duration::from_secs(40), "{slowed:?}");
    let right = async {
        let start = Instant::now();
        assert!(admins.authorize(&key("op"), Role::Operator).await.is_ok());
        assert_eq!(admins.authorize(&key(""), Role::Viewer).await, Err(Refusal::Unauthorized));
        assert_eq!(start.elapsed(), Duration::ZERO, "not behind the guesses");
    };
    let (credentials, throttled) =
        (key("guess"), |answer: &Result<_, _>| matches!(answer, Err(Refusal::Throttled { .. })));
    let guesses = join_all((0..100).map(|_| admins.authorize(&credentials, Role::Viewer)));
    let (answers, ()) = tokio::join!(guesses, right);
    assert_eq!(answers.iter().filter(|answer| throttled(answer)).count(), 60, "40 wait");
}

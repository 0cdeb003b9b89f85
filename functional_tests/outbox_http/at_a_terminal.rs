//! `smsp outbox` where a person sits: a yes is typed, and the outbox is watched in one place.

use super::commands::environment;
use super::*;
use crate::harness::terminal::AT_A_TERMINAL;
use crate::harness::wait::PATIENCE;
use crate::harness::{Process, tool};

on_both_stores! {
    an_order_on_all_mail_is_given_by_a_typed_yes_and_by_no_other_word,
    the_watched_outbox_is_written_anew_in_its_place,
}

async fn an_order_on_all_mail_is_given_by_a_typed_yes_and_by_no_other_word(database: &Database) {
    if !tool::is_here("python3", "python3") {
        return;
    }
    let node = Node::start(database).await;
    for _ in 0..3 {
        node.accepts(&scheduled()).await;
    }
    let cancel = ["outbox", "cancel", "--status", "queued", "--caller", "app"];
    for (typed, code, told, state) in
        [("no\n", Some(1), "nothing was changed", "queued"), ("yes\n", Some(0), "cancelled: 3", "cancelled")]
    {
        let settings = environment(&node.proxy).with("TYPED", typed);
        let output = Process::smsp_behind(&AT_A_TERMINAL, &cancel, &settings).output(PATIENCE).await;
        assert!(output.stdout.contains("cancel all 3? Type yes: "), "{output:?}");
        assert!(output.code == code && output.stdout.contains(told), "{typed:?}: {output:?}");
        assert_eq!(node.counts().await, [(state.to_owned(), 3)], "{typed:?}");
    }
}

async fn the_watched_outbox_is_written_anew_in_its_place(database: &Database) {
    if !tool::is_here("python3", "python3") {
        return;
    }
    let node = Node::start(database).await;
    node.accepts(&scheduled()).await;
    let watching = Process::smsp_behind(&AT_A_TERMINAL, &["outbox", "--watch"], &environment(&node.proxy));
    let shows = async |count: &str, in_place: bool| {
        eventually("it is shown", async || {
            let (shown, mut is_begun) = (watching.stdout(), !in_place);
            let is_it = shown.iter().any(|line| {
                // At the first row of the terminal, from which on all is erased.
                is_begun |= line.contains("\u{1b}[H\u{1b}[J");
                is_begun && line.trim_end().starts_with("queued ") && line.contains(count)
            });
            when(is_it, || watching.evidence())
        })
        .await;
    };
    shows(" 1 ", false).await;
    node.accepts(&scheduled()).await;
    shows(" 2 ", true).await;
}

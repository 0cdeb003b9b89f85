//! An answer of every kind, compared whole with `openapi/answers.json` and `openapi/admin-answers.json`: the words are part
//! of the contract, and the documents have them as their examples. `UPDATE_GOLDEN=1` rewrites the files; `scripts/openapi`
//! then writes the documents.

mod admin;
mod calls;
mod explained;
mod mails;
mod nodes;
mod normalized;

use std::path::Path;

use serde_json::Value;

use crate::harness::golden;

#[tokio::test]
async fn every_answer_is_the_golden_one() {
    check(
        "answers.json",
        [calls::all().await, mails::all().await, nodes::all().await, explained::all().await].concat(),
    );
}

#[tokio::test]
async fn every_answer_of_the_admin_listener_is_the_golden_one() {
    check("admin-answers.json", admin::all().await);
}

#[track_caller]
fn check(name: &str, answers: Vec<Value>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(name);
    golden::check_at(&path, &format!("{:#}\n", Value::from(answers)));
}

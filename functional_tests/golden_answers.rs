//! An answer of every kind, compared whole with `openapi/answers.json`: the words are part of the contract, and the
//! document has them as its examples. `UPDATE_GOLDEN=1` rewrites the file; `scripts/openapi` then writes the document.

mod calls;
mod mails;
mod nodes;
mod normalized;

use std::path::Path;

use serde_json::Value;

use crate::harness::golden;

#[tokio::test]
async fn every_answer_is_the_golden_one() {
    let all = [calls::all().await, mails::all().await, nodes::all().await].concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/answers.json");
    golden::check_at(&path, &format!("{:#}\n", Value::from(all)));
}

//! A planted violation of each kind is found, so that none is found only where there is none.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::load_results::LoadResults;
use crate::harness::Answer;
use crate::ledger::record::Sent;

#[test]
fn lost_denied_and_duplicate_mails_are_found() {
    let sent = |number, status, delivery: &str| {
        let json = serde_json::json!({"delivery": delivery});
        let answer = Answer { status, headers: HeaderMap::new(), text: String::new(), json };
        Sent::plain(number, [SystemTime::now(); 2], Duration::ZERO, answer)
    };
    let well = [(1, 200, ""), (2, 503, "none"), (3, 504, "unknown")];
    let results = LoadResults::of(well.map(|(number, status, delivery)| Ok(sent(number, status, delivery))));
    assert_eq!(results.violations(&BTreeMap::from([(1, 1), (3, 1)])), Vec::<String>::new());
    for accepted in [[(3, 1), (4, 1)], [(1, 1), (2, 1)], [(1, 1), (3, 2)]] {
        assert_eq!(results.violations(&BTreeMap::from(accepted)).len(), 1, "{accepted:?}");
    }
}

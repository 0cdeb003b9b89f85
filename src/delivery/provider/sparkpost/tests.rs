//! What every answer of `SparkPost` comes to.

use super::super::tests::stub::{answer, check, verdict};
use crate::model::outcome::Outcome::*;
use crate::model::outcome::Reason;

fn error(code: u32) -> String {
    format!(r#"{{"errors":[{{"message":"said","code":"{code}"}}]}}"#)
}

#[tokio::test]
async fn answers_are_judged_by_code_then_by_status() {
    let row = |status, code, outcome| (status, code, outcome);
    let mut rows: Vec<_> =
        [1301, 1400, 1901, 3000, 3001, 3050, 1305, 5002].map(|code| row(422, code, MessageRejected)).into();
    rows.extend([
        row(422, 2002, NotCapable),
        row(422, 1300, NotCapable),
        row(400, 1902, MessageRejected),
        row(400, 1910, Unavailable),
    ]);
    rows.extend([1100, 1601].map(|code| row(403, code, AccountRefused)));
    rows.extend([2101, 2103].map(|code| row(420, code, AccountRefused)));
    rows.extend([
        (400, 7000, SenderRejected),
        (400, 7001, SenderRejected),
        (503, 1900, Unavailable),
        (400, 1502, Unavailable),
    ]);
    rows.extend([(503, 9999, Unknown), (400, 9999, Unlisted), (422, 9999, Unlisted), (500, 1300, Unknown)]);
    for (status, code, outcome) in rows {
        let verdict = verdict("sparkpost", answer(status, "", &error(code))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {code}");
        assert_eq!(verdict.reason == Reason::Suppressed, code == 1902, "{status} {code}");
    }
    let results = |taken, refused| {
        format!(
            r#"{{"results":{{"total_accepted_recipients":{taken},"total_rejected_recipients":{refused},"id":"t1"}}}}"#
        )
    };
    let (taken, none, nobody) = (results(1, 0), results(0, 1), results(0, 0));
    let rows = [
        (200, taken.as_str(), Accepted),
        (200, none.as_str(), MessageRejected),
        (200, nobody.as_str(), Unknown),
        (200, "", Unknown),
        (401, "", AccountRefused),
        (413, "", NotCapable),
        (420, "", AccountRefused),
        (429, "", Throttled),
        (500, "", Unknown),
        (503, "", Unknown),
        (422, "<html>", Unclassified),
        (420, r#"{"errors":[{"message":"new","code":"9999"}]}"#, AccountRefused),
    ];
    check("sparkpost", &rows).await;
    let partly = verdict("sparkpost", answer(200, "", &results(1, 1))).await;
    assert_eq!((partly.outcome, partly.recipients[0].outcome), (Accepted, Unknown), "it does not say whom");
}

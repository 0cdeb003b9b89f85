//! What every store has to do with records, written against [`KeptAudit`] alone: both kinds run all of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::*;
use crate::state::store::Failed;

const DAY: Duration = Duration::from_secs(86_400);

/// A store under test.
pub(in crate::state) struct Bench {
    pub(in crate::state) audit: Arc<dyn KeptAudit>,
    /// Writes a record of what took effect so long ago.
    pub(in crate::state) write: Write,
    pub(in crate::state) advance: Advance,
}

/// Lets the time of a store pass.
pub(in crate::state) type Advance = Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;
pub(in crate::state) type Write =
    Box<dyn Fn(Duration, Entry) -> BoxFuture<'static, Result<bool, Failed>> + Send + Sync>;

pub(in crate::state) fn entry(number: u128, change: &str) -> Entry {
    let from = number.is_multiple_of(2).then(|| "192.0.2.1:4242".to_owned());
    Entry { id: Uuid::from_u128(number), node: "smsp-0".into(), who: "ada".into(), from, change: change.into() }
}

impl Bench {
    async fn write(&self, number: u128) -> bool {
        (self.write)(Duration::ZERO, entry(number, "change")).await.unwrap()
    }

    /// The records of a page, by their ids.
    async fn page(&self, before: Option<i64>, limit: usize) -> Vec<u128> {
        let page = self.audit.page(before, limit).await.unwrap();
        page.iter().map(|kept| kept.entry.id.as_u128()).collect()
    }
}

/// Runs every test on the store that `$start` (an `async fn() -> Option<Bench>`) makes; on none where it has none.
macro_rules! conformance {
    ($start:path) => {
        $crate::state::audit::suite::conformance! { $start:
            a_record_is_read_as_it_was_written_and_is_there_once, records_come_in_pages_the_newest_first,
            what_was_kept_for_long_enough_is_dropped_and_nothing_else, a_sweep_is_done_in_steps
        }
    };
    ($start:path: $($test:ident),+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let Some(bench) = $start().await else { return };
                $crate::state::audit::suite::$test(&bench).await;
            }
        )+
    };
}
pub(in crate::state) use conformance;

pub(super) async fn a_record_is_read_as_it_was_written_and_is_there_once(bench: &Bench) {
    let change = "{\"any\":\"text \u{e9}\"}";
    for number in [1, 2] {
        assert!((bench.write)(Duration::ZERO, entry(number, change)).await.unwrap());
    }
    assert!(!(bench.write)(Duration::ZERO, entry(1, "other")).await.unwrap(), "it is there already");
    assert!((bench.write)(Duration::from_secs(60), entry(3, change)).await.unwrap());
    let page = bench.audit.page(None, 9).await.unwrap();
    let entries: Vec<_> = page.iter().map(|kept| kept.entry.clone()).collect();
    assert_eq!(entries, [3, 2, 1].map(|number| entry(number, change)));
    assert_eq!(page[0].at, page[1].at.before(Duration::from_secs(60)), "it took effect a minute ago");
}

pub(super) async fn records_come_in_pages_the_newest_first(bench: &Bench) {
    for number in 1..=5 {
        bench.write(number).await;
    }
    let page = bench.audit.page(None, 2).await.unwrap();
    assert_eq!(bench.page(None, 2).await, [5, 4]);
    // One that comes meanwhile is on no later page.
    bench.write(6).await;
    assert_eq!(bench.page(Some(page[1].number), 2).await, [3, 2]);
    assert_eq!(bench.page(Some(page[1].number), 9).await, [3, 2, 1]);
    assert_eq!(bench.page(Some(0), 9).await, []);
}

pub(super) async fn what_was_kept_for_long_enough_is_dropped_and_nothing_else(bench: &Bench) {
    bench.write(1).await;
    (bench.advance)(DAY).await;
    bench.write(2).await;
    assert!(!bench.audit.sweep(DAY + DAY).await.unwrap());
    assert_eq!(bench.page(None, 9).await, [2, 1]);
    assert!(!bench.audit.sweep(DAY).await.unwrap());
    assert_eq!(bench.page(None, 9).await, [2]);
    let number = bench.audit.page(None, 1).await.unwrap()[0].number;
    (bench.advance)(DAY).await;
    bench.audit.sweep(DAY).await.unwrap();
    bench.write(3).await;
    assert!(bench.audit.page(None, 1).await.unwrap()[0].number > number, "a number is never given twice");
}

pub(super) async fn a_sweep_is_done_in_steps(bench: &Bench) {
    for number in 0..=u128::try_from(interface::STEP).unwrap() {
        bench.write(number).await;
    }
    (bench.advance)(DAY).await;
    assert!(bench.audit.sweep(DAY).await.unwrap(), "there is more");
    assert_eq!(bench.page(None, 9).await.len(), 1);
    assert!(!bench.audit.sweep(DAY).await.unwrap());
    assert_eq!(bench.page(None, 9).await, []);
}

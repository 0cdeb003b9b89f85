//! What the outbox costs in its store: mails accepted in a second, what a row on its way costs, and a claim beside a
//! million waiting rows.
//!
//! `cargo bench --bench outbox -- DIRECTORY [URL]`: SQLite in new folders of DIRECTORY, and PostgreSQL in the databases
//! `accept`, `few` and `many` of URL, in which `DATABASE` stands for their names. `scripts/bench outbox` prepares both.
//! `SMSP_BENCH_ROWS` is the number of waiting rows, `SMSP_BENCH_ONLY` one of `accept`, `way`, `claim`; or `copy`, which makes
//! so many of the one row in the databases called `node`.

#![expect(clippy::print_stdout, reason = "the table is the purpose")]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]
#![expect(clippy::expect_used, clippy::panic, reason = "a bench that cannot be set up has no figure")]

#[path = "outbox/mails.rs"]
mod mails;
#[path = "outbox/stores.rs"]
mod stores;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smsp::state::outbox::Outbox;

use mails::Mails;
use stores::Place;

const CALLERS: [usize; 3] = [1, 8, 64];
const ROUNDS: usize = 5;
/// How long one measurement takes.
const SPAN: Duration = Duration::from_secs(1);
/// Rows of a claim.
const CLAIMED: usize = 50;
const CLAIMS: usize = 40;
/// Rows that wait beside a claim, where almost none do.
const FEW: usize = 2 * CLAIMED;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let directory = arguments.next().unwrap_or_else(|| panic!("outbox DIRECTORY [URL]"));
    let places = Place::all(Path::new(&directory), arguments.next());
    let only = std::env::var("SMSP_BENCH_ONLY");
    let wanted = |part: &str| only.as_ref().map_or(true, |only| only == part);
    let rows = std::env::var("SMSP_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if only.as_ref().is_ok_and(|only| only == "copy") {
        return places.iter().for_each(|place| runtime.block_on(place.copy("node", rows)));
    }
    println!("fdatasync of 8 KiB: {:.0} in a second", syncs(Path::new(&directory)));
    if wanted("accept") {
        runtime.block_on(accept(&places));
    }
    if wanted("way") {
        runtime.block_on(way(&places));
    }
    if wanted("claim") {
        runtime.block_on(claim(&places, rows));
    }
}

/// What a commit costs on this disk at best.
fn syncs(directory: &Path) -> f64 {
    let file = File::create(directory.join("sync")).expect("a file");
    let (page, start, mut count) = ([7; 8192], Instant::now(), 0_u32);
    while start.elapsed() < SPAN {
        file.write_all_at(&page, u64::from(count % 1024) * 8192).expect("written");
        file.sync_data().expect("synced");
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Mails that so many callers bring, each the next one when the store has the one before.
async fn accept(places: &[Place]) {
    let mut rows = Vec::new();
    for place in places {
        let outbox = place.open("accept").await;
        let name = |callers| format!("{}, {callers} callers: accepted in a second", place.name());
        rows.extend(CALLERS.map(|callers| (name(callers), Arc::clone(&outbox), callers, Vec::new())));
    }
    for _ in 0..ROUNDS {
        for (_, outbox, callers, rates) in &mut rows {
            rates.push(mails::accepted(outbox, *callers, SPAN).await);
        }
    }
    rows.iter().for_each(|(name, _, _, rates)| println!("{name}: {}", spread(rates, 0)));
}

/// Rows that are claimed by fifties, and marked and ended each by a task of its own, as the pump does.
async fn way(places: &[Place]) {
    for place in places {
        let outbox = place.open("accept").await;
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            rates.push(mails::through(&outbox, CLAIMED, SPAN).await);
        }
        println!("{}: claimed, marked and ended in a second: {}", place.name(), spread(&rates, 0));
    }
}

/// A claim beside few rows and beside very many.
async fn claim(places: &[Place], rows: usize) {
    for place in places {
        let (few_rows, many_rows) = (place.filled("few", FEW).await, place.filled("many", rows).await);
        let (mut ratios, mut times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (few, many) = (median_claim(&few_rows).await, median_claim(&many_rows).await);
            ratios.push(many / few);
            times.push(many * 1000.0);
        }
        let (times, ratios) = (spread(&times, 2), spread(&ratios, 2));
        println!("{}: claim of {CLAIMED} beside {rows} rows: {times} ms, {ratios} x that beside {FEW}", place.name());
        for (what, call) in mails::LOOKS {
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                let start = Instant::now();
                call(&*many_rows).await;
                times.push(start.elapsed().as_secs_f64() * 1000.0);
            }
            println!("{}: {what} beside {rows} rows: {} ms", place.name(), spread(&times, 2));
        }
    }
}

async fn median_claim(outbox: &Arc<dyn Outbox>) -> f64 {
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        let start = Instant::now();
        let claimed = outbox.claim(Mails::node(), &mails::wanted(CLAIMED)).await.expect("claimed");
        times.push(start.elapsed().as_secs_f64());
        assert_eq!(claimed.len(), CLAIMED);
        let holds: Vec<_> = claimed.iter().map(|row| row.hold).collect();
        outbox.give_back(&holds).await.expect("given back");
    }
    times.sort_by(f64::total_cmp);
    times[CLAIMS / 2]
}

fn spread(values: &[f64], digits: usize) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (median, least, most) = (sorted[sorted.len() / 2], sorted[0], sorted[sorted.len() - 1]);
    format!("{median:.digits$} ({least:.digits$}..{most:.digits$})")
}

//! I12: callers who write their bodies slowly but steadily. One that keeps up the minimum rate is read and its mail is judged
//! as any other; one that does not is told that nobody has it.
//!
//! Each caller notes whether it kept up, by its own clock and with a margin, so that a busy machine proves nothing.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::answered::Answered;
use super::collect::{self, Times};
use super::environment::Environment;
use super::lag::Meter;
use super::record::{Ledger, Rate, Sent};
use super::rule::Rule;
use super::scenario::Scenario;
use super::{caller, mail};
use crate::harness::wait::PATIENCE;

/// What a body has before any of it has come, and between two parts of it: `SMSP_BODY_TIMEOUT` of this scenario.
pub(crate) const BODY_TIMEOUT: &str = "300ms";
const AT_FIRST: Duration = Duration::from_millis(300);
/// So many bytes bring a second more.
const MIN_RATE: u32 = 64 * 1024;
/// So many are slow at most: all of them come at once.
const MOST: usize = 64;
/// Written at a time.
const CHUNK: usize = 8 * 1024;
/// Half as fast again as it must be, and half as fast.
const PACES: [Duration; 2] = [Duration::from_millis(83), Duration::from_millis(250)];
/// For the ways between two clocks.
const MARGIN: Duration = Duration::from_millis(100);

/// Judges who was cut off and who was read. That no provider saw the mails that were cut off, I2 knows.
pub(super) fn check(ledger: &Ledger, note: &mut impl FnMut(Rule, String)) {
    let rate = |sent: &Sent| ledger.rates.get(&sent.number);
    for sent in &ledger.cut_off {
        if rate(sent) == Some(&Rate::Kept) {
            let what = format!("mail {} kept up the rate and was cut off", sent.number);
            note(Rule::I12, format!("{what} after {:?}\n{}", sent.took, sent.answer));
        }
    }
    for sent in ledger.sent.iter().filter(|sent| rate(sent) == Some(&Rate::Missed)) {
        note(Rule::I12, format!("mail {} missed the rate and was read\n{}", sent.number, sent.answer));
    }
}

/// All at once: they wait more than they work.
pub(crate) async fn run(scenario: &Scenario) -> Ledger {
    let meter = Meter::start();
    let environment = Environment::start(scenario, None).await;
    let mut calls = JoinSet::new();
    for number in 0..scenario.mails.min(MOST) {
        let stream = TcpStream::connect(environment.proxy.api).await.expect("the proxy takes connections");
        calls.spawn(timeout(PATIENCE, call(scenario.clone(), BufReader::new(stream), number)));
    }
    let (mut answered, mut cut_off, mut rates) = (Answered::default(), Vec::new(), BTreeMap::new());
    for called in calls.join_all().await {
        let called = called.map_err(|_| "none in time".to_owned()).and_then(|called| called.map_err(|e| e.to_string()));
        let (sent, rate) = match called {
            Ok(called) => called,
            Err(why) => {
                answered.unanswered.push(format!("a slow caller has no answer: {why}"));
                continue;
            }
        };
        let late = meter.lags().between(sent.from, sent.to) > MARGIN / 2;
        rates.insert(sent.number, if late { Rate::Unclear } else { rate });
        if sent.answer.status == 408 { cut_off.push(sent) } else { answered.sent.push(sent) }
    }
    let ledger = collect::close(scenario, environment, answered, Times { meter, cuts: Vec::new() }).await;
    Ledger { cut_off, rates, ..ledger }
}

/// Writes a body in its pace until the answer comes, and returns that with whether the body kept up.
async fn call(scenario: Scenario, mut stream: BufReader<TcpStream>, number: usize) -> std::io::Result<(Sent, Rate)> {
    let request = mail::request(number, &scenario, &[]);
    let (head, body) = request.split_at(request.find("\r\n\r\n").expect("a head") + 4);
    let pace = PACES[scenario.rng.below("pace", number, PACES.len())];
    let (from, start, mut due, mut rate) = (SystemTime::now(), Instant::now(), AT_FIRST, Rate::Kept);
    stream.write_all(head.as_bytes()).await?;
    for chunk in body.as_bytes().chunks(CHUNK) {
        let now = start.elapsed();
        rate = match rate {
            Rate::Missed => Rate::Missed,
            _ if now > due + MARGIN => Rate::Missed,
            Rate::Unclear => Rate::Unclear,
            Rate::Kept if now + MARGIN > due => Rate::Unclear,
            Rate::Kept => Rate::Kept,
        };
        let earned = Duration::from_secs(1) * u32::try_from(chunk.len()).expect("small") / MIN_RATE;
        due = (due + earned).min(now + AT_FIRST);
        // Who is cut off while writing has an answer to read.
        if stream.write_all(chunk).await.is_err() || timeout_at(Instant::now() + pace, stream.fill_buf()).await.is_ok()
        {
            break;
        }
    }
    // The deadline is counted from the end of the body.
    let end = Instant::now();
    let answer = caller::read(&mut stream).await?;
    let sent = Sent::plain(number, [from, SystemTime::now()], end.elapsed(), answer);
    Ok((Sent { failover: scenario.failover, allowance: mail::allowance(&request), ..sent }, rate))
}

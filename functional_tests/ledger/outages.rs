//! When a circuit was not closed, as the proxy's own log tells.

use std::time::{Duration, SystemTime};

use mail_parser::DateTime;
use serde_json::Value;

/// One stretch of time in which a circuit was not closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outage {
    pub(crate) opened: SystemTime,
    /// `None`: it lasted to the end.
    pub(crate) closed: Option<SystemTime>,
    /// Why it opened.
    pub(crate) reason: String,
}

impl Outage {
    /// Was the circuit open for certain at this moment?
    pub(crate) fn covers(&self, moment: SystemTime) -> bool {
        self.opened < moment && self.closed.is_none_or(|closed| moment < closed)
    }

    /// The part of it that is beyond doubt. A closing is logged after the fact, and the last one perhaps not yet; but no
    /// circuit closes before the last of its probes has arrived.
    pub(crate) fn until_a_probe(&self, probes: &[SystemTime]) -> Self {
        let during = |probe: &&SystemTime| **probe > self.opened && self.closed.is_none_or(|closed| **probe <= closed);
        let last = probes.iter().filter(during).max().copied();
        Self { closed: last.or(self.closed.map(|_| self.opened)), ..self.clone() }
    }
}

/// The outages of one upstream, in order. That of its circuit's generations: lines of several threads may be late.
pub(crate) fn outages(log: &[Value], upstream: &str) -> Vec<Outage> {
    let mut outages = Vec::<Outage>::new();
    let mut events: Vec<_> = log.iter().filter(|event| event["upstream"] == upstream).collect();
    events.sort_by_key(|event| event["generation"].as_u64());
    for event in events {
        match event["message"].as_str() {
            Some("circuit opened") if event["from"] == "closed" => {
                outages.push(Outage { opened: time(event), closed: None, reason: text(&event["reason"]) });
            }
            Some("circuit closed") => {
                let last = outages.last_mut().unwrap_or_else(|| panic!("closed before it opened: {event}"));
                last.closed = Some(time(event));
            }
            _ => {}
        }
    }
    outages
}

/// When an event was logged.
pub(crate) fn time(event: &Value) -> SystemTime {
    let stamp = text(&event["timestamp"]);
    let seconds = DateTime::parse_rfc3339(&stamp).unwrap_or_else(|| panic!("no time in {event}")).to_timestamp();
    let fraction = stamp.split_once('.').map_or("0", |(_, rest)| rest.trim_end_matches('Z'));
    let micros = format!("{fraction:0<6}")[..6].parse().unwrap_or_else(|e| panic!("{e} in {event}"));
    let seconds = u64::try_from(seconds).expect("after 1970");
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_log_is_read_in_the_order_of_generations_and_to_the_microsecond() {
    let line = |message, from, generation, stamp| serde_json::json!({"message": message, "from": from, "generation": generation, "upstream": "a", "reason": "r", "timestamp": stamp});
    let log = [
        line("circuit closed", "half_open", 3, "2026-11-21T19:40:48.000001Z"),
        line("circuit opened", "closed", 1, "2026-11-21T19:40:46.25Z"),
        line("circuit opened", "half_open", 2, "2026-11-21T19:40:47.000001Z"),
    ];
    let outages = outages(&log, "a");
    let [Outage { opened, closed: Some(closed), .. }] = &outages[..] else { panic!("{outages:?}") };
    assert_eq!(closed.duration_since(*opened).ok(), Some(Duration::from_micros(1_750_001)));
    let start = opened.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    assert_eq!(start, Duration::from_millis(1_795_290_046_250));
}

#[test]
fn an_outage_lasts_for_certain_only_to_the_last_of_its_probes() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let outage = |closed| Outage { opened: at(10), closed, reason: String::new() };
    let until = |closed, probes: &[SystemTime]| outage(closed).until_a_probe(probes).closed;
    assert_eq!(until(Some(at(20)), &[at(5), at(12), at(19), at(21)]), Some(at(19)));
    assert_eq!(until(Some(at(20)), &[at(5)]), Some(at(10)), "nobody knows what closed it");
    assert_eq!(until(None, &[at(5), at(12)]), Some(at(12)), "its closing may not be logged yet");
    assert_eq!(until(None, &[at(5)]), None, "no probe has tried it");
}

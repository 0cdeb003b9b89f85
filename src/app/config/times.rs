//! Times that bound each other: what holds of each is listed, and what is worth a thought is told.

use std::time::Duration;

use super::upstream::UpstreamConfig;
use crate::delivery::dispatch::settings::REQUEST_DEADLINE;
use crate::delivery::upstream::global::{CONNECT_TIMEOUT, PROBE_TIMEOUT};
use crate::delivery::upstream::transfer_time;
use crate::runtime::settings::{Section, in_units};
use crate::runtime::shutdown::settings::DRAIN_DEADLINE;

/// At most half of an attempt's time, in whole milliseconds as every setting is.
pub(super) fn connect_timeout(written: Duration, attempt_timeout: Duration) -> Duration {
    let half = u64::try_from(attempt_timeout.as_millis() / 2).unwrap_or(u64::MAX);
    written.min(Duration::from_millis(half.max(1)))
}

/// Lists the longest that an upstream has.
pub(super) fn list_connect_timeout(section: &mut Section, written: Duration, upstreams: &[UpstreamConfig]) {
    let times = upstreams.iter().map(|upstream| (upstream, upstream.settings.connect_timeout));
    let Some(longest) = times.clone().map(|(_, time)| time).max() else { return };
    if longest < written {
        section.in_force(CONNECT_TIMEOUT.row.name, &in_units(longest));
    }
    let cut = times.filter(|(_, time)| *time < written);
    let cut: Vec<_> = cut.map(|(upstream, time)| format!("{} for {}", in_units(time), upstream.name)).collect();
    if !cut.is_empty() {
        let (written, cut) = (in_units(written), cut.join(", "));
        let problem = format!("is {written}, but at most half of an attempt's time is for connecting: {cut}");
        section.warning(CONNECT_TIMEOUT.row.name, &problem);
    }
}

/// Lists what every upstream takes from its attempt timeout, where `written` says nothing else; empty where they differ.
pub(super) fn list_probe_timeout(section: &mut Section, written: Option<Duration>, upstreams: &[UpstreamConfig]) {
    let mut times = upstreams.iter().map(|upstream| upstream.settings.attempt_timeout);
    let Some(first) = times.next() else { return };
    let text = if times.all(|time| time == first) { in_units(first) } else { String::new() };
    section.by_default(PROBE_TIMEOUT.row.name, &text);
    if written.is_none() {
        section.in_force(PROBE_TIMEOUT.row.name, &text);
    }
}

/// An attempt ends with its request, and only a request with time left asks another provider.
pub(super) fn check_request_deadline(section: &mut Section, deadline: Duration, upstreams: &[UpstreamConfig]) {
    let connects = upstreams.iter().map(|upstream| upstream.settings.connect_timeout);
    if connects.max().is_some_and(|connect| deadline <= connect * 2) {
        return section.error(REQUEST_DEADLINE.row.name, NO_TIME);
    }
    let longer = upstreams.iter().filter(|upstream| upstream.settings.attempt_timeout > deadline);
    let longer: Vec<_> = longer.map(attempt_timeout).collect();
    if !longer.is_empty() {
        let (deadline, longer) = (in_units(deadline), longer.join(", "));
        let problem = format!("is {deadline}, less than {longer}: a slow attempt leaves no time for another provider");
        section.warning(REQUEST_DEADLINE.row.name, &problem);
    }
}

const NO_TIME: &str = "leaves no time for an attempt: it must be more than twice SMSP_CONNECT_TIMEOUT";

fn attempt_timeout(UpstreamConfig { name, settings, .. }: &UpstreamConfig) -> String {
    let name = name.replace('-', "_").to_ascii_uppercase();
    format!("SMSP_{name}_ATTEMPT_TIMEOUT ({})", in_units(settings.attempt_timeout))
}

/// What is still under way at the end of the drain is given up.
pub(super) fn check_drain_deadline(section: &mut Section, max_body: usize, request: Duration, drain: Duration) {
    let longest = request + transfer_time(max_body);
    if drain < longest {
        let problem = format!(
            "is {drain:?}, but a mail of SMSP_MAX_BODY may take {}s: a node that ends gives up what takes longer",
            longest.as_secs()
        );
        section.warning(DRAIN_DEADLINE.row.name, &problem);
    }
}

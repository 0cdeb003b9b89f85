//! One job as Prometheus sees it: which of its alerts fire.

use std::time::Duration;

use tokio::time::sleep;

use super::prometheus::Prometheus;
use crate::harness::wait::{eventually_within, when};

/// Longer than the longest wait and window of a shortened alert, on a busy machine.
const LONG: Duration = Duration::from_secs(150);
/// Between two turns of a load: an operator's nodes have callers all the time, but these share one machine.
const PACE: Duration = Duration::from_millis(100);

/// One job.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) prometheus: &'a Prometheus,
    pub(super) job: &'static str,
}

impl Watch<'_> {
    /// Goes on with this load until the alert fires, with this label and this severity.
    pub(super) async fn fires(&self, alert: &str, label: (&str, &str), severity: &str, load: impl AsyncFnMut()) {
        let (name, value) = label;
        let labels = format!("alertname=\"{alert}\",severity=\"{severity}\",{name}=\"{value}\"");
        self.until(true, &labels, load).await;
    }

    /// Goes on with this load until the alert fires no more, with any labels.
    pub(super) async fn ends(&self, alert: &str, load: impl AsyncFnMut()) {
        self.until(false, &format!("alertname=\"{alert}\""), load).await;
    }

    async fn until(&self, fires: bool, labels: &str, mut load: impl AsyncFnMut()) {
        let expr = format!("ALERTS{{alertstate=\"firing\",job=\"{}\",{labels}}}", self.job);
        let claim = format!("{} {}", if fires { "it fires:" } else { "it has ended:" }, expr);
        eventually_within(LONG, &claim, async || {
            load().await;
            sleep(PACE).await;
            let firing = !self.prometheus.query(&expr).await?.is_empty();
            let all = format!("ALERTS{{job=\"{}\"}}", self.job);
            let all = if firing == fires { Vec::new() } else { self.prometheus.query(&all).await? };
            when(firing == fires, || format!("{all:#?}"))
        })
        .await;
    }

    /// Waits until a query of this job, which `$` stands for, gives one value that is as it should be.
    pub(super) async fn sees(&self, expr: &str, is_right: impl Fn(f64) -> bool) {
        let expr = expr.replace('$', self.job);
        eventually_within(LONG, &expr, async || {
            let samples = self.prometheus.query(&expr).await?;
            when(samples.len() == 1 && samples.iter().all(|sample| is_right(sample.value)), || format!("{samples:#?}"))
        })
        .await;
    }
}

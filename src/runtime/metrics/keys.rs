//! When the keys of callers end. The page shows those that hold now, so the whole list is replaced when keys are read anew.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Caller {
    caller: Arc<str>,
}

/// The end of the longest-lived key of each caller whose keys all end, in seconds since 1970. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct KeyEnds(Arc<ArcSwap<Vec<(Caller, f64)>>>);

impl KeyEnds {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "key_expires_timestamp_seconds",
            "End of the longest-lived key of a caller, in seconds since 1970; absent where it has a key without an end",
            self.clone(),
        );
    }

    /// Shows these callers, and no others.
    pub fn replace(&self, ends: impl Iterator<Item = (Arc<str>, SystemTime)>) {
        let seconds = |end: SystemTime| end.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        self.0.store(Arc::new(ends.map(|(caller, end)| (Caller { caller }, seconds(end))).collect()));
    }
}

impl EncodeMetric for KeyEnds {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0.load().iter().try_for_each(|(caller, end)| encoder.encode_family(caller)?.encode_gauge(end))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }

    fn is_empty(&self) -> bool {
        self.0.load().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text::encode_registry;

    use super::*;

    #[test]
    fn only_the_callers_of_the_last_reading_are_shown() {
        let (ends, mut registry) = (KeyEnds::default(), Registry::default());
        ends.register(&mut registry);
        let page = || {
            let mut page = String::new();
            encode_registry(&mut page, &registry).unwrap();
            page.lines().filter(|line| !line.starts_with("# HELP")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(page(), [""; 0], "without an end there is no family");
        let end = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        ends.replace([("shop".into(), end(86_400)), ("gone".into(), end(5))].into_iter());
        ends.replace([("shop".into(), end(1_795_305_600))].into_iter());
        let family = "key_expires_timestamp_seconds";
        assert_eq!(page(), [format!("# TYPE {family} gauge"), format!("{family}{{caller=\"shop\"}} 1795305600.0")]);
    }
}

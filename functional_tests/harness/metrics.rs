//! A page of metrics in the Prometheus text format, read back as counts.

use std::collections::BTreeMap;

/// One page.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) page: String,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: String,
}

impl Metrics {
    pub(crate) fn parse(page: &str) -> Self {
        let samples = page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(sample).collect();
        Self { page: page.to_owned(), samples }
    }

    /// The sum over all series of this name that carry these labels; none is zero.
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let count = |sample: &Sample| sample.value.parse::<u64>().unwrap_or_else(|e| panic!("{e}: {sample:?}"));
        self.matching(name, labels).map(count).sum()
    }

    /// The one gauge of this name that carries these labels.
    #[track_caller]
    pub(crate) fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let values: Vec<_> = self.matching(name, labels).map(|sample| sample.value.parse()).collect();
        let [Ok(value)] = values[..] else { panic!("{name} {labels:?}: {values:?}\n{}", self.page) };
        value
    }

    /// Is there any such series?
    pub(crate) fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.matching(name, labels).next().is_some()
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| {
            let carries = |(label, value): &(&str, &str)| sample.labels.get(*label).is_some_and(|v| v == value);
            sample.name == name && labels.iter().all(carries)
        })
    }
}

/// `name{label="value",...} number`; no label of ours holds a quote or a comma.
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value in metrics line {line}"));
    let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
    let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    Sample {
        name: name.to_owned(),
        labels: pairs.map(|(label, text)| (label.to_owned(), text.trim_matches('"').to_owned())).collect(),
        value: value.to_owned(),
    }
}

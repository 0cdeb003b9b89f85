//! Which traces are recorded: decided by the ids alone, before anything of a span is made.
//!
//! A ratio is held by the last bits of the trace's id, so that every program that holds the same ratio so decides alike.

use super::id::TraceId;

/// One more than the highest [`TraceId::draw`].
const ALL: u64 = 1 << 63;

/// What is recorded of traces that begin here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Each.
    All,
    /// None.
    None,
    /// As many as the ratio says.
    Ratio,
}

/// How it is decided: the values of `OTEL_TRACES_SAMPLER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Is the caller followed, where there is one?
    pub by_parent: bool,
    /// What holds else.
    pub root: Root,
}

/// Decides which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    by_parent: bool,
    /// Recorded is what has a lower draw.
    below: u64,
}

impl Sampler {
    /// In this way; the ratio, from 0 to 1, is that of [`Root::Ratio`].
    pub fn new(strategy: Strategy, ratio: f64) -> Self {
        let below = match strategy.root {
            Root::All => ALL,
            Root::None => 0,
            Root::Ratio => (ratio * ALL as f64) as u64,
        };
        Self { by_parent: strategy.by_parent, below }
    }

    /// Is this trace recorded? `parent`: does the caller record its span; `None`: it has none.
    pub(super) fn records(self, id: TraceId, parent: Option<bool>) -> bool {
        parent.filter(|_| self.by_parent).unwrap_or_else(|| id.draw() < self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(by_parent: bool, root: Root, ratio: f64) -> Sampler {
        Sampler::new(Strategy { by_parent, root }, ratio)
    }

    #[test]
    fn the_caller_decides_where_it_is_followed_and_else_the_root() {
        for (by_parent, root, ratio, [alone, unrecorded, recorded]) in [
            (true, Root::Ratio, 1.0, [true, false, true]),
            (true, Root::Ratio, 0.0, [false, false, true]),
            (true, Root::All, 0.0, [true, false, true]),
            (true, Root::None, 1.0, [false, false, true]),
            (false, Root::All, 0.0, [true; 3]),
            (false, Root::None, 1.0, [false; 3]),
            (false, Root::Ratio, 1.0, [true; 3]),
            (false, Root::Ratio, 0.0, [false; 3]),
        ] {
            let sampler = sampler(by_parent, root, ratio);
            let records = [None, Some(false), Some(true)].map(|parent| sampler.records(TraceId::fresh(), parent));
            assert_eq!(records, [alone, unrecorded, recorded], "{by_parent} {root:?} {ratio}");
        }
    }

    #[test]
    fn a_ratio_is_that_of_the_traces_and_the_same_trace_is_decided_alike() {
        let (tenth, half) = (sampler(true, Root::Ratio, 0.1), sampler(true, Root::Ratio, 0.5));
        let ids: Vec<_> = std::iter::repeat_with(TraceId::fresh).take(100_000).collect();
        let recorded: Vec<_> = ids.iter().filter(|id| tenth.records(**id, None)).collect();
        assert!((9_000..11_000).contains(&recorded.len()), "{}", recorded.len());
        assert!(recorded.iter().all(|id| half.records(**id, None)), "a higher ratio records them too");
    }

    #[test]
    fn the_edge_of_a_ratio_is_that_of_other_programs() {
        let half = sampler(true, Root::Ratio, 0.5);
        for (last, is_recorded) in [("7fffffffffffffff", true), ("8000000000000000", false)] {
            let id = TraceId::parse(format!("{:016x}{last}", 1).as_bytes()).expect("an id");
            assert_eq!(half.records(id, None), is_recorded, "{last}");
        }
    }
}

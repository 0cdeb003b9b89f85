//! Sliding counts of one circuit's answers, by ticks, each word tagged with the tick and generation it belongs to.
//!
//! The window is ten ticks. Where little mail flows they hold too few answers to say anything, for ever; so the ring is
//! twelve windows long, and answers of older ticks count until there are enough. A provider that fails half of the mails is
//! found so at one mail in 6 s (20 of them within two minutes), and an answer costs no more than it did.
//!
//! A word is tag 32 bits | count 32. The tag is tick + 121 x generation, so a new generation makes every older word too
//! old at once and a straggler of an older generation writes a tag outside the live range: rotation and reset need
//! no step of their own that could be raced with. The factor is one more than the number of buckets, which forgives a
//! clock that is one tick ahead. The tag wraps after 2^32 ticks and generations, 136 years of 1 s ticks, 13 of the shortest; a word left
//! untouched for half of that could look new.

use super::sync::{AtomicU64, Ordering};

/// The window is this many ticks long; loom walks through all interleavings of a shorter one.
pub(super) const BUCKETS: u32 = if cfg!(smsp_loom) { 2 } else { 10 };
/// The ring is this many ticks long.
const RING: u32 = if cfg!(smsp_loom) { BUCKETS } else { 12 * BUCKETS };
const STRIDE: u32 = RING + 1;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ok,
    Failed,
    /// Counted beside one of the others.
    Slow,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers that speak for the provider.
    pub ok: u32,
    /// Answers that speak against it.
    pub failed: u32,
    /// Successes and failures that were slow.
    pub slow: u32,
}

impl Counts {
    /// All answers.
    pub fn total(self) -> u32 {
        self.ok.saturating_add(self.failed)
    }
}

/// What a circuit is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    /// Those of the window.
    pub(super) window: Counts,
    /// Those and, if they are not enough, older ones until they are.
    pub(super) newest: Counts,
}

#[derive(Default)]
struct Bucket([AtomicU64; 3]);

/// One ring, on cache lines of its own.
#[repr(align(64))]
struct Shard([Bucket; RING as usize]);

/// The counts of the newest ticks of one generation.
pub(super) struct Window {
    /// A power of two.
    shards: Box<[Shard]>,
}

impl Window {
    /// With so many rings, for so many threads to write without meeting; rounded up to a power of two.
    pub(super) fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards.max(1).next_power_of_two())
                .map(|_| Shard(std::array::from_fn(|_| Bucket::default())))
                .collect(),
        }
    }

    /// Adds one to this kind at this tick of this generation, unless a newer one has the place already.
    pub(super) fn record(&self, kind: Kind, tick: u32, generation: u64, thread: usize) {
        let shard = &self.shards[thread & (self.shards.len() - 1)];
        let word = &shard.0[(tick % RING) as usize].0[kind as usize];
        let tag = tag(tick, generation);
        let mut seen = word.load(Ordering::Relaxed);
        while let Some(next) = counted(seen, tag) {
            match word.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// What this generation has recorded in the ten ticks up to this one.
    pub(super) fn sum(&self, tick: u32, generation: u64) -> Counts {
        let now = tag(tick, generation);
        (0..BUCKETS).fold(Counts::default(), |counts, ago| self.with_tick(counts, tick, now, ago))
    }

    /// What this generation has recorded, in the window and until there are `enough`.
    pub(super) fn answers(&self, enough: u32, tick: u32, generation: u64) -> Answers {
        let now = tag(tick, generation);
        let window = self.sum(tick, generation);
        let mut newest = window;
        for ago in BUCKETS..RING {
            if newest.total() >= enough {
                break;
            }
            newest = self.with_tick(newest, tick, now, ago);
        }
        Answers { window, newest }
    }

    /// And what was recorded so many ticks `ago`.
    fn with_tick(&self, counts: Counts, tick: u32, now: u32, ago: u32) -> Counts {
        let (place, tag) = ((tick.wrapping_sub(ago) % RING) as usize, now.wrapping_sub(ago));
        self.shards.iter().fold(counts, |counts, shard| {
            let [ok, failed, slow] = shard.0[place].0.each_ref().map(|word| tagged(word, tag));
            Counts {
                ok: counts.ok.saturating_add(ok),
                failed: counts.failed.saturating_add(failed),
                slow: counts.slow.saturating_add(slow),
            }
        })
    }
}

fn tag(tick: u32, generation: u64) -> u32 {
    tick.wrapping_add(STRIDE.wrapping_mul(generation as u32))
}

/// The word after one more count under `tag`; `None` if it belongs to a newer one.
fn counted(word: u64, tag: u32) -> Option<u64> {
    let age = tag.wrapping_sub((word >> 32) as u32);
    match age {
        // Never written: no count is zero.
        _ if word == 0 => Some(u64::from(tag) << 32 | 1),
        0 => Some(word & !0xffff_ffff | u64::from((word as u32).saturating_add(1))),
        1..=0x7fff_ffff => Some(u64::from(tag) << 32 | 1),
        _ => None,
    }
}

/// The count of a word, if it belongs to this tag.
fn tagged(word: &AtomicU64, tag: u32) -> u32 {
    let word = word.load(Ordering::Relaxed);
    if (word >> 32) as u32 == tag { word as u32 } else { 0 }
}

#[cfg(test)]
#[cfg(not(smsp_loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ok(window: &Window, tick: u32, generation: u64) -> u32 {
        window.sum(tick, generation).ok
    }

    #[test]
    fn a_count_lives_for_ten_ticks() {
        let window = Window::new(1);
        window.record(Kind::Ok, 100, 0, 0);
        assert_eq!(
            (99..=111).map(|tick| ok(&window, tick, 0)).collect::<Vec<_>>(),
            [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]
        );
    }

    #[test]
    fn a_new_generation_starts_empty_and_its_stragglers_do_not_count() {
        let window = Window::new(1);
        window.record(Kind::Failed, 100, 7, 0);
        assert_eq!(window.sum(100, 8), Counts::default());
        for tick in 95..=101 {
            window.record(Kind::Failed, tick, 7, 0);
        }
        assert_eq!(window.sum(100, 8), Counts::default());
    }

    #[test]
    fn older_answers_count_until_there_are_enough_and_for_twelve_windows() {
        let window = Window::new(2);
        // One answer in five ticks, each on another thread than the one before.
        (1..=20).for_each(|n| window.record(Kind::Failed, 5 * n, 0, n as usize));
        let seen = |enough, tick| {
            let Answers { window: within, newest } = window.answers(enough, tick, 0);
            (within.failed, newest.failed)
        };
        assert_eq!(seen(1, 100), (2, 2), "the window is enough");
        assert_eq!(seen(3, 100), (2, 3));
        assert_eq!(seen(20, 100), (2, 20));
        assert_eq!(seen(20, 124), (0, 20), "the first is 119 ticks old");
        assert_eq!(seen(20, 125), (0, 19), "and leaves");
        assert_eq!(window.answers(20, 100, 1).newest, Counts::default(), "another generation");
    }

    #[test]
    fn a_count_never_overflows_into_its_tag() {
        let full = u64::from(tag(100, 0)) << 32 | u64::from(u32::MAX);
        assert_eq!(counted(full, tag(100, 0)), Some(full));
    }

    proptest! {
        /// I5: exactly the records of this generation in the last ten ticks, whatever came before.
        #[test]
        fn the_sum_is_what_a_list_of_events_says(
            steps in prop::collection::vec((0u32..40, 0u64..2, 0usize..3, 0usize..4), 0..200),
            shards in 1usize..5,
            enough in 1u32..20,
            start in 0u32..1_000_000,
        ) {
            let (window, kinds) = (Window::new(shards), [Kind::Ok, Kind::Failed, Kind::Slow]);
            let (mut tick, mut generation, mut events) = (start, 1u64, Vec::new());
            for (ticks, generations, kind, thread) in steps {
                // Few ticks pass mostly, and some generations last for more than one answer.
                tick = tick.wrapping_add(if ticks > 5 { ticks } else { 0 });
                generation += u64::from(generations > 0 && ticks % 8 == 0);
                window.record(kinds[kind], tick, generation, thread);
                events.push((tick, generation, kind));
                let count = |kind, ticks| {
                    let live = |e: &&(u32, u64, usize)| e.2 == kind && e.1 == generation && tick.wrapping_sub(e.0) < ticks;
                    u32::try_from(events.iter().filter(live).count()).unwrap()
                };
                let last = |ticks| Counts { ok: count(0, ticks), failed: count(1, ticks), slow: count(2, ticks) };
                let mut answers = events.iter().rev().filter(|e| e.1 == generation && e.2 < 2);
                let oldest = answers.nth(enough as usize - 1).map(|e| tick.wrapping_sub(e.0) + 1);
                let long = oldest.unwrap_or(RING).clamp(BUCKETS, RING);
                let expected = Answers { window: last(BUCKETS), newest: last(long) };
                prop_assert_eq!(window.answers(enough, tick, generation), expected);
            }
        }
    }
}

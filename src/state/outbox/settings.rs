//! How mail leaves the outbox, and how long what has ended is kept.

use std::time::Duration;

use super::pump::Schedule;
use crate::runtime::settings::{
    Choice, Count, DURATION, Kind, LONG_PERIOD, OrWord, PERCENT, PERIOD, Parsed, Plain, setting, settings,
};

settings! {
    /// How mail leaves the outbox, and how long what has ended is kept.
    #[derive(Clone, Debug)]
    pub struct Settings {
        starts_paused: bool as OUTBOX_START = setting(
            "claiming",
            &Choice(&[("claiming", false), ("paused", true)]),
            "`paused`: after its start this node sends nothing from the outbox, until an operator lets it go on by \
             `PUT /outbox` at its admin listener; for a store that was restored",
        );
        concurrency: u16 as OUTBOX_CONCURRENCY = setting(
            "128",
            &Count(4096),
            "mails of the outbox in flight at one upstream, at most; each is until the store has recorded what became of it",
        );
        retry: Schedule as OUTBOX_RETRY = setting(
            "1m 5m 15m 30m 1h 2h 4h",
            &SCHEDULE,
            "the waits after the first attempt, the second and so on; the last one repeats; each is spread upwards by a fifth; \
             where this is not set, mail to `mx` waits `5m 15m 30m 1h 2h 4h`",
        );
        attempts: Option<u32> as OUTBOX_ATTEMPTS = setting(
            "none",
            &OrWord("none", &Count(1_000_000)),
            "attempts with one mail, at most; `none`: as many as there are until it expires",
        );
        resends_unknown: bool as OUTBOX_UNKNOWN = setting(
            "wait",
            &Choice(&[("wait", false), ("retry", true)]),
            "what becomes of a mail that a provider may have: it waits for a verdict or a person, or it is sent again at the \
             risk of a second copy; mail to `mx` waits",
        );
        drain: Duration as OUTBOX_DRAIN = setting(
            "65s",
            &DURATION,
            "from the stop signal to the end of attempts with mail of the outbox that are under way, at most",
        );
        keep: Duration as OUTBOX_KEEP = setting(
            "72h",
            &LONG_PERIOD,
            "how long the status of a mail is kept that has ended or is `unknown`; its content goes when it ends",
        );
        min_free: u32 as OUTBOX_MIN_FREE =
            setting("10%", &PERCENT, "of the store's disk that stays free: with less, new mail is 503; SQLite alone");
    }
}

const SCHEDULE: Plain<Schedule> = Plain { unit: "times above 0s with a space between them", parse: schedule };

fn schedule(text: &str) -> Parsed<Schedule> {
    let waits: Vec<Duration> =
        text.split_ascii_whitespace().map(|wait| PERIOD.parse(wait)).collect::<Result<_, _>>()?;
    match &waits[..] {
        [first, later @ ..] => Ok(Schedule::new(*first, later.to_vec())),
        [] => Err("must be one time or more, for example 1m 5m 15m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_one_time_or_more() {
        let minute = Duration::from_secs(60);
        assert_eq!(schedule("1m"), Ok(Schedule::new(minute, Vec::new())));
        assert_eq!(schedule(OUTBOX_RETRY.row.default.unwrap()), Ok(Schedule::default()));
        for text in ["", " ", "1", "1m,5m", "0s", "1m 0s", "1m x"] {
            assert!(schedule(text).is_err(), "{text:?}");
        }
    }
}

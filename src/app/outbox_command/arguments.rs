//! The arguments of `smsp outbox`.

use uuid::Uuid;

use crate::app::options::Options;
use crate::app::watching::Show;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Order as OfMail, State};

/// Members of a filter, each as an option and as the node names it.
const FILTER: [(&str, &str); 7] = [
    ("--status", "status"),
    ("--caller", "caller"),
    ("--from-domain", "from_domain"),
    ("--upstream", "upstream"),
    ("--accepted-from", "accepted_from"),
    ("--accepted-before", "accepted_before"),
    ("--possible-duplicate", "possible_duplicate"),
];

/// Mails that are listed where nothing is said, and at most.
const LISTED: usize = 20;
const MAX_LISTED: usize = 100_000;

/// What stands behind `smsp outbox`.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    /// How much mail waits.
    Show(Show),
    /// Which mail there is.
    List(List),
    /// What becomes of mail.
    Order(Order),
}

/// Which mail there is.
#[derive(Debug, PartialEq, Eq)]
pub struct List {
    pub(super) filter: Filter,
    pub(super) oldest_first: bool,
    pub(super) limit: usize,
    pub(super) as_json: bool,
}

/// Mail that fits all of it, by the names that the node has.
pub(super) type Filter = Vec<(&'static str, String)>;

/// What becomes of mail.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub(super) what: What,
    pub(super) meant: Meant,
    pub(super) as_json: bool,
}

/// The orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Retry,
    Cancel,
    SettleAsAccepted,
    SettleAsNone,
}

/// Which mail is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// These.
    Ids(Vec<String>),
    /// All that fits.
    All { filter: Filter, over: Option<String>, count: Option<u64> },
}

impl Arguments {
    /// Reads what stands behind `smsp outbox`.
    pub fn read(words: &[&str]) -> Result<Self, String> {
        match *words {
            ["list", ref words @ ..] => list(words).map(Self::List),
            [what @ ("retry" | "cancel" | "settle"), ref words @ ..] => order(what, words).map(Self::Order),
            [word, ..] if !word.starts_with('-') => {
                Err(format!("smsp outbox does not know `{word}`: there are list, retry, cancel and settle"))
            }
            _ => Show::read("smsp outbox", words).map(Self::Show),
        }
    }
}

impl What {
    fn of_mail(self) -> OfMail {
        match self {
            Self::Retry => OfMail::Retry,
            Self::Cancel => OfMail::Cancel,
            Self::SettleAsAccepted => OfMail::SettleAsAccepted,
            Self::SettleAsNone => OfMail::SettleAsNone,
        }
    }

    /// As the node names it, for many mails.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Cancel => "cancel",
            Self::SettleAsAccepted => "settle_as_accepted",
            Self::SettleAsNone => "settle_as_none",
        }
    }

    fn needs_status(self) -> Option<&'static str> {
        match self {
            Self::Retry => Some("--status parked or --status unknown"),
            Self::Cancel => Some("--status queued or --status parked"),
            Self::SettleAsAccepted | Self::SettleAsNone => None,
        }
    }
}

fn list(words: &[&str]) -> Result<List, String> {
    let valued: Vec<_> = FILTER.iter().map(|(option, _)| *option).chain(["--limit"]).collect();
    let options = Options::read("smsp outbox list", words, &["--oldest", "--json"], &valued)?;
    if let Some(word) = options.rest.first() {
        return Err(format!("smsp outbox list does not know `{word}`"));
    }
    let no_limit = || format!("--limit must be a whole number from 1 to {MAX_LISTED}");
    let limit = options.value("--limit").map_or(Ok(LISTED), |text| {
        text.parse().ok().filter(|limit| (1..=MAX_LISTED).contains(limit)).ok_or_else(no_limit)
    })?;
    let filter = filter(&options, &State::ALL)?;
    Ok(List { filter, oldest_first: options.has("--oldest"), limit, as_json: options.has("--json") })
}

fn order(word: &str, words: &[&str]) -> Result<Order, String> {
    let own: &[&str] = if word == "settle" { &["--all", "--over", "--as"] } else { &["--all", "--over"] };
    let valued: Vec<_> = FILTER.iter().map(|(option, _)| *option).chain(own.iter().copied()).collect();
    let options = Options::read(&format!("smsp outbox {word}"), words, &["--json"], &valued)?;
    let what = match (word, options.value("--as")) {
        ("retry", _) => What::Retry,
        ("cancel", _) => What::Cancel,
        (_, Some("accepted")) => What::SettleAsAccepted,
        (_, Some("none")) => What::SettleAsNone,
        _ => return Err("smsp outbox settle needs --as accepted or --as none".to_owned()),
    };
    Ok(Order { what, meant: meant(what, &options)?, as_json: options.has("--json") })
}

fn meant(what: What, options: &Options) -> Result<Meant, String> {
    let taken: Vec<_> = State::ALL.into_iter().filter(|state| what.of_mail().takes(*state)).collect();
    let mut filter = filter(options, &taken)?;
    let over = options.value("--over").map(str::to_owned);
    let no_count = || "--all must be the number of mails that fit".to_owned();
    let count = options.value("--all").map(|text| text.parse().map_err(|_| no_count())).transpose()?;
    if !options.rest.is_empty() {
        if !filter.is_empty() || over.is_some() || count.is_some() {
            return Err("ids stand alone: a filter, --over and --all are about all mail that fits".to_owned());
        }
        return ids(&options.rest).map(Meant::Ids);
    }
    if !filter.iter().any(|(name, _)| *name == "status") {
        match what.needs_status() {
            Some(needed) => return Err(format!("needs ids of mails, or a filter with {needed}")),
            None if filter.is_empty() && count.is_none() => {
                return Err("needs ids of mails, or a filter: --status unknown is all of them".to_owned());
            }
            None => filter.push(("status", "unknown".to_owned())),
        }
    }
    Ok(Meant::All { filter, over, count })
}

fn ids(words: &[String]) -> Result<Vec<String>, String> {
    let id = |word: &String| {
        Uuid::try_parse(word).map(|id| id.to_string()).map_err(|_| format!("`{word}` is no id of a mail"))
    };
    words.iter().map(id).collect()
}

/// What needs no node to be seen wrong is refused here.
fn filter(options: &Options, states: &[State]) -> Result<Filter, String> {
    let given = FILTER.into_iter().filter_map(|(option, name)| Some((option, name, options.value(option)?)));
    let checked = given.map(|(option, name, value)| match wrong(name, value, states) {
        Some(reason) => Err(format!("{option} must be {reason}")),
        None => Ok((name, value.to_owned())),
    });
    checked.collect()
}

/// What a member of a filter has to be, where it is not.
fn wrong(name: &str, value: &str, states: &[State]) -> Option<String> {
    let (is_right, expected) = match name {
        "status" => {
            let words: Vec<_> = states.iter().map(|state| state.as_str()).collect();
            (words.contains(&value), format!("one of {}", words.join(", ")))
        }
        "possible_duplicate" => (matches!(value, "true" | "false"), "true or false".to_owned()),
        "accepted_from" | "accepted_before" => {
            (UnixTime::parse(value).is_some(), "a time as 2026-11-21T22:05:09Z".to_owned())
        }
        _ => return None,
    };
    (!is_right).then_some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a21648-c217-7484-8bb9-6404cd0bad53";

    fn order(words: &[&str]) -> Order {
        let Ok(Arguments::Order(order)) = Arguments::read(words) else { panic!("{words:?}") };
        order
    }

    #[test]
    fn without_a_command_the_outbox_is_shown() {
        assert_eq!(Arguments::read(&[]), Ok(Arguments::Show(Show::default())));
        let both = Show { watches: true, as_json: true };
        assert_eq!(Arguments::read(&["--json", "--watch"]), Ok(Arguments::Show(both)));
    }

    #[test]
    fn a_list_has_a_filter_an_order_and_a_limit() {
        let list = Arguments::read(&["list", "--status", "parked", "--oldest", "--limit", "250", "--caller", "shop"]);
        let filter = vec![("status", "parked".to_owned()), ("caller", "shop".to_owned())];
        assert_eq!(list, Ok(Arguments::List(List { filter, oldest_first: true, limit: 250, as_json: false })));
    }

    #[test]
    fn an_order_is_about_ids_or_about_all_mail_that_fits() {
        let ids = Meant::Ids(vec![ID.to_owned()]);
        assert_eq!(order(&["retry", ID]), Order { what: What::Retry, meant: ids, as_json: false });
        let all = order(&["settle", "--as", "none", "--upstream", "mg", "--all", "12", "--over", "1h", "--json"]);
        let filter = vec![("upstream", "mg".to_owned()), ("status", "unknown".to_owned())];
        let meant = Meant::All { filter, over: Some("1h".to_owned()), count: Some(12) };
        assert_eq!(all, Order { what: What::SettleAsNone, meant, as_json: true });
    }

    #[test]
    fn arguments_that_could_order_more_than_was_meant_are_refused_with_what_is_wrong() {
        for (words, problem) in [
            (&["lst"][..], "smsp outbox does not know `lst`"),
            (&["--status", "parked"], "does not know `--status`"),
            (&["list", "parked"], "smsp outbox list does not know `parked`"),
            (&["list", "--limit", "0"], "--limit must be"),
            (&["retry"], "needs ids of mails, or a filter with --status parked or --status unknown"),
            (&["retry", "--caller", "shop"], "needs ids of mails, or a filter with --status"),
            (&["cancel", "--all", "3"], "--status queued or --status parked"),
            (&["settle", "--as", "none"], "needs ids of mails, or a filter"),
            (&["settle", ID], "needs --as accepted or --as none"),
            (&["settle", ID, "--as", "sent"], "needs --as accepted or --as none"),
            (&["retry", ID, "--as", "none"], "does not know `--as`"),
            (&["retry", ID, "--status", "parked"], "ids stand alone"),
            (&["cancel", ID, "--all", "1"], "ids stand alone"),
            (&["cancel", "../pause"], "`../pause` is no id of a mail"),
            (&["cancel", "--status", "parked", "--all", "all"], "--all must be the number"),
            (&["list", "--status", "lost"], "--status must be one of queued, claimed, sending, "),
            (&["list", "--possible-duplicate", "maybe"], "--possible-duplicate must be true or false"),
            (&["list", "--accepted-from", "yesterday"], "--accepted-from must be a time as 2026-"),
            (&["retry", "--status", "queued", "--all", "1"], "--status must be one of unknown, parked"),
            (&["cancel", "--status", "accepted"], "--status must be one of queued, parked"),
            (&["settle", "--as", "none", "--status", "parked"], "--status must be one of unknown"),
        ] {
            let error = Arguments::read(words).unwrap_err();
            assert!(error.contains(problem), "{words:?}: {error}");
        }
    }
}

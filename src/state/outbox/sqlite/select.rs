//! Rows that operators mean: lists of them, and counts. An index has them by caller, state and time, so a page costs as many
//! steps as rows are looked at, however many there are.

use std::vec::IntoIter;

use rusqlite::{Connection, params};

use super::accept::ticket;
use super::columns::signed;
use super::{attempts, names, parts};
use crate::model::caller::CallerName;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::first_places::FirstPlaces;
use crate::state::outbox::parts::UPSTREAM;
use crate::state::outbox::{CountedRows, Listed, Listing, Place, RouteSet, RowId, Selection, Sort, State, Walked};

/// Rows of a state that they stay in, from the newest on.
pub(super) const NEWEST: &str = "select listed_at, id from envelope
    where caller = ?1 and state not in (1, 2) and state = ?2 and listed_at >= ?3 and listed_at < ?4
        and (listed_at, id) < (?5, ?6) order by listed_at desc, id desc limit ?7";

/// Rows of a state that they stay in, from the oldest on.
pub(super) const OLDEST: &str = "select listed_at, id from envelope
    where caller = ?1 and state not in (1, 2) and state = ?2 and listed_at >= ?3 and listed_at < ?4
        and (listed_at, id) > (?5, ?6) order by listed_at, id limit ?7";

/// Rows in doubt, from the newest on; those that are in parts are somewhere else.
pub(super) const IN_DOUBT_NEWEST: &str = "select listed_at, id from envelope
    where caller = ?1 and state = 3 and split <> 1 and ?2 = 3 and listed_at >= ?3 and listed_at < ?4
        and (listed_at, id) < (?5, ?6) order by listed_at desc, id desc limit ?7";

/// Rows in doubt, from the oldest on; those that are in parts are somewhere else.
pub(super) const IN_DOUBT_OLDEST: &str = "select listed_at, id from envelope
    where caller = ?1 and state = 3 and split <> 1 and ?2 = 3 and listed_at >= ?3 and listed_at < ?4
        and (listed_at, id) > (?5, ?6) order by listed_at, id limit ?7";

/// Rows of a state that they pass through: all nodes have few of these in hand.
pub(super) const IN_HAND: &str = "select listed_at, id from envelope
    where caller = ?1 and state in (1, 2) and state = ?2 and listed_at >= ?3 and listed_at < ?4";

/// Rows in parts that come to a state, from the newest on.
pub(super) const SPLIT_NEWEST: &str = "select listed_at, id from envelope
    where caller = ?1 and split = 1 and shown = ?2 and listed_at >= ?3 and listed_at < ?4
        and (listed_at, id) < (?5, ?6) order by listed_at desc, id desc limit ?7";

/// Rows in parts that come to a state, from the oldest on.
pub(super) const SPLIT_OLDEST: &str = "select listed_at, id from envelope
    where caller = ?1 and split = 1 and shown = ?2 and listed_at >= ?3 and listed_at < ?4
        and (listed_at, id) > (?5, ?6) order by listed_at, id limit ?7";

/// What no index has.
const FITS: &str = "select 1 from envelope e join submission s on s.id = e.id join route_set r on r.id = e.route_set
    where e.id = ?1 and (?2 is null or coalesce(shown, state) = ?2) and (?3 is null or lower(from_domain) = ?3)
        and (?4 is null or iif(split = 0 and state in (0, 1, 4), instr(',' || names || ',', ',' || ?4 || ','), upstream = ?4))
        and (?5 is null or possible_duplicate = ?5)";

const ROW: &str = "select uuid, coalesce(shown, state), s.accepted_at, send_at, s.expires_at, possible_duplicate, c.name, from_domain,
        r.names, upstream, coalesce((select min(due) from part p where p.envelope = e.id and p.state = 0), due)
    from envelope e join submission s on s.id = e.id join caller c on c.id = e.caller
    join route_set r on r.id = e.route_set where e.id = ?1";

/// Rows of one caller that come next in a walk.
pub(super) struct Leg {
    pub(super) caller: CallerName,
    /// Behind this one.
    pub(super) after: Place,
    pub(super) places: Vec<Place>,
    /// Where the leg behind it begins, if there may be one.
    pub(super) next: Option<Walked>,
}

/// A page, newest or oldest first, at most `limit` rows.
pub(super) fn select(
    database: &Connection,
    selection: &Selection,
    sort: Sort,
    after: Option<Place>,
    limit: usize,
) -> rusqlite::Result<Listing> {
    let (limit, looked_at) = (limit.max(1), selection.looked_at(limit.max(1)));
    let mut first = FirstPlaces::new(sort, looked_at);
    for (number, _) in callers(database, selection)? {
        for state in selection.states() {
            let wanted = Wanted { selection, state, sort, after: after.unwrap_or(sort.start()), limit: looked_at };
            first.take(wanted.of(database, number)?);
        }
    }
    let places = first.places();
    let is_cut = places.len() >= looked_at;
    let (mut rows, mut last) = (Vec::new(), None);
    for place in places {
        let fits = fits(database, selection, place.row)?;
        if fits && rows.len() >= limit {
            return Ok(Listing { rows, next: last });
        }
        if fits {
            rows.push(listed(database, place.row)?);
        }
        last = Some(place);
    }
    Ok(Listing { rows, next: last.filter(|_| is_cut) })
}

/// A step of a count.
pub(super) fn count(
    database: &Connection,
    selection: &Selection,
    after: Option<&Walked>,
) -> rusqlite::Result<CountedRows> {
    let mut callers = callers_from(database, selection, after)?;
    let (mut rows, mut left) = (0, selection.counted());
    while let Some(leg) = next_leg(database, selection, after, &mut callers, left)? {
        rows += how_many_fit(database, selection, &leg.places)?;
        left = left.saturating_sub(leg.places.len());
        if left == 0 {
            return Ok(CountedRows { rows, next: leg.next });
        }
    }
    Ok(CountedRows { rows, next: None })
}

fn how_many_fit(database: &Connection, selection: &Selection, places: &[Place]) -> rusqlite::Result<u64> {
    if !selection.looks_at_rows() {
        return Ok(places.len() as u64);
    }
    places.iter().try_fold(0, |rows, place| Ok(rows + u64::from(fits(database, selection, place.row)?)))
}

/// At most so many rows behind this place, of the first caller that has one. None: the walk is over.
pub(super) fn leg(
    database: &Connection,
    selection: &Selection,
    after: Option<&Walked>,
    limit: usize,
) -> rusqlite::Result<Option<Leg>> {
    next_leg(database, selection, after, &mut callers_from(database, selection, after)?, limit)
}

/// The leg of the first of these callers that has one; they are left to those behind it.
fn next_leg(
    database: &Connection,
    selection: &Selection,
    after: Option<&Walked>,
    callers: &mut IntoIter<(i64, CallerName)>,
    limit: usize,
) -> rusqlite::Result<Option<Leg>> {
    let (sort, Some(state)) = (Sort::Oldest, selection.state) else { return Ok(None) };
    while let Some((number, caller)) = callers.next() {
        let after = after.filter(|after| after.caller == caller).map_or(sort.start(), |after| after.place);
        let places = Wanted { selection, state, sort, after, limit }.of(database, number)?;
        let Some(last) = places.last() else { continue };
        let more = Walked { caller: caller.clone(), place: *last };
        let behind = callers.as_slice().first();
        let others = behind.map(|(_, caller)| Walked { caller: caller.clone(), place: sort.start() });
        let next = if places.len() < limit { others } else { Some(more) };
        return Ok(Some(Leg { caller, after, places, next }));
    }
    Ok(None)
}

/// Is the row in the state of the selection, and all else that this asks for?
pub(super) fn fits(database: &Connection, selection: &Selection, row: RowId) -> rusqlite::Result<bool> {
    let Selection { state, from_domain, upstream, possible_duplicate, .. } = selection;
    let values = params![row, state, from_domain, upstream, possible_duplicate];
    database.prepare_cached(FITS)?.exists(values)
}

struct Wanted<'a> {
    selection: &'a Selection,
    state: State,
    sort: Sort,
    after: Place,
    limit: usize,
}

impl Wanted<'_> {
    /// The first ones of this caller.
    fn of(&self, database: &Connection, caller: i64) -> rusqlite::Result<Vec<Place>> {
        let mut places = self.whole(database, caller)?;
        if !self.state.is_final() {
            let before = places.len();
            places.extend(self.split(database, caller)?);
            if places.len() > before {
                self.sort.sort(&mut places);
                places.truncate(self.limit.max(before));
            }
        }
        Ok(places)
    }

    /// Those in parts.
    fn split(&self, database: &Connection, caller: i64) -> rusqlite::Result<Vec<Place>> {
        let Self { selection, state, sort, after, limit } = self;
        let (from, before) = selection.between(*sort, *after);
        let sql = if *sort == Sort::Newest { SPLIT_NEWEST } else { SPLIT_OLDEST };
        let values = params![caller, state, from, before, after.accepted_at, after.row, signed(*limit as u64)];
        database.prepare_cached(sql)?.query_map(values, place)?.collect()
    }

    /// Those that are not in parts.
    fn whole(&self, database: &Connection, caller: i64) -> rusqlite::Result<Vec<Place>> {
        let Self { selection, state, sort, after, limit } = self;
        let (from, before) = selection.between(*sort, *after);
        if matches!(state, State::Claimed | State::Sending) {
            let mut select = database.prepare_cached(IN_HAND)?;
            let places = select.query_map(params![caller, state, from, before], place)?;
            let mut places: Vec<Place> = places.collect::<Result<_, _>>()?;
            places.retain(|place| sort.is_behind(*place, *after));
            return Ok(places);
        }
        let sql = match (sort, state) {
            (Sort::Newest, State::Unknown) => IN_DOUBT_NEWEST,
            (Sort::Oldest, State::Unknown) => IN_DOUBT_OLDEST,
            (Sort::Newest, _) => NEWEST,
            (Sort::Oldest, _) => OLDEST,
        };
        let values = params![caller, state, from, before, after.accepted_at, after.row, signed(*limit as u64)];
        database.prepare_cached(sql)?.query_map(values, place)?.collect()
    }
}

fn place(row: &rusqlite::Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place { accepted_at: row.get(0)?, row: row.get(1)? })
}

/// The callers whose rows come next in a walk.
fn callers_from(
    database: &Connection,
    selection: &Selection,
    after: Option<&Walked>,
) -> rusqlite::Result<IntoIter<(i64, CallerName)>> {
    let mut callers = callers(database, selection)?;
    callers.retain(|(_, name)| after.is_none_or(|after| name.as_str() >= after.caller.as_str()));
    Ok(callers.into_iter())
}

/// The callers that are meant, by name.
fn callers(database: &Connection, selection: &Selection) -> rusqlite::Result<Vec<(i64, CallerName)>> {
    if let Some(caller) = &selection.caller {
        let number = names::known_caller(database, caller.as_str())?;
        return Ok(number.map(|number| (number, caller.clone())).into_iter().collect());
    }
    let mut select = database.prepare_cached("select id, name from caller order by name")?;
    let caller = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?.as_str().into()));
    select.query_map([], caller)?.collect()
}

fn listed(database: &Connection, row: RowId) -> rusqlite::Result<Listed> {
    let last_attempt = match parts::attempts(database, row)?.pop() {
        Some(last) => Some(last),
        None => attempts::last(database, row)?,
    };
    database.prepare_cached(ROW)?.query_row([row], |row| {
        let ticket = ticket(row)?;
        let (caller, names, due): (String, String, UnixTime) = (row.get(6)?, row.get(8)?, row.get(10)?);
        let upstream: Option<String> = row.get(9)?;
        let waits = ticket.state.waits() && upstream.as_deref() != Some(UPSTREAM);
        Ok(Listed {
            ticket,
            caller: caller.as_str().into(),
            from_domain: row.get(7)?,
            route_set: waits.then(|| RouteSet::new(names.split(',').filter(|name| !name.is_empty()))),
            upstream: upstream.filter(|_| !waits),
            next_attempt_at: (ticket.state == State::Queued).then_some(due),
            last_attempt,
        })
    })
}

//! Rows that operators mean: lists of them, and counts. An index has them by caller, state and time, so a page costs as many
//! steps as rows are looked at, however many there are.

use std::mem::take;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;

use super::rows::{Columns, big, code};
use super::verdicts;
use crate::model::caller::CallerName;
use crate::state::outbox::parts::UPSTREAM;
use crate::state::outbox::{CountedRows, Listed, Listing, Place, RowId, Selection, Sort, State, Walked};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// After this a step of a count goes on with no other caller: each takes some statements, and others use the store.
const COUNTING: Duration = Duration::from_secs(1);

/// Every caller that has rows, each found by one step in an index.
const CALLERS: &str = "recursive callers (caller) as (
        select min(caller) from smsp_outbox where state not in (1, 2)
        union all
        select (select min(o.caller) from smsp_outbox o where o.state not in (1, 2) and o.caller > c.caller)
        from callers c where c.caller is not null
    )";

/// The first caller behind one that has rows.
const NEXT_CALLER: &str =
    "select min(caller) from smsp_outbox where state not in (1, 2) and ($1::text is null or caller > $1)";

/// What no index has of `o` and `s`, the row and its submission.
pub(super) const FITS: &str = "($8::text is null or lower(s.from_domain) = $8)
        and ($9::text is null or case when o.split = 0 and o.state in (0, 1, 4) then $9 = any (string_to_array(o.route_set, ','))
            else coalesce(o.upstream = $9, false) end)
        and ($10::boolean is null or o.possible_duplicate = $10)";

const SHOWN: &str = "select s.id, coalesce(o.shown, o.state), s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate, s.caller,
        s.from_domain, o.route_set, o.upstream,
        coalesce((select min(p.due) from smsp_part p where p.row_id = o.row_id and p.state = 0), o.due),
        a.upstream, a.at, a.took, a.outcome, a.reason, a.code, a.provider_message_id, a.late
    from unnest($1) with ordinality w (row_id, place)
    join smsp_outbox o using (row_id) join smsp_submission s using (row_id)
    left join lateral (
        select 'mx' as upstream, t.at, t.took, t.outcome, t.reason, t.code, null as provider_message_id, t.late, 1 as rank, t.at as number
        from smsp_part p join smsp_part_attempt t using (part) where o.split > 0 and p.row_id = w.row_id
        union all
        select a.upstream, a.at, a.took, a.outcome, a.reason, a.code, a.provider_message_id, a.late, 0, a.number
        from smsp_attempt a where a.row_id = w.row_id
        order by rank desc, number desc limit 1
    ) a on true
    order by w.place";

/// A row that was looked at.
pub(super) struct Looked {
    pub(super) place: Place,
    pub(super) fits: bool,
    /// Bytes of content that it has.
    pub(super) held: u64,
}

/// Rows of one caller that come next in a walk.
pub(super) struct Leg {
    pub(super) caller: CallerName,
    /// Behind this one.
    pub(super) after: Place,
    pub(super) rows: Vec<Looked>,
    /// Where the leg behind it begins, if there may be one.
    pub(super) next: Option<Walked>,
}

/// What a statement of [`look`] looks for.
struct Wanted<'a> {
    selection: &'a Selection,
    caller: Option<&'a CallerName>,
    sort: Sort,
    after: Place,
    limit: usize,
}

/// The first rows of one caller or of all, behind a place, and whether each fits.
pub(super) fn look(of_one_caller: bool, sort: Sort, looks_at_rows: bool) -> String {
    let callers = if of_one_caller { "callers (caller) as (select $1::text)" } else { CALLERS };
    let (behind, way) = if sort == Sort::Newest { ("<", "desc") } else { (">", "asc") };
    let range = format!(
        "o.accepted_at >= $3 and o.accepted_at < $4
            and (o.accepted_at {behind} $5 or o.accepted_at = $5 and o.row_id {behind} $6)"
    );
    let fits = if looks_at_rows { FITS } else { "true" };
    format!(
        "with {callers},
        looked as materialized (
            select * from (
                select l.* from callers c cross join unnest($2) w (state) cross join lateral (
                    select o.accepted_at, o.row_id from smsp_outbox o
                    where o.caller = c.caller and o.state not in (1, 2) and o.state = w.state and w.state <> 3 and {range}
                    order by o.accepted_at {way}, o.row_id {way} limit $7
                ) l
                union all
                select d.* from callers c cross join lateral (
                    select o.accepted_at, o.row_id from smsp_outbox o
                    where o.caller = c.caller and o.state = 3 and o.split <> 1 and 3 = any ($2) and {range}
                    order by o.accepted_at {way}, o.row_id {way} limit $7
                ) d
                union all
                select p.* from callers c cross join unnest($2) w (state) cross join lateral (
                    select o.accepted_at, o.row_id from smsp_outbox o
                    where o.caller = c.caller and o.split = 1 and o.shown = w.state and {range}
                    order by o.accepted_at {way}, o.row_id {way} limit $7
                ) p
                union all
                select o.accepted_at, o.row_id from smsp_outbox o
                where o.state in (1, 2) and o.state = any ($2) and ($1::text is null or o.caller = $1) and {range}
            ) every order by accepted_at {way}, row_id {way} limit $7
        )
        select l.accepted_at, l.row_id, f.fits, f.held from looked l cross join lateral (
            select {fits} as fits, case when o.state < 5 and not o.erased then o.size else 0 end as held
            from smsp_outbox o join smsp_submission s using (row_id) where o.row_id = l.row_id limit 1
        ) f order by l.accepted_at {way}, l.row_id {way}"
    )
}

impl Wanted<'_> {
    async fn of(&self, transaction: &mut Transaction<'_>) -> Result<Vec<Looked>, Failed> {
        let Self { selection, caller, sort, after, limit } = self;
        let caller = caller.map(CallerName::as_str);
        let states: Vec<_> = selection.states().into_iter().map(code).collect();
        let (from, before) = selection.between(*sort, *after);
        let parameters: [Parameter<'_>; 10] = [
            (&caller, Type::TEXT),
            (&states, Type::INT2_ARRAY),
            (&from.0, Type::INT8),
            (&before.0, Type::INT8),
            (&after.accepted_at.0, Type::INT8),
            (&after.row.0, Type::INT8),
            (&big(*limit), Type::INT8),
            (&selection.from_domain, Type::TEXT),
            (&selection.upstream, Type::TEXT),
            (&selection.possible_duplicate, Type::BOOL),
        ];
        let sql = look(caller.is_some(), *sort, selection.looks_at_rows());
        let rows = transaction.query(&sql, &parameters).await?;
        rows.iter().map(|row| looked(&mut Columns::of(row))).collect()
    }
}

fn looked(columns: &mut Columns<'_>) -> Result<Looked, Failed> {
    let place = Place { accepted_at: columns.time()?, row: RowId(columns.value()?) };
    Ok(Looked { place, fits: columns.value()?, held: columns.value::<i64>()?.unsigned_abs() })
}

/// A page, newest or oldest first, at most `limit` rows.
pub(super) async fn select(
    transaction: &mut Transaction<'_>,
    selection: &Selection,
    sort: Sort,
    after: Option<Place>,
    limit: usize,
) -> Result<Listing, Failed> {
    let (after, limit) = (after.unwrap_or(sort.start()), limit.max(1));
    let looked_at = selection.looked_at(limit);
    let wanted = Wanted { selection, caller: selection.caller.as_ref(), sort, after, limit: looked_at };
    let looked = wanted.of(transaction).await?;
    let (mut rows, mut next) = (Vec::new(), None);
    for Looked { place, fits, .. } in &looked {
        if *fits && rows.len() >= limit {
            return Ok(Listing { rows: shown(transaction, &rows).await?, next });
        }
        rows.extend(fits.then_some(place.row.0));
        next = Some(*place);
    }
    Ok(Listing { rows: shown(transaction, &rows).await?, next: next.filter(|_| looked.len() >= looked_at) })
}

/// A step of a count, with as many callers as have rows that it may look at.
pub(super) async fn count(
    transaction: &mut Transaction<'_>,
    selection: &Selection,
    after: Option<&Walked>,
) -> Result<CountedRows, Failed> {
    let (mut rows, mut left, start) = (0, selection.counted(), Instant::now());
    let mut after = after.cloned();
    while let Some(leg) = leg(transaction, selection, after.as_ref(), left).await? {
        rows += leg.rows.iter().filter(|row| row.fits).count() as u64;
        left = left.saturating_sub(leg.rows.len());
        after = leg.next;
        if after.is_none() || left == 0 || start.elapsed() > COUNTING {
            return Ok(CountedRows { rows, next: after });
        }
    }
    Ok(CountedRows { rows, next: None })
}

/// At most so many rows behind this place, of the first caller that has one. None: the walk is over.
pub(super) async fn leg(
    transaction: &mut Transaction<'_>,
    selection: &Selection,
    after: Option<&Walked>,
    limit: usize,
) -> Result<Option<Leg>, Failed> {
    let sort = Sort::Oldest;
    if selection.state.is_none() {
        return Ok(None);
    }
    let mut at = after.map(|after| (after.caller.clone(), after.place));
    if at.is_none() {
        let first = match &selection.caller {
            Some(caller) => Some(caller.clone()),
            None => next_caller(transaction, None).await?,
        };
        at = first.map(|caller| (caller, sort.start()));
    }
    while let Some((caller, after)) = take(&mut at) {
        let wanted = Wanted { selection, caller: Some(&caller), sort, after, limit };
        let rows = wanted.of(transaction).await?;
        let last = rows.last().map(|last| last.place);
        if let Some(place) = last.filter(|_| rows.len() >= limit) {
            let next = Some(Walked { caller: caller.clone(), place });
            return Ok(Some(Leg { caller, after, rows, next }));
        }
        let next = match &selection.caller {
            Some(_) => None,
            None => next_caller(transaction, Some(&caller)).await?,
        };
        if last.is_some() {
            let next = next.map(|caller| Walked { caller, place: sort.start() });
            return Ok(Some(Leg { caller, after, rows, next }));
        }
        at = next.map(|caller| (caller, sort.start()));
    }
    Ok(None)
}

async fn next_caller(
    transaction: &mut Transaction<'_>,
    after: Option<&CallerName>,
) -> Result<Option<CallerName>, Failed> {
    let after = after.map(CallerName::as_str);
    let rows = transaction.query(NEXT_CALLER, &[(&after, Type::TEXT)]).await?;
    let caller: Option<&str> = rows.first().map_or(Ok(None), |row| field(row, 0))?;
    Ok(caller.map(CallerName::from))
}

async fn shown(transaction: &mut Transaction<'_>, rows: &[i64]) -> Result<Vec<Listed>, Failed> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(SHOWN, &[(&rows, Type::INT8_ARRAY)]).await?;
    rows.iter().map(|row| listed(&mut Columns::of(row))).collect()
}

fn listed(columns: &mut Columns<'_>) -> Result<Listed, Failed> {
    let (ticket, caller, from_domain) = (columns.ticket()?, columns.caller()?, columns.value()?);
    let (route_set, upstream, due) = (columns.route_set()?, columns.value::<Option<String>>()?, columns.time()?);
    let waits = ticket.state.waits() && upstream.as_deref() != Some(UPSTREAM);
    Ok(Listed {
        ticket,
        caller,
        from_domain,
        route_set: waits.then_some(route_set),
        upstream: upstream.filter(|_| !waits),
        next_attempt_at: (ticket.state == State::Queued).then_some(due),
        last_attempt: verdicts::attempt(columns)?,
    })
}

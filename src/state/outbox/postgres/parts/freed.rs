//! Parts that were parked with an older copy, released by operators.

use tokio_postgres::types::Type;

use super::super::rows::{big, span};
use super::{care, domains, row, whole};
use crate::state::outbox::{Release, Released};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A part that was lost three times has a fault of its own: it stays, for an order on its mail. Written as
/// [`super::claim`] is, for a database that has no statistics yet.
const PARKED: &str = "select p.part, p.row_id from smsp_part p
    join smsp_outbox o using (row_id) join smsp_submission s using (row_id)
    where p.state = 4 and p.losses < 3 and s.content_key is not null and (p.expires_at <= smsp_now()) is not true
        and ($1::text is null or o.caller = $1) and ($2::text is null or lower(s.from_domain) = $2)
        and o.accepted_at >= coalesce($3, 0) and o.accepted_at < coalesce($4, 9223372036854775807)
    order by p.part limit $5 + 1";

const FREE: &str = "update smsp_part set state = 0, possible_duplicate = true,
        due = case when smsp_now() + $2 < expires_at then smsp_now() + $2 else smsp_now() end
    where part = $1 and state = 4 returning row_id, domain, due";

/// The parts become due one after the other; one that would expire before its turn is due at once. As many as the order has
/// left; counted are mails.
pub(in super::super) async fn release(
    transaction: &mut Transaction<'_>,
    release: &Release,
    limit: usize,
) -> Result<Released, Failed> {
    let Release { caller, from_domain, accepted_from, accepted_before, over, .. } = release;
    let caller = caller.as_ref().map(|caller| caller.as_str());
    let (from, before) = (accepted_from.map(|time| time.0), accepted_before.map(|time| time.0));
    let parameters: [Parameter<'_>; 5] = [
        (&caller, Type::TEXT),
        (&from_domain, Type::TEXT),
        (&from, Type::INT8),
        (&before, Type::INT8),
        (&big(limit), Type::INT8),
    ];
    let mut meant = care::locked(transaction, PARKED, &parameters, true).await?;
    meant.sort_unstable();
    let parts = meant.len().min(limit);
    let (mut rows, mut woken) = (Vec::<i64>::new(), Vec::new());
    for (place, part) in (0..).zip(&meant[..parts]) {
        let wait = big(i128::from(span(*over)) * place / i128::from(big(parts)));
        if let Some(free) = transaction.query(FREE, &[(part, Type::INT8), (&wait, Type::INT8)]).await?.first() {
            rows.push(field(free, 0)?);
            woken.push((row::hmac(field(free, 1)?)?, field(free, 2)?));
        }
    }
    rows.sort_unstable();
    rows.dedup();
    whole::refresh(transaction, &rows).await?;
    domains::wake(transaction, &woken).await?;
    Ok(Released { released: rows.len() as u64, more: meant.len() > parts })
}

//! What is dropped of a submission: its content when it has ended, its recipients when they are erased.

use tokio_postgres::types::Type;

use crate::state::store::Failed;
use crate::state::store::postgres::Transaction;

const DROP_RECIPIENTS: &str = "with hmacs as (delete from smsp_recipient where row_id = any ($1))
    update smsp_submission set recipients_key_id = null, recipients_key = null, recipients = null,
        recipient_verdicts = null where row_id = any ($1)";

/// Drops the content of rows that have ended: the parts, and the key without which copies of them are useless.
pub(super) async fn drop_content(transaction: &mut Transaction<'_>, rows: &[i64]) -> Result<(), Failed> {
    let sql = "with parts as (delete from smsp_content where row_id = any ($1))
        update smsp_submission set content_key_id = null, content_key = null where row_id = any ($1)";
    transaction.execute(sql, &[(&rows, Type::INT8_ARRAY)]).await.map(drop)
}

pub(super) async fn drop_recipients(transaction: &mut Transaction<'_>, rows: &[i64]) -> Result<(), Failed> {
    transaction.execute(DROP_RECIPIENTS, &[(&rows, Type::INT8_ARRAY)]).await.map(drop)
}

//! Every field of a message may be named in the log.

use super::super::attachment;
use super::super::field::OUTBOX_FIELDS;
use crate::ingress::api::field_names::FIELD_NAMES;

#[test]
fn each_field_of_a_message_and_of_an_attachment_is_a_name_that_the_log_may_tell() {
    let fields = OUTBOX_FIELDS.iter().chain(&attachment::FIELDS);
    for name in fields.flat_map(|field| [Some(field.name), field.alias]).flatten() {
        assert!(FIELD_NAMES.contains(&name), "{name}");
    }
}

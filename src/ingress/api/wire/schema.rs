//! How the request stands in the document: as one of two shapes, by field names of smsp or by legacy ones, both from
//! [`FIELDS`].
//!
//! Every object is a component with a name: generators of clients make a type of each, and some fail at an object that
//! stands inside of another schema.

use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, RefBuilder, SchemaFormat, SchemaType,
    Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::batch::MESSAGES;
use super::field::{FIELDS, Field, OUTBOX_FIELDS, SEND_AT, Shape};
use super::later::PRIORITIES;
use super::{MAX_MAILS, Mail, OutboxBatch, OutboxMail, SendAt, attachment, mailboxes};

const EMAIL: &str = "Email";
const OUTBOX_EMAIL: &str = "OutboxEmail";
const OUTBOX_BATCH: &str = "OutboxBatch";
const OUTBOX_CHANGE: &str = "OutboxChange";
const ORIGINAL_EMAIL: &str = "OriginalEmail";
const MAILBOX: &str = "Mailbox";
const MAILBOX_PARTS: &str = "MailboxParts";
const MAILBOXES: &str = "Mailboxes";
const HEADERS: &str = "Headers";
const METADATA: &str = "Metadata";
const ATTACHMENT: &str = "Attachment";

impl ToSchema for Mail {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let email = object("A message, with the field names of smsp.", &FIELDS, |field| field.name);
        let about = "A message, with legacy field names: those of the service that smsp replaces.";
        let original = object(about, &FIELDS, |field| field.alias.unwrap_or(field.name));
        let attachment = object("A file.", &attachment::FIELDS, |field| field.name);
        let components: [(&str, Schema); 8] = [
            (EMAIL, email),
            (ORIGINAL_EMAIL, original),
            (MAILBOX, mailbox()),
            (MAILBOX_PARTS, object("A mailbox in its parts.", &mailboxes::PARTS, |field| field.name)),
            (MAILBOXES, mailboxes()),
            (HEADERS, pairs(&[Type::String, Type::Null])),
            (METADATA, pairs(&[Type::String, Type::Number, Type::Boolean, Type::Null])),
            (ATTACHMENT, attachment),
        ];
        schemas.extend(components.map(|(name, schema)| (name.to_owned(), schema.into())));
    }
}

/// The body itself, which has no name of its own.
impl PartialSchema for Mail {
    fn schema() -> RefOr<Schema> {
        let shapes = OneOfBuilder::new().item(reference(EMAIL)).item(reference(ORIGINAL_EMAIL));
        let note = "An `Email`, with the field names of smsp, or an `OriginalEmail`, with legacy names. A message may also have some of \
                    each, but no field under both of its names.";
        Schema::OneOf(shapes.description(Some(note)).build()).into()
    }
}

impl ToSchema for OutboxMail {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Mail::schemas(schemas);
        let about = "A message that is sent later, with the field names of smsp. Legacy names are taken too.";
        schemas.push((OUTBOX_EMAIL.to_owned(), object(about, &OUTBOX_FIELDS, |field| field.name).into()));
    }
}

impl PartialSchema for OutboxMail {
    fn schema() -> RefOr<Schema> {
        reference(OUTBOX_EMAIL)
    }
}

impl ToSchema for OutboxBatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        OutboxMail::schemas(schemas);
        let list = ArrayBuilder::new().items(reference(OUTBOX_EMAIL)).min_items(Some(1)).max_items(Some(MAX_MAILS));
        let list = list.description(Some("The messages, each answered by itself."));
        let batch = closed_object().description(Some("Messages that are sent later.")).property(MESSAGES, list);
        schemas.push((OUTBOX_BATCH.to_owned(), batch.required(MESSAGES).into()));
    }
}

impl PartialSchema for OutboxBatch {
    fn schema() -> RefOr<Schema> {
        reference(OUTBOX_BATCH)
    }
}

impl ToSchema for SendAt {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let about = "A new time for a message that waits.";
        let fields = [&Field { required: true, ..SEND_AT }];
        schemas.push((OUTBOX_CHANGE.to_owned(), object(about, &fields, |field| field.name).into()));
    }
}

impl PartialSchema for SendAt {
    fn schema() -> RefOr<Schema> {
        reference(OUTBOX_CHANGE)
    }
}

/// The words, and none.
fn priorities() -> Vec<serde_json::Value> {
    PRIORITIES.iter().map(|(word, _)| (*word).into()).chain([serde_json::Value::Null]).collect()
}

fn object(about: &str, fields: &[&Field], name: fn(&Field) -> &'static str) -> Schema {
    let object = closed_object().description(Some(about));
    let object = fields.iter().fold(object, |object, field| object.property(name(field), property(field)));
    let required = fields.iter().filter(|field| field.required);
    required.fold(object, |object, field| object.required(name(field))).build().into()
}

/// What need not be given may be `null`, which serialisers write for it.
fn property(field: &Field) -> RefOr<Schema> {
    let list = |items: RefOr<Schema>| {
        let list = ArrayBuilder::new().schema_type(type_of(field, Type::Array)).items(items);
        RefOr::T(list.description(Some(field.about)).into())
    };
    match field.shape {
        Shape::Text => RefOr::T(text(field.about).schema_type(type_of(field, Type::String)).into()),
        Shape::Mailbox => named(MAILBOX, field),
        Shape::Mailboxes => named(MAILBOXES, field),
        Shape::Words => list(
            text("1 to 255 characters of any script; at most 50 words.")
                .min_length(Some(1))
                .max_length(Some(255))
                .into(),
        ),
        Shape::Headers => named(HEADERS, field),
        Shape::Metadata => named(METADATA, field),
        Shape::Attachments => list(reference(ATTACHMENT)),
        Shape::Time => {
            let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
            RefOr::T(text(field.about).schema_type(type_of(field, Type::String)).format(Some(format)).into())
        }
        Shape::Priority => {
            RefOr::T(text(field.about).schema_type(type_of(field, Type::String)).enum_values(Some(priorities())).into())
        }
    }
}

fn type_of(field: &Field, known: Type) -> SchemaType {
    if field.required { known.into() } else { SchemaType::from_iter([known, Type::Null]) }
}

fn named(name: &str, field: &Field) -> RefOr<Schema> {
    let about = Some(field.about);
    if field.required {
        return RefOr::Ref(RefBuilder::new().ref_location_from_schema_name(name).description(about).build());
    }
    let null = ObjectBuilder::new().schema_type(Type::Null);
    RefOr::T(OneOfBuilder::new().item(reference(name)).item(null).description(about).build().into())
}

fn mailbox() -> Schema {
    let written = text("`a@b.org` or `Name <a@b.org>`.");
    Schema::OneOf(OneOfBuilder::new().item(written).item(reference(MAILBOX_PARTS)).build())
}

fn mailboxes() -> Schema {
    let list = ArrayBuilder::new().items(reference(MAILBOX));
    Schema::OneOf(OneOfBuilder::new().item(list).item(text("Mailboxes, separated by `,` or `;`.")).build())
}

/// Names and values of these types.
fn pairs(types: &[Type]) -> Schema {
    let value = ObjectBuilder::new().schema_type(SchemaType::from_iter(types.iter().cloned()));
    let values = AdditionalProperties::RefOr(RefOr::T(value.description(Some("A value.")).into()));
    ObjectBuilder::new().additional_properties(Some(values)).description(Some("Names and their values.")).into()
}

fn closed_object() -> ObjectBuilder {
    ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

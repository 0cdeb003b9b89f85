//! How the request stands in the document: as one of two shapes, by field names of smsp or by legacy ones, both from
//! [`FIELDS`].
//!
//! Every object is a component with a name: generators of clients make a type of each, and some fail at an object that
//! stands inside of another schema.

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, RefBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{FIELDS, Field, Mail, Shape, attachment};

const EMAIL: &str = "Email";
const ORIGINAL_EMAIL: &str = "OriginalEmail";
const MAILBOX: &str = "Mailbox";
const MAILBOX_PARTS: &str = "MailboxParts";
const MAILBOXES: &str = "Mailboxes";
const HEADERS: &str = "Headers";
const METADATA: &str = "Metadata";
const ATTACHMENT: &str = "Attachment";

impl ToSchema for Mail {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let email = object("Field names of smsp.", &FIELDS, |field| field.name);
        let about = "Legacy field names, of the service that smsp replaces.";
        let original = object(about, &FIELDS, |field| field.alias.unwrap_or(field.name));
        let attachment = object("A file.", &attachment::FIELDS, |field| field.name);
        let components: [(&str, Schema); 8] = [
            (EMAIL, email),
            (ORIGINAL_EMAIL, original),
            (MAILBOX, mailbox()),
            (MAILBOX_PARTS, mailbox_parts()),
            (MAILBOXES, mailboxes()),
            (HEADERS, pairs("Names and their values.")),
            (METADATA, pairs("Names and their values.")),
            (ATTACHMENT, attachment),
        ];
        schemas.extend(components.map(|(name, schema)| (name.to_owned(), schema.into())));
    }
}

/// The body itself, which has no name of its own.
impl PartialSchema for Mail {
    fn schema() -> RefOr<Schema> {
        let shapes = OneOfBuilder::new().item(reference(EMAIL)).item(reference(ORIGINAL_EMAIL));
        let note = "A field may go by either of its names, but not by both.";
        Schema::OneOf(shapes.description(Some(note)).build()).into()
    }
}

fn object(about: &str, fields: &[&Field], name: fn(&Field) -> &'static str) -> Schema {
    let object = closed_object().description(Some(about));
    let object = fields.iter().fold(object, |object, field| object.property(name(field), property(field)));
    let required = fields.iter().filter(|field| field.required);
    required.fold(object, |object, field| object.required(name(field))).build().into()
}

fn property(field: &Field) -> RefOr<Schema> {
    let named = |name| RefBuilder::new().ref_location_from_schema_name(name).description(Some(field.about)).build();
    match field.shape {
        Shape::Text => RefOr::T(text(field.about).into()),
        Shape::Mailbox => RefOr::Ref(named(MAILBOX)),
        Shape::Mailboxes => RefOr::Ref(named(MAILBOXES)),
        Shape::Words => RefOr::T(ArrayBuilder::new().items(text("A word.")).description(Some(field.about)).into()),
        Shape::Headers => RefOr::Ref(named(HEADERS)),
        Shape::Metadata => RefOr::Ref(named(METADATA)),
        Shape::Attachments => {
            RefOr::T(ArrayBuilder::new().items(reference(ATTACHMENT)).description(Some(field.about)).into())
        }
    }
}

fn mailbox() -> Schema {
    let written = text("`a@b.org` or `Name <a@b.org>`.");
    Schema::OneOf(OneOfBuilder::new().item(written).item(reference(MAILBOX_PARTS)).build())
}

fn mailbox_parts() -> Schema {
    let parts = closed_object().description(Some("A mailbox in its parts."));
    let parts = parts.property("email", text("The address.")).required("email");
    parts.property("name", text("The name that is shown.")).into()
}

fn mailboxes() -> Schema {
    let list = ArrayBuilder::new().items(reference(MAILBOX));
    Schema::OneOf(OneOfBuilder::new().item(list).item(text("Mailboxes, separated by `,` or `;`.")).build())
}

fn pairs(about: &str) -> Schema {
    let texts = AdditionalProperties::RefOr(RefOr::T(text("A text.").into()));
    ObjectBuilder::new().additional_properties(Some(texts)).description(Some(about)).into()
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

//! How the request stands in the document: two shapes, today's names and the original's, both from [`FIELDS`].

use std::borrow::Cow;

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, RefBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{FIELDS, Field, Mail, Shape, attachment};

const MAILBOX: &str = "Mailbox";
const MAILBOXES: &str = "Mailboxes";
const ATTACHMENT: &str = "Attachment";

impl ToSchema for Mail {
    fn name() -> Cow<'static, str> {
        "Email".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((MAILBOX.to_owned(), mailbox().into()));
        schemas.push((MAILBOXES.to_owned(), mailboxes().into()));
        schemas.push((ATTACHMENT.to_owned(), object("Attachment", &attachment::FIELDS, |field| field.name).into()));
    }
}

impl PartialSchema for Mail {
    fn schema() -> RefOr<Schema> {
        let today = shape("Today's names", |field| field.name);
        let original = shape("The original's names", |field| field.alias.unwrap_or(field.name));
        let note = "A field may go by either of its names, but not by both.";
        Schema::OneOf(OneOfBuilder::new().item(today).item(original).description(Some(note)).build()).into()
    }
}

fn shape(title: &str, name: fn(&Field) -> &'static str) -> Schema {
    object(title, &FIELDS, name)
}

fn object(title: &str, fields: &[&Field], name: fn(&Field) -> &'static str) -> Schema {
    let object = closed_object().title(Some(title));
    let object = fields.iter().fold(object, |object, field| object.property(name(field), property(field)));
    let required = fields.iter().filter(|field| field.required);
    required.fold(object, |object, field| object.required(name(field))).build().into()
}

fn property(field: &Field) -> RefOr<Schema> {
    let reference = |name| RefBuilder::new().ref_location_from_schema_name(name).description(Some(field.about)).build();
    match field.shape {
        Shape::Text => RefOr::T(text(field.about).into()),
        Shape::Mailbox => RefOr::Ref(reference(MAILBOX)),
        Shape::Mailboxes => RefOr::Ref(reference(MAILBOXES)),
        Shape::Words => RefOr::T(ArrayBuilder::new().items(text("A word.")).description(Some(field.about)).into()),
        Shape::Pairs => RefOr::T(pairs(field.about).into()),
        Shape::Attachments => {
            let files = ArrayBuilder::new().items(RefOr::Ref(Ref::from_schema_name(ATTACHMENT)));
            RefOr::T(files.description(Some(field.about)).into())
        }
    }
}

fn mailbox() -> Schema {
    let parts = closed_object().property("email", text("The address.")).required("email");
    let parts = parts.property("name", text("The name that is shown."));
    Schema::OneOf(OneOfBuilder::new().item(text("`a@b.org` or `Name <a@b.org>`.")).item(parts).build())
}

fn mailboxes() -> Schema {
    let list = ArrayBuilder::new().items(RefOr::Ref(Ref::from_schema_name(MAILBOX)));
    Schema::OneOf(OneOfBuilder::new().item(list).item(text("Mailboxes, separated by `,` or `;`.")).build())
}

fn pairs(about: &str) -> ObjectBuilder {
    let texts = AdditionalProperties::RefOr(RefOr::T(text("A text.").into()));
    ObjectBuilder::new().additional_properties(Some(texts)).description(Some(about))
}

fn closed_object() -> ObjectBuilder {
    ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

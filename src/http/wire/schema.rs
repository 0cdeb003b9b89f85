//! How the request stands in the document: two shapes, today's names and the original's, both from [`FIELDS`].

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{FIELDS, Field, Mail, Shape};

impl ToSchema for Mail {
    fn name() -> std::borrow::Cow<'static, str> {
        "Email".into()
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
    let object =
        ObjectBuilder::new().title(Some(title)).additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let object = FIELDS.iter().fold(object, |object, field| object.property(name(field), property(field)));
    let required = FIELDS.iter().filter(|field| field.required);
    required.fold(object, |object, field| object.required(name(field))).build().into()
}

fn property(field: &Field) -> Schema {
    let about = Some(field.about);
    match field.shape {
        Shape::Text => text().description(about).build().into(),
        Shape::Mailbox => Schema::OneOf(mailbox().description(about).build()),
        Shape::Mailboxes => {
            let list = ArrayBuilder::new()
                .items(RefOr::T(Schema::OneOf(mailbox().build())))
                .min_items(field.required.then_some(1));
            let separated = text().description(Some("Mailboxes, separated by `,` or `;`."));
            Schema::OneOf(OneOfBuilder::new().item(list).item(separated).description(about).build())
        }
    }
}

fn mailbox() -> OneOfBuilder {
    let parts = ObjectBuilder::new()
        .property("email", text())
        .required("email")
        .property("name", text())
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let written = text().description(Some("`a@b.org` or `Name <a@b.org>`."));
    OneOfBuilder::new().item(written).item(parts)
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

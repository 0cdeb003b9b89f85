//! Which APIs of other systems a node answers.

use crate::runtime::settings::{Listed, Parsed, Plain, rows, setting};

/// The APIs of other systems that a node answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// Mini-MailGun's.
    pub minimailgun: bool,
}

const FORM: Listed<Shapes> = Listed { plain: Plain { unit: "names, by comma", parse }, list: named };

rows! {
    SHAPES: Shapes = setting("", &FORM, "APIs of other systems that this node answers too: `minimailgun`, at `/send` and `/status`, which needs the outbox");
}

const MINIMAILGUN: &str = "minimailgun";

fn parse(text: &str) -> Parsed<Shapes> {
    let mut shapes = Shapes::default();
    for name in text.split(',').map(str::trim).filter(|_| !text.is_empty()) {
        match name {
            MINIMAILGUN => shapes.minimailgun = true,
            _ => return Err(format!("must be a list of names, of which there is one: {MINIMAILGUN}")),
        }
    }
    Ok(shapes)
}

fn named(shapes: &Shapes) -> String {
    if shapes.minimailgun { MINIMAILGUN.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_on_where_it_is_named() {
        assert_eq!(parse(""), Ok(Shapes::default()));
        assert_eq!(parse("minimailgun"), Ok(Shapes { minimailgun: true }));
        assert_eq!(parse(" minimailgun , minimailgun"), Ok(Shapes { minimailgun: true }));
        for text in ["mailgun", "minimailgun,", ",", "MiniMailGun", "minimailgun;"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}

//! The directory of keys.

use std::path::PathBuf;

use crate::runtime::settings::{Parsed, Plain, rows, setting};

rows! {
    DKIM_DIR: Option<PathBuf> = setting("", &Plain { unit: "path", parse: path }, "folder with DKIM keys, `<domain>/<selector>.pem`: `smsp dkim new` makes them, `smsp check-config --connect` compares them with the DNS");
}

fn path(text: &str) -> Parsed<Option<PathBuf>> {
    Ok((!text.is_empty()).then(|| text.into()))
}

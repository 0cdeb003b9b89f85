//! Settings as rows: name, default, unit and a text for people. What reads a setting, what lists it and what documents
//! it all follow from its row.
//!
//! A module declares its rows in a file `settings.rs` beside the code that they are for: with [`settings!`] where each fills
//! one field, else with [`rows!`]. [`Section`] reads them from the environment. Invariants: every error is kept and names its
//! variable in full; no error and no listing shows a secret. Deliberately absent: which modules there are, and how their
//! settings depend on each other: `app/config` knows both.

mod findings;
mod kind;
mod row;
mod source;
mod section;
mod value;
mod values;

pub use findings::{Effective, Findings};
pub use kind::{
    BOOLEAN, Choice, Count, DURATION, IP, Kind, LONG_PERIOD, Listed, OrWord, PERCENT, PERIOD, PORT, Plain, SHARE, SIZE,
    Text,
};
pub use row::{Entry, InForce, Row, Setting, required, setting};
pub use section::Section;
pub use source::Source;
pub use value::{Parsed, in_units};
pub use values::Values;

/// Declares rows as constants, and `rows()` with all of them.
///
/// ```ignore
/// rows! {
///     MAX_BODY: usize = setting("26MiB", &SIZE, "of a request's body");
/// }
/// ```
macro_rules! rows {
    ($($name:ident: $type:ty = $row:expr;)+) => {
        $(
            #[doc = concat!("The setting `", stringify!($name), "`.")]
            pub(crate) const $name: $crate::runtime::settings::Setting<$type> = $row.named(stringify!($name));
        )+

        /// The settings of this module, for people.
        pub(crate) fn rows() -> Vec<$crate::runtime::settings::Entry> {
            vec![$($name.entry()),+]
        }
    };
}

/// Declares a struct whose fields are filled by a row each, the rows as in [`rows!`], and its reader.
///
/// ```ignore
/// settings! {
///     /// How a node ends.
///     pub struct Settings {
///         deadline: Duration as DRAIN_DEADLINE = setting("20s", &DURATION, "from there to the exit, at most");
///     }
/// }
/// ```
macro_rules! settings {
    ($(#[$attribute:meta])* pub struct $struct:ident {
        $($(#[$field_attribute:meta])* $field:ident: $type:ty as $name:ident = $row:expr;)+
    }) => {
        $(#[$attribute])*
        pub struct $struct {
            $(
                $(#[$field_attribute])*
                #[doc = concat!("The setting `", stringify!($name), "`.")]
                pub $field: $type,
            )+
        }

        $crate::runtime::settings::rows! { $($name: $type = $row;)+ }

        impl $struct {
            /// Reads every field, so that all errors are found; `None` if there is one.
            pub fn read(section: &mut $crate::runtime::settings::Section) -> Option<Self> {
                $(let $field = section.read(&$name);)+
                Some(Self { $($field: $field?),+ })
            }

            /// The names of its rows, without a prefix.
            pub fn names() -> impl Iterator<Item = &'static str> {
                [$($name.row.name),+].into_iter()
            }
        }
    };
}

pub(crate) use {rows, settings};

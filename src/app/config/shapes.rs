//! The APIs of other systems that a node answers.

use crate::ingress::compat::Shapes;
use crate::ingress::compat::settings::SHAPES;
use crate::runtime::settings::Section;

/// `outbox_is_on`, `None`: a mistake was recorded there. `None`: one was recorded.
pub(super) fn read(section: &mut Section, outbox_is_on: Option<bool>) -> Option<Shapes> {
    let shapes = section.read(&SHAPES)?;
    if shapes.minimailgun && outbox_is_on == Some(false) {
        section.error(SHAPES.row.name, NO_OUTBOX);
    }
    Some(shapes)
}

const NO_OUTBOX: &str =
    "names minimailgun, whose mail the outbox sends: set SMSP_OUTBOX=on, with SMSP_STORE and SMSP_STORE_KEY";

//! What a section has found: settings as they hold, errors, warnings.

/// A setting as it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The variable in full.
    pub name: String,
    /// The value of the setting, as an operator would write it; redacted if it is a secret.
    pub value: String,
    /// What it would be if nothing were set; `None`: it is required.
    pub(super) default: Option<String>,
}

impl Effective {
    /// Does it differ from its default?
    pub fn is_changed(&self) -> bool {
        self.default.as_ref() != Some(&self.value)
    }
}

/// What a section has found besides values.
pub struct Findings {
    /// The settings as they hold, in the order in which they were read.
    pub effective: Vec<Effective>,
    /// What is wrong; a line each.
    pub errors: Vec<String>,
    /// What may be meant, but is worth a thought; a line each.
    pub warnings: Vec<String>,
    /// What is set under a name that the next version refuses; a line each.
    pub deprecated: Vec<String>,
}

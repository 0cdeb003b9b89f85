//! Where a reply comes in the dialogue.

/// The command that a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Greeting, EHLO, HELO.
    Opening,
    /// AUTH.
    Auth,
    /// RSET.
    Reset,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The end of the mail.
    End,
}

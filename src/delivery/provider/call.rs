//! The call that every adapter answers: one mail handed to one provider.

use std::pin::Pin;
use std::sync::Arc;

use super::hand_over::HandOver;
use crate::model::message::Message;
use crate::model::outcome::Verdict;

/// What a call to a provider will come to.
pub type Call<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// An email service we hand mail to.
pub trait Provider: Send + Sync {
    /// Hands over one mail. Once the call is dropped, the hand-over tells whether the provider may have taken it.
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a>;
}

/// One mail for one provider.
pub struct Delivery<'a> {
    /// The mail.
    pub message: &'a Message,
    /// What for.
    pub mode: Mode,
    /// How far it has come.
    pub hand_over: Arc<HandOver>,
}

impl<'a> Delivery<'a> {
    /// Begins now.
    pub fn new(message: &'a Message, mode: Mode) -> Self {
        Self { message, mode, hand_over: Arc::new(HandOver::begin(message.size(), None)) }
    }
}

/// What a mail is handed over for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be sent.
    First,
    /// To be sent, after an attempt at this provider under the same id whose end is not known.
    Repeat,
    /// To see whether the provider takes mail, along the path that real mail takes: a test message, sent to nobody where
    /// the provider has a way for that.
    Probe,
}

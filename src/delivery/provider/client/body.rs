//! A request's body in frames, of an exact length, whose last frame is given only if the hand-over was not revoked.
//!
//! The length is known, so that HTTP/1.1 sends `Content-Length` and never chunks: a server can tell a body that breaks off
//! from a whole one. A small body is one frame. The bytes of a file are not copied, and are let go once they are written. By
//! hand: no library's body asks before its last frame.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};

use super::super::hand_over::HandOver;

/// Bytes of a frame, at most.
pub(in crate::delivery::provider) const FRAME: usize = 64 * 1024;
/// Parts below this many bytes are joined: copying them costs less than writing each by itself.
const SMALL_PART: usize = 4 * 1024;

/// The time was over: the rest of the body is withheld.
#[derive(Debug, thiserror::Error)]
#[error("the hand-over was revoked")]
pub(super) struct Revoked;

/// A body on its way.
pub(super) struct Frames {
    /// What is written now; most bodies are this part alone.
    part: Bytes,
    /// What comes after it.
    parts: VecDeque<Bytes>,
    left: usize,
    hand_over: Arc<HandOver>,
}

impl Frames {
    /// A body of these parts, one after the other.
    pub(super) fn new(parts: impl IntoIterator<Item = Bytes>, hand_over: Arc<HandOver>) -> Self {
        let mut parts = parts.into_iter();
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        hand_over.track();
        hand_over.write();
        match second {
            None => Self { left: first.len(), part: first, parts: VecDeque::new(), hand_over },
            Some(second) => {
                let parts = joined([first, second].into_iter().chain(parts));
                Self { left: parts.iter().map(Bytes::len).sum(), part: Bytes::new(), parts, hand_over }
            }
        }
    }

    /// The next frame, unless there is none.
    fn next(&mut self) -> Option<Bytes> {
        if self.part.is_empty() {
            self.part = self.parts.pop_front()?;
        }
        let frame = self.part.split_to(self.part.len().min(FRAME));
        self.left -= frame.len();
        Some(frame).filter(|frame| !frame.is_empty())
    }

    /// The last frame may be given only once; before it, a look is enough.
    fn may_go_on(&self) -> bool {
        if self.left == 0 { self.hand_over.give() } else { !self.hand_over.is_revoked() }
    }
}

/// Small parts in one piece, large ones as they are.
fn joined(parts: impl Iterator<Item = Bytes>) -> VecDeque<Bytes> {
    let (mut joined, mut small) = (VecDeque::new(), BytesMut::new());
    for part in parts {
        if part.len() < SMALL_PART {
            small.extend_from_slice(&part);
            continue;
        }
        joined.extend((!small.is_empty()).then(|| small.split().freeze()));
        joined.push_back(part);
    }
    joined.extend((!small.is_empty()).then(|| small.freeze()));
    joined
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Revoked;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Revoked>>> {
        let this = self.get_mut();
        let Some(frame) = this.next() else { return Poll::Ready(None) };
        if !this.may_go_on() {
            (this.part, this.parts) = (Bytes::new(), VecDeque::new());
            return Poll::Ready(Some(Err(Revoked)));
        }
        this.hand_over.moved();
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use proptest::prelude::*;

    use super::*;

    fn frames(parts: &[usize]) -> (Frames, Arc<HandOver>) {
        let hand_over = Arc::new(HandOver::begin(0, None));
        let mut byte = 0_u8;
        let parts = parts.iter().map(|&length| {
            let next = || {
                byte = byte.wrapping_add(1);
                byte
            };
            std::iter::repeat_with(next).take(length).collect::<Bytes>()
        });
        let parts: Vec<_> = parts.collect();
        (Frames::new(parts, Arc::clone(&hand_over)), hand_over)
    }

    async fn next(body: &mut Frames) -> Option<Result<Bytes, Revoked>> {
        let frame = body.frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }

    proptest! {
        #[test]
        fn frames_are_the_parts_in_order_of_an_exact_length(
            parts in prop::collection::vec(prop_oneof![0..100_usize, 4000..5000_usize, 60_000..200_000_usize], 1..8),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (mut body, hand_over) = frames(&parts);
                let whole: usize = parts.iter().sum();
                let mut seen = Vec::new();
                while let Some(frame) = next(&mut body).await {
                    assert_eq!(hand_over.is_writing(), !body.is_end_stream(), "given with the last frame, not before");
                    let frame = frame.unwrap();
                    assert!(frame.len() <= FRAME);
                    seen.extend_from_slice(&frame);
                    assert_eq!(body.size_hint().exact(), Some((whole - seen.len()) as u64));
                }
                let expected: Vec<_> = (0..whole).map(|at| (at as u8).wrapping_add(1)).collect();
                assert!(seen == expected, "{} of {whole} bytes, or others", seen.len());
            });
        }
    }

    #[tokio::test]
    async fn revoked_body_breaks_off_before_its_last_frame() {
        let (mut body, hand_over) = frames(&[FRAME * 2]);
        assert!(next(&mut body).await.is_some_and(|frame| frame.is_ok()));
        assert!(hand_over.revoke());
        assert!(next(&mut body).await.is_some_and(|frame| frame.is_err()));
        assert!(next(&mut body).await.is_none());
    }

    #[tokio::test]
    async fn a_body_whose_last_frame_was_given_cannot_be_revoked() {
        let (mut body, hand_over) = frames(&[100, 100]);
        assert_eq!(next(&mut body).await.unwrap().unwrap().len(), 200, "small parts are joined");
        assert!(!hand_over.revoke() && body.is_end_stream());
    }
}

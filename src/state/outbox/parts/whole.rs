//! What a mail comes to, by its parts.

use crate::state::outbox::State;

/// Until every part has ended, the first of these that a part is in.
const OPEN: [State; 5] = [State::Sending, State::Claimed, State::Queued, State::Unknown, State::Parked];
/// Then the first of these.
const ENDED: [State; 4] = [State::Accepted, State::Cancelled, State::Refused, State::Expired];

/// The state of a mail whose parts are in these; final if and only if each of them is.
pub(in crate::state::outbox) fn whole(parts: &[State], has_taken_some: bool) -> State {
    let open = OPEN.into_iter().find(|state| parts.contains(state));
    let ended = || ENDED.into_iter().find(|state| parts.contains(state));
    let taken = || has_taken_some.then_some(State::Accepted);
    open.or_else(taken).or_else(ended).unwrap_or(State::Cancelled)
}

/// Does nothing of it wait any more, and is nothing in hand, so that it is kept for a while and then dropped?
pub(in crate::state::outbox) fn rests(parts: &[State]) -> bool {
    parts.iter().all(|state| state.is_final() || *state == State::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_final_if_and_only_if_each_part_is() {
        for one in State::ALL {
            for other in State::ALL {
                for taken in [false, true] {
                    let state = whole(&[one, other], taken);
                    assert_eq!(state.is_final(), one.is_final() && other.is_final(), "{one:?} {other:?}");
                    assert!([one, other, State::Accepted].contains(&state));
                    assert_eq!(
                        rests(&[one, other]),
                        state.is_final() || state == State::Unknown && rests(&[one]) && rests(&[other])
                    );
                }
            }
        }
    }

    #[test]
    fn one_taken_part_is_told_before_what_nobody_has_and_a_doubt_before_both() {
        assert_eq!(whole(&[State::Refused, State::Accepted], false), State::Accepted);
        assert_eq!(whole(&[State::Refused, State::Expired], false), State::Refused);
        assert_eq!(whole(&[State::Refused], true), State::Accepted);
        assert_eq!(whole(&[State::Accepted, State::Unknown], false), State::Unknown);
        assert_eq!(whole(&[State::Queued, State::Unknown], false), State::Queued);
    }
}

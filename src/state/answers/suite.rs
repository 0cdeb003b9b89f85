//! What every store of answers has to do, written against [`StoredAnswers`] alone: [`conformance!`] runs all of it on one.
//!
//! [`StoredAnswers`]: crate::state::answers::StoredAnswers

pub(super) mod asking;
pub(super) mod bench;
pub(super) mod beginning;
pub(super) mod ending;
pub(super) mod looking;
pub(super) mod model;

/// Runs every test on the store that `$start` (an `async fn() -> Option<Bench>`) makes; on none where it has none.
macro_rules! conformance {
    ($start:path) => {
        $crate::state::answers::suite::conformance! { $start:
            beginning: a_key_is_in_flight_once, the_same_call_may_begin_again,
                a_record_in_flight_whose_lease_is_over_is_unknown_and_never_free,
                another_message_under_a_key_is_refused, a_key_is_free_a_day_after_the_end,
                one_of_many_racing_repeats_begins, calls_at_the_same_moment_have_answers_of_their_own;
            ending: what_a_call_came_to_is_held, a_none_frees_the_key, an_end_needs_the_number_of_its_call,
                what_is_certain_does_not_change_and_what_is_unknown_does, a_call_after_its_lease_may_still_say_what_it_came_to,
                a_call_that_did_not_hand_over_is_undone;
            asking: one_of_many_asks_again, asking_in_vain_is_as_before, an_acceptance_settles_what_was_unknown,
                an_asking_call_that_is_queued_settles_what_was_unknown,
                after_asking_in_vain_the_record_is_that_of_the_call_before, an_asking_call_that_died_is_unknown_with_the_answer_before,
                a_late_verdict_waits_for_the_call_that_asks_again, what_nothing_is_said_of_is_not_asked_about;
            looking: another_callers_mail_is_as_unknown_as_none, what_is_seen_is_what_is_known,
                what_is_over_is_dropped_in_steps_and_nothing_else;
        }

        #[test]
        fn the_store_does_what_the_model_does() {
            $crate::state::answers::suite::model::the_store_does_what_the_model_does($start);
        }
    };
    ($start:path: $($module:ident: $($test:ident),+;)+) => {
        $($(
            #[tokio::test]
            async fn $test() {
                let Some(bench) = $start().await else { return };
                $crate::state::answers::suite::$module::$test(&bench).await;
            }
        )+)+
    };
}
pub(super) use conformance;

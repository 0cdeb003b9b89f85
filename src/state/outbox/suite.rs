//! What every store has to do, written against [`Outbox`] alone: [`conformance!`] runs all of it on one kind of store.

pub(super) mod accepting;
pub(super) mod bench;
pub(super) mod bouncing;
pub(super) mod changing;
pub(super) mod claiming;
pub(super) mod counting;
pub(super) mod dying;
pub(super) mod handing_over;
pub(super) mod keeping;
pub(super) mod late;
pub(super) mod losing;
pub(super) mod model;
pub(super) mod naming;
pub(super) mod operating;
pub(super) mod parting;
pub(super) mod parts_late;
pub(super) mod parts_left;
pub(super) mod parts_model;
pub(super) mod parts_selected;
pub(super) mod polling;
mod random;
pub(super) mod replaying;
pub(super) mod restoring;
pub(super) mod selecting;
pub(super) mod states;
pub(super) mod waiting;

/// Runs every test on the store that `$start` (an `async fn() -> Option<Bench>`) makes; on none where it has none.
macro_rules! conformance {
    ($start:path) => {
        $crate::state::outbox::suite::conformance! { $start:
            accepting: a_submission_is_there_once_it_is_accepted, a_key_names_one_message,
            a_batch_that_was_withdrawn_is_not_accepted,
                racing_repeats_are_one_submission, no_more_is_accepted_than_there_is_room_for,
                what_takes_more_than_there_ever_is_is_told_from_what_does_not_fit_now,
                what_is_held_is_known_after_sweeps,
                an_atomic_batch_is_accepted_whole_or_not_at_all,
                what_was_tried_before_is_kept_with_the_mail_and_counts,
                a_time_that_has_passed_by_the_clock_of_the_store_is_now;
            claiming: only_due_rows_of_the_sets_asked_for_are_claimed, a_claim_keeps_its_limits,
                no_two_nodes_claim_one_row, a_row_given_back_is_claimed_again, nothing_is_claimed_while_paused,
                a_claim_is_full_though_nearly_all_rows_are_those_of_one_of_many_callers,
                rows_wait_under_the_sets_of_the_present_rules, a_set_without_a_name_is_told_as_any_other, sets_tell_their_lanes_and_whether_one_caller_is_alone,
                rows_of_other_rules_are_looked_at_in_steps_of_rows_and_bytes;
            handing_over: a_mail_is_marked_handed_over_and_ended, a_mark_needs_fence_owner_and_state,
                a_mark_is_refused_once_the_mail_is_not_wanted, an_end_needs_fence_owner_and_state,
                an_end_that_is_repeated_says_what_the_first_one_did,
                a_mail_that_nobody_has_waits_and_counts_its_attempts,
                why_each_upstream_was_left_out_is_kept_with_the_mail, a_late_verdict_settles_an_unknown_mail,
                a_risk_of_a_second_copy_stays_with_the_mail;
            late: an_older_acceptance_ends_a_replay_that_is_under_way,
                an_older_acceptance_settles_what_a_replay_left_unknown,
                an_older_refusal_never_ends_what_a_newer_hand_over_holds,
                an_older_refusal_settles_an_unknown_mail_once_no_hand_over_is_in_doubt,
                a_refused_replay_settles_a_mail_whose_first_hand_over_was_refused_meanwhile,
                a_late_acceptance_ends_what_an_order_has_put_back,
                a_late_acceptance_is_on_record_beside_a_retry_under_way,
                a_late_acceptance_changes_nothing_that_has_ended_but_says_that_there_may_be_two,
                what_a_dead_node_has_marked_is_not_replayed_while_its_hand_over_may_go_on;
            dying: what_a_dead_node_claimed_is_queued_and_parked_at_the_third_loss,
                what_a_living_node_cannot_open_is_parked_at_the_third_loss,
                a_row_that_was_lost_is_claimed_alone_and_no_other_is_parked_with_it,
                what_a_dead_node_marked_is_unknown_and_never_queued, a_node_that_lives_keeps_its_rows,
                a_node_that_was_silent_never_ends_what_it_holds_itself;
            replaying: a_replay_goes_to_the_same_upstream_within_its_window, only_acceptance_settles_a_replay,
                a_replay_is_not_marked_for_another_upstream, an_expired_mail_is_not_replayed,
                no_more_is_replayed_than_there_are_rows_and_bytes_for,
                a_mail_of_whose_replay_three_nodes_have_died_waits_for_people;
            changing: another_callers_submission_is_unknown, a_submission_is_cancelled_until_it_is_under_way,
                a_queued_submission_is_rescheduled, what_is_erased_leaves_its_status, a_list_has_pages;
            keeping: what_expires_is_ended_by_the_sweep, what_has_ended_is_kept_and_dropped,
                a_key_lives_as_long_as_the_status, a_sweep_is_done_in_steps_of_rows_and_bytes,
                what_is_unknown_is_dropped_in_steps_of_bytes;
            polling: a_status_that_is_asked_for_all_the_time_is_of_one_moment_and_stays_final;
            losing: a_lost_acceptance_is_found_by_its_repeat, what_a_lost_claim_holds_is_free_at_the_next_call,
                a_lost_replay_leaves_the_row_unknown_and_is_no_attempt, a_lost_mark_is_granted_again,
                what_was_marked_and_never_handed_over_is_no_attempt, what_may_have_been_handed_over_stays_on_record,
                a_lost_end_is_told_by_its_repeat;
            operating: orders_release_rows_that_wait_for_people, an_order_does_not_send_what_is_over,
                rows_are_counted_by_state_and_upstream,
                rows_that_are_parked_or_erased_under_way_are_counted_where_they_are, a_recipient_is_found_and_erased,
                a_large_erasure_is_done_in_steps_and_a_later_order_finishes_it, orders_are_kept_with_who_gave_them,
                orders_that_were_kept_for_long_enough_are_dropped;
            restoring: a_store_that_lost_a_mark_gives_out_nothing, a_store_of_another_epoch_gives_out_nothing,
                a_store_in_another_place_gives_out_nothing, what_waited_in_an_accepted_copy_is_parked,
                what_had_not_ended_in_an_accepted_copy_may_be_a_second_copy_if_it_is_sent,
                a_large_copy_is_accepted_in_parts, parked_rows_are_released_by_filter_and_one_after_the_other;
            selecting: rows_of_all_callers_are_listed_by_when_they_were_accepted, a_list_has_the_rows_that_fit_its_selection,
                a_listed_row_says_where_it_is_and_what_its_last_attempt_came_to,
                rows_that_fit_are_counted_of_many_callers_in_one_step, an_order_on_many_meets_no_more_rows_than_it_names,
                an_order_on_many_says_what_it_has_left_out_and_why, retried_rows_become_due_one_after_the_other,
                rows_that_are_settled_together_end_or_wait_as_each_would_alone,
                an_order_on_many_is_kept_once_with_who_gave_it;
            parting: a_mail_is_split_once_and_ended_by_its_parts,
                a_mail_in_parts_is_rescheduled,
                a_split_needs_fence_owner_and_state_and_records_what_providers_said,
                a_part_whose_recipients_differ_is_divided_and_each_is_in_one_part,
                who_is_not_told_of_is_unknown_where_the_part_was_marked_and_waits_where_not,
                a_part_needs_fence_owner_and_state, every_domain_is_served_before_one_is_served_twice,
                the_more_domains_wait_the_fewer_parts_of_each_are_claimed,
                of_a_domain_fresh_mail_and_mail_of_low_lanes_do_not_wait_behind_a_backlog,
                the_oldest_mail_of_which_something_waits_is_known_of_each_domain;
            parts_left:
                what_dead_nodes_had_of_parts_waits_or_is_unknown_and_a_late_verdict_counts,
                a_part_is_parked_at_the_third_loss_and_retried_by_order,
                that_a_part_is_parked_is_told_though_others_of_its_mail_wait, domains_take_turns_and_a_closed_one_waits,
                a_domain_stays_closed_for_as_long_as_any_node_has_closed_it_until_one_opens_it,
                what_waits_of_a_mail_in_parts_is_cancelled_erased_and_expired,
                what_is_erased_names_no_server_of_a_recipient,
                a_mail_in_parts_is_kept_until_nothing_of_it_waits_and_counted_where_its_parts_are,
                parts_expire_in_steps_of_rows_and_of_the_bytes_of_their_mails,
                parts_count_where_their_mails_are_dropped_step_by_step,
                what_an_older_copy_has_of_parts_is_parked_or_unknown, a_lost_claim_of_parts_is_free_at_the_next_call;
            parts_late:
                the_end_of_a_mail_is_told_by_the_part_that_has_ended_it_alone,
                a_late_refusal_of_a_part_settles_nothing_while_another_hand_over_is_in_doubt,
                a_late_acceptance_of_a_provider_ends_what_waits_of_a_mail_in_parts,
                what_is_on_the_wire_is_not_sent_again_once_a_provider_has_it,
                a_late_acceptance_of_a_provider_for_some_recipients_leaves_the_others_where_they_are,
                a_late_acceptance_of_a_provider_counts_though_nothing_waits_of_a_mail_in_parts,
                a_claim_whose_recipients_have_become_fewer_is_lost,
                a_late_acceptance_reaches_recipients_whom_a_later_claim_has_moved;
            parts_selected: mails_in_parts_are_listed_among_others_by_where_their_parts_are,
                an_order_on_many_takes_mails_in_parts_as_it_takes_others,
                an_order_on_many_says_why_it_leaves_mails_in_parts_out;
            bouncing: a_bounce_is_due_at_the_end_of_a_mail_and_is_taken_in_once,
                what_fails_while_others_wait_is_collected_for_a_part_of_the_age_of_the_mail,
                nobody_is_told_of_who_may_have_it_or_is_cancelled_or_erased,
                nobody_is_told_of_a_mail_that_a_provider_has_after_all,
                who_is_refused_is_told_of_though_a_provider_has_the_mail_for_others_after_all,
                the_bounce_of_a_mail_that_rests_in_doubt_is_due_at_once,
                a_mail_that_is_over_before_it_was_split_is_told_of_where_its_route_ends_at_mx,
                a_mail_that_people_settle_when_its_time_is_over_is_told_of_as_any_other,
                what_fails_is_collected_from_when_the_mail_was_wanted_on,
                what_is_due_in_an_older_copy_is_not_told_twice;
            naming: what_ends_while_no_call_is_about_it_is_named, what_dead_nodes_have_left_is_named;
            states: every_call_takes_a_row_from_its_states_alone;
            counting: the_time_of_the_store_is_known_and_waits_are_told_by_it,
                late_verdicts_and_replays_are_counted_by_what_they_settle,
                what_is_lost_refused_and_buried_is_counted;
        }

        #[test]
        fn the_store_does_what_the_model_does() {
            $crate::state::outbox::suite::model::the_store_does_what_the_model_does($start);
        }

        #[test]
        fn the_store_does_with_parts_what_the_model_does() {
            $crate::state::outbox::suite::parts_model::the_store_does_with_parts_what_the_model_does($start);
        }
    };
    ($start:path: $($module:ident: $($test:ident),+;)+) => {
        $($(
            #[tokio::test]
            async fn $test() {
                let Some(bench) = $start().await else { return };
                $crate::state::outbox::suite::$module::$test(&bench).await;
                bench.what_was_accepted_has_ended_or_is_there().await;
                bench.nothing_waits_for_ever().await;
                bench.what_was_accepted_has_ended_or_is_there().await;
            }
        )+)+
    };
}
pub(super) use conformance;

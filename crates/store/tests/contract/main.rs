//! What every store must do, whatever keeps the rows: each test runs on each kind of store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod admin;
mod audit;
mod batches;
mod callbacks;
mod chain;
mod claims;
#[path = "../support/cluster.rs"]
mod cluster;
mod durable;
mod energy;
mod exact;
mod figures;
mod key_use;
mod lists;
mod money;
mod orders;
mod outbox;
mod people;
mod policies;
mod postgres;
mod schema;
#[path = "../support/mod.rs"]
mod support;
mod together;

use std::path::PathBuf;

use store::{Options, SqlStore};

/// A kind of store under test, and what keeps it alive.
struct Room {
    store: SqlStore,
    _directory: Option<tempfile::TempDir>,
}

/// In memory, everything inside the call.
fn memory() -> Room {
    Room { store: SqlStore::inline_in_memory().unwrap(), _directory: None }
}

/// In a file, with its threads.
fn file() -> Room {
    let directory = tempfile::tempdir().unwrap();
    let store = SqlStore::open(&path_in(&directory), Options::default()).unwrap();
    Room { store, _directory: Some(directory) }
}

/// Brings a database of a test's up to date.
fn fill_template(url: &str) {
    SqlStore::connect(&url.into(), Options::default()).unwrap();
}

/// In PostgreSQL, where it is installed.
fn server() -> Option<Room> {
    let url = cluster::cluster()?.database();
    let store = SqlStore::connect(&url.as_str().into(), Options::default()).unwrap();
    Some(Room { store, _directory: None })
}

fn path_in(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("sunsweep.sqlite")
}

/// Runs a test to its end.
fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    runtime.unwrap().block_on(test)
}

/// Each named function of a module, on each kind of store.
macro_rules! contract {
    ($($module:ident: $($name:ident),* $(,)?;)*) => {
        mod in_memory {
            $(mod $module {
                $(#[test]
                fn $name() {
                    let room = crate::memory();
                    crate::block_on(crate::$module::$name(&room.store));
                })*
            })*
        }
        mod in_postgres {
            $(mod $module {
                $(#[test]
                fn $name() {
                    let Some(room) = crate::server() else { return };
                    crate::block_on(crate::$module::$name(&room.store));
                })*
            })*
        }
        mod in_a_file {
            $(mod $module {
                $(#[test]
                fn $name() {
                    let room = crate::file();
                    crate::block_on(crate::$module::$name(&room.store));
                })*
            })*
        }
    };
}

contract! {
    orders:
        an_order_is_kept_as_it_was_decided,
        a_refused_work_writes_nothing,
        an_exact_replay_places_nothing,
        a_resend_is_known_by_its_key,
        two_works_on_one_order_see_each_other,
        orders_on_one_address_see_each_other,
        the_newest_of_a_reference_is_found,
        what_is_fixed_cannot_be_changed,
        a_whole_life_leaves_nothing_open;
    energy:
        kind_and_origin_are_kept,
        a_leftover_counts_as_lent_until_it_is_back,
        uses_are_kept_in_their_order_and_an_early_end_too;
    money:
        a_fact_is_posted_once,
        a_second_post_takes_its_work_with_it,
        nobody_can_spend_what_is_not_there,
        a_failed_work_leaves_its_neighbours_alone,
        a_panicking_decision_is_an_error_of_its_own;
    together:
        works_of_one_commit_see_each_other,
        a_refused_write_leaves_all_others_alone,
        a_lease_is_ended_once,
        a_nudge_beside_the_end_of_a_lease_is_not_forgotten;
    outbox:
        rows_are_claimed_once_and_earliest_first,
        a_start_ends_the_leases_of_the_life_before,
        a_lease_that_is_over_is_taken_over,
        a_released_row_is_due_when_it_was_said,
        commits_under_a_lease_keep_it_until_they_say_when,
        done_ends_what_is_owed,
        a_nudge_during_a_lease_is_not_forgotten,
        a_nudge_wakes_a_finished_order,
        attention_without_a_lease_only_moves_earlier,
        the_chain_is_followed_by_one_at_a_time,
        a_turn_from_before_the_clock_was_set_back_is_over,
        the_fence_does_not_fall_when_a_row_comes_again;
    chain:
        own_transactions_are_found_until_they_are_solid,
        a_final_order_is_due_when_its_last_transaction_is_solid,
        included_ones_are_found_by_block_and_become_solid,
        an_open_transaction_is_stored_once,
        what_is_lent_is_summed_by_wallet_and_receiver,
        an_outdated_reading_is_dropped,
        who_was_frozen_past_its_turn_changes_nothing;
    policies:
        a_policy_is_kept_as_it_was_decided,
        a_due_policy_is_claimed_once,
        an_older_holder_of_a_policy_is_refused,
        a_nudge_of_a_claimed_policy_is_not_forgotten,
        a_refill_is_numbered_once,
        a_transfer_is_counted_once_until_a_fork,
        policies_are_found_by_merchant_kind_and_address;
    batches:
        a_batch_is_kept_as_it_was_decided,
        batches_are_listed_by_merchant,
        a_try_of_a_row_becomes_one_order,
        a_row_stands_where_its_order_does,
        what_waits_is_cancelled_and_nothing_else,
        what_a_dry_run_found_is_kept,
        rows_are_found_by_address_and_label_and_page,
        a_batch_is_worked_on_under_its_lease;
    exact:
        an_exact_answer_is_given_again_until_it_is_forgotten,
        a_resend_leads_to_the_exact_answer_as_long_as_it_can_be_repeated,
        a_transfer_is_followed_to_its_end,
        an_activation_is_found_while_its_transfer_is_open,
        one_row_is_claimed_by_one,
        what_a_transfer_is_cannot_be_changed,
        the_scan_only_goes_forward,
        a_deposit_is_credited_once,
        transactions_are_known_whatever_became_of_them;
    callbacks:
        a_delivered_order_owes_one_callback,
        attempts_are_kept_and_the_last_one_counts,
        a_dead_callback_can_be_replayed;
    admin:
        merchants_and_their_balances,
        keys_are_counted_revoked_and_found,
        a_keys_limits_come_back,
        what_keys_spend_is_counted_by_day,
        wallets_are_changed_and_disabled,
        the_watched_block_is_remembered,
        what_is_told_by_half_is_told_of_no_block,
        old_answers_are_forgotten;
    key_use:
        orders_count_on_the_day_of_utc8_on_which_they_were_placed,
        a_refunded_order_is_as_if_it_had_never_been,
        a_part_that_was_paid_back_was_not_bought,
        another_key_has_bought_nothing;
    people:
        a_person_is_kept_and_found_by_each_of_its_keys,
        no_two_people_share_a_name,
        a_change_sees_the_person_and_the_next_number,
        a_session_is_found_until_it_ends,
        all_sessions_of_one_person_end_together,
        sessions_are_forgotten_by_rest_and_by_age;
    figures:
        orders_are_counted_by_step_and_merchant,
        orders_are_counted_by_what_became_of_them,
        what_is_owed_and_lent_is_summed;
    lists:
        each_filter_lets_through_what_it_names,
        a_part_says_where_the_next_one_begins,
        callbacks_are_found_by_merchant_and_state;
}

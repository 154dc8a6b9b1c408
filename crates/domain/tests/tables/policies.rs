//! Policies: what each event makes of one, and what it wants next.

use crate::policy_language::check;

#[test]
fn a_count_policy_refills_after_each_use_until_none_is_left() {
    check(
        "
        count 5             -> enabled waiting, 5 left
        next                -> refill
        refill              -> enabled delegating, 5 left
        next                -> wait +21600s
        order delivered
        next                -> ready
        told                -> enabled delegated, 5 left
        transfer            -> enabled delegated, 4 left
        next                -> wait +21600s       # its order has not heard of it yet
        order used
        next                -> over, used
        told                -> enabled released, 4 left
        next                -> refill
        edit -3             -> enabled released, 1 left
        refill              -> enabled delegating, 1 left
        order delivered
        told                -> enabled delegated, 1 left
        transfer            -> ended delegated, 0 left
        order used
        told                -> ended released, 0 left
        next                -> rest
        ",
    );
}

#[test]
fn one_refill_is_open_at_most() {
    check(
        "
        count 5
        refill              -> enabled delegating, 5 left
        refill              -> the policy is not in a state for this
        lacks balance       -> the policy is not in a state for this
        satisfied           -> the policy is not in a state for this
        edit pause          -> paused delegating, 5 left
        refill              -> the policy is not in a state for this
        ",
    );
}

#[test]
fn an_idle_policy_pauses_and_resumes() {
    check(
        "
        count 0             -> enabled waiting, perpetual
        refill              -> enabled delegating, perpetual
        order delivered
        told                -> enabled delegated, perpetual
        order ended
        next                -> over, unused
        told                -> enabled released, perpetual, idle 1
        refill
        order delivered
        told
        order ended
        told                -> paused released, perpetual, idle 2
        next                -> rest
        edit resume         -> enabled released, perpetual
        next                -> refill
        refill
        order delivered
        told
        order ended
        told                -> enabled released, perpetual, idle 1
        refill
        transfer            -> enabled delegating, perpetual
        ",
    );
}

#[test]
fn what_is_paid_for_still_counts_while_paused() {
    check(
        "
        count 5
        refill
        order delivered
        told
        edit pause          -> paused delegated, 5 left
        transfer            -> paused delegated, 4 left
        order used
        told                -> paused released, 4 left
        transfer            -> the policy is not in a state for this
        next                -> rest
        ",
    );
}

#[test]
fn a_fork_gives_back_what_it_took() {
    check(
        "
        count 5
        edit -4
        refill
        order delivered
        told
        transfer            -> ended delegated, 0 left
        undone              -> enabled delegated, 1 left
        edit always         -> enabled delegated, perpetual
        undone free         -> enabled delegated, perpetual
        ",
    );
}

#[test]
fn refills_that_cannot_be_ordered_are_tried_ever_more_slowly() {
    check(
        "
        count 5
        lacks balance       -> enabled balancelow, 5 left, again +15s
        next                -> wait +15s
        refill              -> the policy is not in a state for this
        clock +15s
        next                -> refill
        lacks energy        -> enabled energylow, 5 left, again +30s
        lacks other         -> enabled waiting, 5 left, again +60s
        lacks balance       -> enabled balancelow, 5 left, again +120s
        lacks balance       -> enabled balancelow, 5 left, again +240s
        lacks balance       -> enabled balancelow, 5 left, again +480s
        lacks balance       -> enabled balancelow, 5 left, again +600s
        lacks balance       -> enabled balancelow, 5 left, again +600s
        count 5             -> enabled balancelow, 10 left
        next                -> refill
        ",
    );
}

#[test]
fn a_failed_order_does_not_stop_a_policy() {
    check(
        "
        count 5
        refill
        order refunded
        next                -> over, failed
        told                -> enabled waiting, 5 left
        next                -> wait +15s
        clock +15s
        refill              -> enabled delegating, 5 left
        order refunded
        told
        next                -> wait +30s
        clock +30s
        refill
        order delivered
        told                -> enabled delegated, 5 left
        order used
        told
        next                -> refill             # what failed before is forgotten
        ",
    );
}

#[test]
fn an_address_that_lacks_nothing_is_looked_at_ever_more_rarely() {
    check(
        "
        count 5
        satisfied           -> enabled waiting, 5 left, again +15s
        satisfied           -> enabled waiting, 5 left, again +30s
        satisfied           -> enabled waiting, 5 left, again +60s
        ",
    );
}

#[test]
fn a_refill_that_other_calls_used_is_replaced() {
    check(
        "
        count 5
        refill
        order delivered
        told
        order touched
        next                -> stop
        order stopped
        next                -> over, used
        told                -> enabled released, 5 left
        ",
    );
}

#[test]
fn a_refill_that_its_merchant_ended_counts_as_idle() {
    check(
        "
        count 5
        refill
        order delivered
        told
        order stopped
        next                -> wait +21600s
        order ended
        told                -> enabled released, 5 left, idle 1
        ",
    );
}

#[test]
fn edits_keep_to_what_is_left() {
    check(
        "
        count 5
        edit -6             -> only 5 transfers are left
        edit +995           -> enabled waiting, 1000 left
        edit -1000          -> ended waiting, 0 left
        edit resume         -> ended waiting, 0 left
        edit +3             -> enabled waiting, 3 left
        edit always         -> enabled waiting, perpetual
        edit counted        -> enabled waiting, 3 left
        edit -3             -> ended waiting, 0 left
        edit always         -> enabled waiting, perpetual
        edit counted        -> enabled waiting, perpetual   # none left: it stays what it is
        switch off          -> the policy is of another kind
        ",
    );
}

#[test]
fn an_auto_policy_keeps_energy_until_its_days_are_over() {
    check(
        "
        auto 65000 3        -> enabled waiting, keeps 65000 until +259200s
        refill              -> enabled delegating, keeps 65000 until +259200s
        order delivered
        next                -> over, served
        told                -> enabled delegated, keeps 65000 until +259200s
        next                -> refill              # is anything missing?
        satisfied           -> enabled delegated, keeps 65000 until +259200s, again +15s
        transfer            -> the policy is of another kind
        clock +259200s
        next                -> time over
        told                -> ended released, keeps 65000 until +0s
        next                -> rest
        switch on           -> enabled released, keeps 65000 until +259200s
        switch off          -> disabled released, keeps 65000 until +259200s
        next                -> rest
        auto 70000 1        -> enabled released, keeps 70000 until +86400s
        ",
    );
}

#[test]
fn without_an_amount_the_dearest_transfer_lately_counts() {
    check(
        "
        auto follows 3      -> enabled waiting, keeps 65000 until +259200s
        spent 130285        -> enabled waiting, keeps 130285 until +259200s
        spent 64285         -> enabled waiting, keeps 114000 until +259200s
        spent 64285         -> enabled waiting, keeps 99750 until +259200s
        ",
    );
}

#[test]
fn what_stops_a_policy_stays_until_its_merchant_says_otherwise() {
    check(
        "
        count 5
        lacks balance
        key stopped         -> paused waiting, 5 left
        key stopped         -> the policy is not in a state for this
        person stops        -> the policy is not in a state for this
        asked by 2          -> paused waiting, 5 left
        edit resume         -> enabled waiting, 5 left
        refill
        key stopped         -> the policy is not in a state for this   # paid for already
        person stops        -> paused delegating, 5 left
        count 5             -> enabled delegating, 10 left
        ",
    );
    check(
        "
        auto 65000 3
        refill
        order delivered
        told                -> enabled delegated, keeps 65000 until +259200s
        key stopped         -> disabled delegated, keeps 65000 until +259200s
        next                -> rest
        switch on           -> enabled delegated, keeps 65000 until +259200s
        person stops        -> disabled delegated, keeps 65000 until +259200s
        switch on           -> enabled delegated, keeps 65000 until +259200s
        ",
    );
}

//! Unanswered, expired, lost, failed, and undone by a fork.

use crate::language::check;

#[test]
fn an_unanswered_send_is_repeated_with_the_same_bytes() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        next     o1               -> send 1 out
        answer   o1/1 unanswered
        next     o1               -> wait 5s
        clock    +5s
        next     o1               -> send 1 out
        answer   o1/1 refused-again                   # proves nothing: the first may be anywhere
        next     o1               -> wait 5s
        clock    +5s
        next     o1               -> send 1 out
        included o1/1             -> 1 included
        answer   o1/1 taken       -> nothing changes
        next     o1               -> read
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        ",
    );
}

#[test]
fn what_a_fork_dropped_is_sent_again_and_included_elsewhere() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        clock    +3s
        included o1/1             -> 1 included
        wallet   w1               -> free energy 5587, bandwidth 0
        reorged  o1/1             -> 1 signed
        reorged  o1/1             -> nothing changes
        wallet   w1               -> free energy 5587, bandwidth 0
        next     o1               -> send 1 out
        answer   o1/1 refused-again                   # it was taken once, so this proves nothing
        clock    +3s
        included o1/1             -> 1 included
        clock    +3s
        included o1/1             -> ok               # the same, in another block
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        reorged  o1/1             -> 1 signed         # after it was delivered: it is put back
        next     o1               -> send 1 out
        clock    +3s
        included o1/1             -> 1 included
        solid
        reorged  o1/1             -> nothing changes  # solid cannot be undone
        ",
    );
}

#[test]
fn a_fork_below_the_way_back_leaves_both_transactions_to_themselves() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        sign     o1/1             -> 1 returning
        answer   o1/1 taken
        reorged  o1/1 out
        next     o1               -> send 1 out
        answer   o1/1 taken out
        clock    +3s
        included o1/1 out
        included o1/1 back        -> 1 returned
        reorged  o1/1 back        -> 1 returning
        reorged  o1/1 out
        clock    +3s
        included o1/1 back        -> 1 returned
        included o1/1 out
        solid
        proven   o1               -> ended
        solid
        next     o1               -> close
        ",
    );
}

#[test]
fn an_owed_leg_whose_way_out_is_undone_is_put_back_and_owed_again() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        reorged  o1/1             -> 1 signed
        next     o1               -> send 1 out
        answer   o1/1 taken
        next     o1               -> wait 5s
        included o1/1             -> 1 included
        next     o1               -> tick
        tick     o1               -> 1 owed
        next     o1               -> sign 1 back
        ",
    );
}

#[test]
fn a_way_back_that_is_lost_is_signed_again_until_it_is_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        sign     o1/1             -> 1 returning
        answer   o1/1 unanswered
        clock    +60s
        solid
        next     o1               -> prove 1 back
        lost     o1/1             -> 1 owed
        again    o1/1             -> nothing changes  # what is lost is never sent again
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        answer   o1/1 taken
        included o1/1             -> 1 returned
        proven   o1               -> ended
        solid
        next     o1               -> close
        ",
    );
}

#[test]
fn a_record_that_is_gone_ends_the_order() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        returned o1/1             -> nothing changes
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        solid
        returned o1/1             -> 1 returned
        returned o1/1             -> nothing changes
        returned o1/2             -> the order has no such leg or transaction
        next     o1               -> prove use
        proven   o1               -> ended
        next     o1               -> close
        ",
    );
}

#[test]
fn a_failed_inclusion_counts_once_its_block_cannot_be_undone() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        failed   o1/1             -> nothing changes  # a fork could include it again, and then it works
        clock    +60s
        solid
        next     o1               -> prove 1 out
        failed   o1/1             -> 1 dropped
        next     o1               -> read
        ",
    );
}

#[test]
fn a_refusal_proves_nothing_when_an_earlier_send_may_be_unrecorded() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused-again
        next     o1               -> wait 5s
        clock    +5s
        answer   o1/1 refused                         # too late to be the first
        next     o1               -> wait 5s
        included o1/1             -> 1 included
        ",
    );
}

#[test]
fn nothing_is_signed_in_place_of_a_transaction_until_it_is_provably_lost() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        pool     w2 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 unanswered
        clock    +60s
        next     o1               -> wait 3s          # expired, but not past the solid head
        read     o1               -> nothing changes
        sign     o1/1             -> nothing changes
        solid
        next     o1               -> prove 1 out
        lost     o1/1             -> 1 dropped
        lost     o1/1             -> nothing changes
        wallet   w1               -> free energy 70000, bandwidth 0
        next     o1               -> read
        read     o1               -> 2 w2 lends 64413 energy
        next     o1               -> sign 2 out
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        ",
    );
}

#[test]
fn what_a_fork_took_after_its_way_back_was_signed_owes_nothing_and_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        clock    +10s
        sign     o1/1             -> 1 returning
        reorged  o1/1 out
        clock    +50s
        next     o1               -> send 1 back
        solid
        next     o1               -> prove 1 out
        lost     o1/1 out
        clock    +10s
        solid
        next     o1               -> prove 1 back
        lost     o1/1 back        -> 1 dropped        # never owed: it would take another's stake
        next     o1               -> prove use
        proven   o1               -> refunded, refunded 3.8571  # the receiver managed without
        next     o1               -> close
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

#[test]
fn a_leg_whose_way_back_is_lost_before_its_way_out_comes_again_waits_for_that() {
    let undone = "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        used     o1 t1            -> 1 owed
        clock    +10s
        sign     o1/1             -> 1 returning
        reorged  o1/1 out
        unused   o1 t1 0
        clock    +60s
        solid
        lost     o1/1 back        -> 1 signed
        ";
    check(&format!(
        "{undone}
        lost     o1/1 out         -> 1 dropped
        next     o1               -> read
        "
    ));
    check(&format!(
        "{undone}
        included o1/1 out         -> 1 included
        read     o1 energy 64413  -> ok
        "
    ));
}

#[test]
fn a_refused_way_back_is_tried_again_ever_more_slowly() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        used     o1 t1            -> 1 owed, 2 owed, delivered, settled 3.8571, callback 40
        sign     o1/1             -> 1 returning
        answer   o1/1 refused     -> 1 owed
        next     o1               -> sign 2 back      # the other wallet may be able to
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        next     o1               -> wait 3s
        clock    +3s
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        answer   o1/1 refused     -> 1 owed
        next     o1               -> wait 6s
        tick     o1               -> nothing changes
        clock    +6s
        sign     o1/1             -> 1 returning
        answer   o1/1 refused     -> 1 owed
        next     o1               -> wait 12s
        clock    +12s
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        proven   o1               -> ended
        ",
    );
}

#[test]
fn what_a_fork_took_from_a_delivered_order_is_lent_again() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        pool     w2 energy 65000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        included o1/1             -> 1 included
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        clock    +3s
        reorged  o1/1             -> 1 signed
        next     o1               -> send 1 out
        answer   o1/1 taken
        clock    +60s
        solid
        next     o1               -> prove 1 out
        lost     o1/1             -> 1 dropped
        used     o1 t1            -> nothing changes  # not with our energy
        next     o1               -> read
        read     o1 energy 0      -> 2 w2 lends 64413 energy
        next     o1               -> sign 2 out
        sign     o1/2             -> 2 signed
        clock    +3s
        included o1/2             -> 2 included
        next     o1               -> read
        read     o1 energy 64413  -> ok               # told and settled before
        next     o1               -> wait 3600s       # its rent begins anew
        used     o1 t2            -> 2 owed
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        solid
        proven   o1               -> ended
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        ",
    );
}

#[test]
fn what_a_fork_took_for_good_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        included o1/1             -> 1 included
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        reorged  o1/1             -> 1 signed
        clock    +60s
        solid
        lost     o1/1             -> 1 dropped
        reading  w1 0
        read     o1 energy 0      -> wait 3s          # the pool is empty now
        clock    +3839s                               # the time to fill and the rent
        next     o1               -> read
        tick     o1               -> nothing changes
        clock    +1s
        next     o1               -> tick
        tick     o1               -> refunded, refunded 3.8571
        next     o1               -> close
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

#[test]
fn a_transfer_that_a_fork_undid_is_expected_again() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        used     o1 t1            -> 1 owed
        unused   o1 t2            -> nothing changes
        unused   o1 t1 0          -> 1 included       # nothing was sent to take it back
        next     o1               -> wait 3600s
        clock    +3s
        used     o1 t1            -> 1 owed
        sign     o1/1             -> 1 returning
        unused   o1 t1 0          -> ok               # and cannot come again
        next     o1               -> send 1 back      # it may be anywhere
        included o1/1             -> 1 returned
        next     o1               -> read
        read     o1 energy 0      -> 2 w1 lends 64413 energy
        clock    +3s
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 64413  -> ok
        used     o1 t1            -> 2 owed
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        next     o1               -> wait 60s
        solid
        proven   o1               -> ended
        unused   o1 t1            -> nothing changes  # solid cannot be undone
        ",
    );
}

/// Another process counted it, late, in a block that a fork had dropped.
#[test]
fn a_use_that_the_solid_chain_does_not_hold_did_not_happen() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        clock    +3s
        used     o1 t1            -> 1 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        proven   o1               -> nothing changes  # not before a solid block is as new
        clock    +60s
        solid
        tick     o1               -> nothing changes
        next     o1               -> prove use
        unused   o1 t1 0          -> ok
        next     o1               -> read
        read     o1 energy 0      -> 2 w1 lends 64413 energy
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 64413  -> ok
        used     o1 t2            -> 2 owed
        ",
    );
}

#[test]
fn a_use_that_a_fork_put_into_another_block_is_proven_by_that_one() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        clock    +3s
        used     o1 t1            -> 1 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        next     o1               -> prove use
        clock    +3s
        used     o1 t1            -> ok
        used     o1 t1            -> nothing changes
        next     o1               -> wait 60s
        solid
        next     o1               -> prove use
        proven   o1               -> ended
        used     o1 t1            -> nothing changes
        ",
    );
}

#[test]
fn a_way_back_that_is_lost_after_its_use_was_undone_is_not_signed_again() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        sign     o1/1             -> 1 returning
        answer   o1/1 unanswered
        unused   o1 t1 60         -> ok
        clock    +60s
        solid
        next     o1               -> prove 1 back
        lost     o1/1             -> 1 included
        next     o1               -> read
        read     o1 energy 64413  -> ok
        used     o1 t1            -> 1 owed
        ",
    );
}

#[test]
fn what_a_fork_took_is_paid_back_when_the_rent_is_over_before_it_is_known() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        included o1/1             -> 1 included
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        reorged  o1/1             -> 1 signed
        clock    +3900s                               # no blocks for an hour
        solid
        next     o1               -> prove 1 out
        lost     o1/1             -> 1 dropped
        next     o1               -> tick
        tick     o1               -> refunded, refunded 3.8571
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

/// One order from two wallets, delivered.
const SPLIT: &str = "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        ready    o1 energy 64412  -> delivered, settled 3.8571, callback 40
";

#[test]
fn a_part_that_a_fork_took_before_its_use_is_lent_again() {
    check(&format!(
        "{SPLIT}
        reorged  o1/2             -> 2 signed
        clock    +60s
        solid
        next     o1               -> prove 2 out
        lost     o1/2             -> 2 dropped
        pool     w3 energy 30000
        next     o1               -> read
        read     o1 energy 40000  -> 3 w3 lends 24413 energy
        sign     o1/3             -> 3 signed
        included o1/3             -> 3 included
        read     o1 energy 64413  -> ok
        used     o1 t1            -> 1 owed, 3 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        sign     o1/3             -> 3 returning
        included o1/3             -> 3 returned
        solid
        proven   o1               -> ended
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        "
    ));
}

#[test]
fn a_part_that_a_fork_took_after_its_use_is_paid_back_once() {
    check(&format!(
        "{SPLIT}
        used     o1 t1            -> 1 owed, 2 owed
        reorged  o1/2             -> 2 signed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        clock    +60s
        solid
        lost     o1/2             -> 2 dropped
        next     o1               -> prove use
        proven   o1               -> ended, partly refunded 1.4571   # 24285 of 64285
        proven   o1               -> nothing changes
        solid
        next     o1               -> close
        money    m1               -> available 97.6, held 0, revenue 2.4
        "
    ));
}

#[test]
fn a_part_that_a_fork_took_after_its_way_back_was_signed_is_paid_back() {
    check(&format!(
        "{SPLIT}
        used     o1 t1            -> 1 owed, 2 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        clock    +10s
        sign     o1/2             -> 2 returning
        reorged  o1/2 out
        clock    +60s
        solid
        lost     o1/2 out
        lost     o1/2 back        -> 2 dropped
        proven   o1               -> ended, partly refunded 1.4571
        "
    ));
}

#[test]
fn bandwidth_that_a_fork_took_from_a_stopped_order_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 300000 bandwidth 2000
        address  A free 0
        order    o1 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        ready    o1 energy 64413 bandwidth 346 -> delivered, settled 4.2031, callback 40
        stop     o1               -> 1 owed, 2 owed
        reorged  o1/1             -> 1 signed
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        clock    +60s
        solid
        lost     o1/1             -> 1 dropped
        next     o1               -> tick
        tick     o1               -> ended, partly refunded 0.346
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        ",
    );
}

#[test]
fn a_part_that_is_gone_when_a_use_is_undone_is_lent_again() {
    check(&format!(
        "{SPLIT}
        used     o1 t1            -> 1 owed, 2 owed
        reorged  o1/2             -> 2 signed
        clock    +60s
        solid
        lost     o1/2             -> 2 dropped
        unused   o1 t1 0          -> 1 included
        pool     w3 energy 30000
        next     o1               -> read
        read     o1 energy 40000  -> 3 w3 lends 24413 energy
        "
    ));
}

/// Used, taken back, and its use dropped by a fork that left the way back where it was.
const UNDONE: &str = "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        clock    +3s
        used     o1 t1            -> 1 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
";

#[test]
fn a_transfer_that_comes_again_after_the_energy_has_left_is_paid_back() {
    check(&format!(
        "{UNDONE}
        unused   o1 t1 57         -> ok
        next     o1               -> wait 3s
        read     o1 energy 0      -> nothing changes
        clock    +3s
        used     o1 t2            -> nothing changes  # another one: it had nothing of ours
        used     o1 t1            -> ok
        next     o1               -> wait 60s
        solid
        next     o1               -> prove use
        proven   o1               -> refunded, refunded 3.8571
        next     o1               -> close
        money    m1               -> available 100, held 0, revenue 0
        "
    ));
}

#[test]
fn a_transfer_that_comes_again_before_the_energy_has_left_is_paid_for() {
    check(&format!(
        "{UNDONE}
        unused   o1 t1 57         -> ok
        reorged  o1/1             -> 1 returning
        clock    +3s
        used     o1 t1            -> ok
        included o1/1             -> 1 returned
        solid
        proven   o1               -> ended
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        "
    ));
}

#[test]
fn a_transfer_that_has_expired_is_lent_for_again() {
    check(&format!(
        "{UNDONE}
        unused   o1 t1 57         -> ok
        clock    +56s
        next     o1               -> wait 3s
        clock    +1s
        next     o1               -> read
        read     o1 energy 0      -> 2 w1 lends 64413 energy
        next     o1               -> sign 2 out
        "
    ));
}

#[test]
fn a_transfer_that_nodes_have_forgotten_is_lent_for_again() {
    for left in ["86400", ""] {
        check(&format!(
            "{UNDONE}
            unused   o1 t1 {left}     -> ok
            clock    +119s
            next     o1               -> wait 3s
            clock    +1s
            next     o1               -> read
            "
        ));
    }
}

#[test]
fn a_transfer_that_comes_again_and_fails_is_lent_for_at_once() {
    check(&format!(
        "{UNDONE}
        failed-again o1 t1        -> nothing changes
        unused   o1 t1 57         -> ok
        failed-again o1 t2        -> nothing changes
        failed-again o1 t1        -> ok
        next     o1               -> read
        "
    ));
}

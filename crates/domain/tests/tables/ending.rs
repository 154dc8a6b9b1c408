//! The rent's end, the deadline, and refunds.

use crate::language::check;

#[test]
fn what_was_never_used_goes_back_at_the_end_of_the_rent() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        clock    +10s
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        clock    +3599s
        next     o1               -> wait 1s
        tick     o1               -> nothing changes
        clock    +1s
        next     o1               -> tick
        tick     o1               -> 1 owed
        sign     o1/1             -> 1 returning
        used     o1 t1            -> ok               # late, but there
        included o1/1             -> 1 returned
        next     o1               -> wait 60s         # its transfer could still be undone
        tick     o1               -> nothing changes
        solid
        next     o1               -> prove use
        proven   o1               -> ended
        next     o1               -> close
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        ",
    );
}

#[test]
fn an_order_that_could_not_be_filled_is_refunded_at_the_deadline() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        clock    +299s
        tick     o1               -> nothing changes
        clock    +1s
        next     o1               -> tick
        tick     o1               -> 1 dropped, refunded, released 3.8571, callback 41
        tick     o1               -> nothing changes
        sign     o1/1             -> nothing changes
        wallet   w1               -> free energy 70000, bandwidth 0
        money    m1               -> available 100, held 0, revenue 0
        next     o1               -> close
        ",
    );
}

#[test]
fn a_refund_waits_for_a_leg_in_doubt_and_takes_back_what_came_late() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        clock    +290s
        sign     o1/1             -> 1 signed
        answer   o1/1 unanswered
        clock    +10s
        tick     o1               -> nothing changes  # it may be included: no refund yet
        next     o1               -> send 1 out
        answer   o1/1 unanswered
        included o1/1             -> 1 included
        next     o1               -> read
        tick     o1               -> nothing changes
        drift    1010000000
        read     o1 energy 63775  -> 1 owed, refunded, released 3.8571, callback 41   # 510 are short
        used     o1 t1            -> nothing changes
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        next     o1               -> close
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

/// Nobody was there to look: it was filled in time all the same.
#[test]
fn an_order_that_is_all_there_at_the_deadline_is_read_before_it_is_given_up() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        order    o2 m1 B          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o2/1             -> 1 signed
        included o2/1             -> 1 included
        clock    +3600s
        next     o1               -> read
        tick     o1               -> nothing changes
        clock    +3600s
        next     o1               -> read
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        next     o1               -> wait 3600s       # its hour begins now
        next     o2               -> read
        read     o2 energy 64413 used 64285 -> 1 owed, refunded, released 3.8571, callback 41
        ",
    );
}

/// The node has no answer about its receiver, for an hour after the deadline.
#[test]
fn an_order_that_nobody_can_read_is_given_up_in_the_end() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        clock    +3899s
        next     o1               -> read
        tick     o1               -> nothing changes
        clock    +1s
        next     o1               -> read             # whoever cannot lets time decide
        tick     o1               -> 1 owed, refunded, released 3.8571, callback 41
        ",
    );
}

/// Nobody proves what became of the other's energy, for an hour after the deadline.
#[test]
fn an_order_waits_for_energy_in_doubt_no_longer_than_an_hour_after_its_deadline() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        rent     o2 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o2/1             -> 1 signed
        clock    +3899s
        read     o1 energy 64413 used 10000 -> wait 3s
        clock    +1s
        read     o1 energy 64413 used 10000 -> 1 owed, refunded, released 3.8571, callback 41
        ",
    );
}

#[test]
fn a_late_inclusion_still_delivers_when_it_is_used_before_the_refund() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        clock    +300s
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, delivered, settled 3.8571, callback 40
        tick     o1               -> nothing changes
        ",
    );
}

#[test]
fn a_leg_that_is_lost_after_the_deadline_is_not_replaced() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 40000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        clock    +290s
        sign     o1/2             -> 2 signed
        answer   o1/2 unanswered
        clock    +60s
        solid
        next     o1               -> prove 2 out
        lost     o1/2             -> 2 dropped
        next     o1               -> tick
        tick     o1               -> 1 owed, refunded, released 3.8571, callback 41
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        wallet   w2               -> free energy 40000, bandwidth 0
        solid
        next     o1               -> close
        ",
    );
}

#[test]
fn a_fork_after_the_refund_strands_nothing() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        clock    +300s
        included o1/1             -> 1 included
        read     o1 energy 0      -> 1 owed, refunded, released 3.8571, callback 41   # somebody took it
        reorged  o1/1             -> 1 signed
        clock    +3s
        included o1/1             -> 1 owed           # nobody pays for it: back it goes
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        next     o1               -> close
        ",
    );
}

#[test]
fn a_used_leg_that_a_fork_undid_is_sent_again_and_taken_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        reorged  o1/1             -> 1 signed
        used     o1 t1            -> nothing changes
        included o1/1             -> 1 included
        used     o1 t2            -> 1 owed
        ",
    );
}

/// Somebody else activated the address in the seconds between the reading and our transaction.
#[test]
fn an_activation_that_somebody_else_made_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     a1 activator 10
        pool     w1 energy 70000
        address  A absent
        order    o1 m1 A          -> 1 a1 activates, 2 w1 lends 64413 energy, held 5.3571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped        # it exists already
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 64413  -> delivered, settled 5.3571, callback 40
        used     o1 t1            -> 2 owed
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        solid
        proven   o1               -> ended, partly refunded 1.5
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        ",
    );
}

/// One of two wallets was refused, and somebody else lent the address the rest.
#[test]
fn a_part_that_somebody_else_supplied_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        answer   o1/2 refused     -> 2 dropped
        read     o1 energy 64285  -> delivered, settled 3.8571, callback 40
        clock    +3600s
        tick     o1               -> 1 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        tick     o1               -> ended, partly refunded 1.4571   # 24285 of 64285
        money    m1               -> available 97.6, held 0, revenue 2.4
        ",
    );
}

#[test]
fn what_replaced_a_refused_leg_is_paid_for() {
    check(
        "
        merchant m1 trx 100
        margin   0
        pool     w1 energy 40000
        pool     w2 energy 30000
        pool     w3 energy 20000
        pool     w4 energy 20000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24284 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        answer   o1/2 refused     -> 2 dropped
        read     o1 energy 40000  -> 3 w3 lends 20000 energy, 4 w4 lends 4284 energy
        ready    o1 energy 64285  -> delivered, settled 3.8571, callback 40
        clock    +3600s
        tick     o1               -> 1 owed, 3 owed, 4 owed
        returned o1/1             -> 1 returned
        returned o1/3             -> 3 returned
        returned o1/4             -> 4 returned
        solid
        tick     o1               -> ended            # what was rounded is nobody's
        ",
    );
}

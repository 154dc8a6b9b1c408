//! Several orders on one address.

use crate::language::check;

#[test]
fn the_same_energy_is_not_promised_twice() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A energy 70000 free 1000
        order    o1 m1 A
        order    o2 m1 A          -> 1 w1 lends 58687 energy, held 3.5142   # 5715 are left over
        read     o1               -> delivered, callback 40
        ready    o2 energy 128687 -> delivered, settled 3.5142, callback 40
        ",
    );
}

/// The transfer of the first failed and used the energy all the same.
#[test]
fn what_another_order_counts_on_and_is_used_already_is_not_paid_for() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        address  A energy 64413 used 64285
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o2 energy 128826 used 64285 -> 2 w1 lends 64285 energy   # both may still be made
        ",
    );
}

/// Whoever wastes what it was lent again and again pays for each transfer's energy once.
#[test]
fn wasted_energy_does_not_double_with_each_order_on_an_address() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 400000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        address  A energy 64413 used 64413
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o2 energy 128826 used 64413 -> 2 w1 lends 64413 energy
        ready    o2 energy 193239 used 64413 -> delivered, settled 3.8571, callback 40
        address  A energy 193239 used 193239
        order    o3 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o3 energy 257652 used 193239 -> delivered, settled 3.8571, callback 40
        ",
    );
}

#[test]
fn a_used_order_waits_for_the_other_and_both_go_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571   # o1's margin leaves with o1
        ready    o2 energy 128826 -> delivered, settled 3.8571, callback 40
        used     o1 t1            -> ok
        next     o1               -> wait 3600s
        tick     o1               -> nothing changes
        used     o2 t1            -> nothing changes  # one transfer counts once
        used     o2 t2            -> 1 owed
        next     o1               -> tick
        tick     o1               -> 1 owed
        sign     o1/1             -> 1 returning
        sign     o2/1             -> 1 returning
        included o1/1             -> 1 returned
        included o2/1             -> 1 returned
        solid
        proven   o1               -> ended
        proven   o2               -> ended
        solid
        next     o1               -> close
        next     o2               -> close
        ",
    );
}

#[test]
fn new_energy_is_lent_after_the_old_is_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        used     o1 t1            -> 1 owed
        address  A energy 64413 used 64285
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        next     o2               -> wait 3s
        sign     o1/1             -> 1 returning
        next     o2               -> wait 3s
        included o1/1             -> 1 returned
        next     o2               -> sign 1 out
        ",
    );
}

#[test]
fn a_half_filled_order_keeps_what_it_has() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        pool     w3 energy 90000
        address  A energy 40000
        order    o2 m1 A          -> 1 w3 lends 64413 energy, held 3.8571
        ",
    );
}

#[test]
fn a_second_order_pays_for_its_own_need_only_wherever_the_first_stands() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        pool     w3 energy 90000
        pool     w4 energy 90000
        pool     w5 energy 90000
        address  A free 10000
        order    o1 m1 A          -> 1 w3 lends 64413 energy, held 3.8571
        order    o2 m1 A          -> 1 w4 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped
        order    o3 m1 A          -> 1 w3 lends 64413 energy, held 3.8571   # o1 buys its own again
        ",
    );
}

#[test]
fn an_order_whose_unused_energy_is_going_back_is_not_paid_for_by_the_next() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413  -> delivered, settled 3.8571, callback 40
        clock    +3600s
        tick     o1               -> 1 owed
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        address  A energy 0
        order    o3 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ",
    );
}

#[test]
fn a_node_that_lags_behind_another_orders_leg_is_read_again() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 300000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o2/1             -> 1 signed
        included o2/1             -> 1 included
        read     o2 energy 64413  -> wait 3s          # shows one of the two
        read     o2 energy 128826 -> delivered, settled 3.8571, callback 40
        read     o1               -> delivered, settled 3.8571, callback 40
        ",
    );
}

#[test]
fn a_second_order_does_not_pay_for_the_bandwidth_of_the_first() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 300000 bandwidth 2000
        address  A free 0
        order    o1 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        order    o2 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        address  A bandwidth 346
        order    o3 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        ",
    );
}

#[test]
fn an_address_is_activated_and_paid_for_once() {
    check(
        "
        merchant m1 trx 100
        pool     a1 activator 10
        pool     w1 energy 300000 bandwidth 400
        address  A absent
        order    o1 m1 A          -> 1 a1 activates, 2 w1 lends 64413 energy, held 5.3571
        order    o2 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        next     o2               -> wait 3s
        sign     o1/1             -> 1 signed
        next     o2               -> wait 3s
        included o1/1             -> 1 included
        next     o2               -> sign 1 out
        ",
    );
}

#[test]
fn an_activation_that_another_order_never_made_is_planned_anew() {
    check(
        "
        merchant m1 trx 100
        pool     a1 activator 10
        pool     w1 energy 300000 bandwidth 400
        address  A absent
        order    o1 m1 A          -> 1 a1 activates, 2 w1 lends 64413 energy, held 5.3571
        clock    +200s
        order    o2 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        clock    +100s
        tick     o1               -> 1 dropped, 2 dropped, refunded, released 5.3571, callback 41
        next     o2               -> sign 1 out
        sign     o2/1             -> 1 signed
        answer   o2/1 refused     -> 1 dropped        # there is nobody to lend to
        sign     o2/2             -> 2 signed
        answer   o2/2 refused     -> 2 dropped
        read     o2 absent        -> 3 a1 activates, 4 w1 lends 64413 energy
        ",
    );
}

#[test]
fn what_was_used_stays_while_an_order_that_bought_nothing_counts_on_it() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A energy 120000 free 10000
        order    o1 m1 A
        read     o1               -> delivered, callback 40
        order    o2 m1 A          -> 1 w1 lends 8587 energy, held 0.5142   # 55715 are left over
        ready    o2 energy 128587 -> delivered, settled 0.5142, callback 40
        used     o2 t1            -> ok               # back now, it would take used energy along
        next     o2               -> wait 3600s
        tick     o2               -> nothing changes
        used     o1 t2            -> ok
        next     o2               -> tick
        tick     o2               -> 1 owed
        ",
    );
}

#[test]
fn an_order_that_is_read_back_later_does_not_hold_what_was_used() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A energy 120000 free 10000
        order    o1 m1 A
        order    o2 m1 A          -> 1 w1 lends 8587 energy, held 0.5142
        ready    o2 energy 128587 -> delivered, settled 0.5142, callback 40
        used     o2 t1            -> 1 owed           # o1 will see what is left
        ",
    );
}

#[test]
fn what_was_used_goes_back_when_all_promises_from_before_are_over() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        address  A energy 120000 free 10000
        order    o1 m1 A
        order    o2 m1 A          -> 1 w1 lends 8587 energy, held 0.5142
        ready    o2 energy 128587 -> delivered, settled 0.5142, callback 40
        read     o1               -> delivered, callback 40
        used     o2 t1            -> ok
        clock    +3599s                               # the rent of o1
        tick     o2               -> nothing changes
        clock    +1s
        next     o2               -> tick
        tick     o2               -> 1 owed
        ",
    );
}

/// The node that is read shows what the first has sent, and nobody has told the rows of it.
#[test]
fn what_another_order_has_sent_is_its_own_before_it_is_known_to_be_there() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 400000
        address  A free 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 taken
        address  A energy 64413
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        rent     o3 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        sign     o3/1             -> 1 signed
        address  A energy 129543
        order    o4 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        included o1/1             -> 1 included
        stop     o1                                  # it will be taken back
        address  A energy 64413                      # the rent is not there yet
        order    o5 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ",
    );
}

#[test]
fn bandwidth_that_another_order_has_sent_is_not_counted_twice() {
    for bandwidth in [0, 346] {
        check(&format!(
            "
            merchant m1 trx 100
            pool     w1 energy 300000 bandwidth 2000
            address  A free 0
            order    o1 m1 A      -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
            sign     o1/1         -> 1 signed
            answer   o1/1 taken
            address  A bandwidth {bandwidth}
            order    o2 m1 A      -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
            "
        ));
    }
}

/// What the second has sent is there or is not: where that decides whether the first is short, it waits.
#[test]
fn nobody_is_short_or_ready_by_what_another_order_has_sent() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 400000
        address  A energy 30000 free 10000
        order    o1 m1 A          -> 1 w1 lends 34353 energy, held 2.0571
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o2/1             -> 1 signed
        answer   o2/1 taken
        ready    o1 energy 64353  -> wait 3s          # 30000 of it may be o2's
        read     o1 energy 128766 -> delivered, settled 2.0571, callback 40
        included o2/1             -> 1 included
        read     o2               -> delivered, settled 3.8571, callback 40
        ",
    );
}

/// Both have legs in one block, and the second is read back before the first is known to be there.
const READ_BACK_TOO_SOON: &str = "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        sign     o1/1             -> 1 signed
        pool     w3 energy 90000
        address  A energy 40000 free 10000
        order    o2 m1 A          -> 1 w3 lends 64413 energy, held 3.8571
        ready    o2 energy 104413 -> delivered, settled 3.8571, callback 40
        included o1/1             -> 1 included
        blocked  2
        clock    +300s
";

#[test]
fn what_a_refunded_order_lent_stays_while_a_delivered_one_counts_on_it() {
    check(&format!(
        "{READ_BACK_TOO_SOON}
        tick     o1               -> 2 dropped, refunded, released 3.8571, callback 41
        money    m1               -> available 96.1429, held 0, revenue 3.8571
        next     o1               -> wait 3300s
        tick     o1               -> nothing changes
        used     o2 t1            -> 1 owed
        next     o1               -> tick
        tick     o1               -> 1 owed
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        next     o1               -> close
        "
    ));
}

#[test]
fn what_a_refunded_order_lent_stays_no_longer_than_a_promise_lasts() {
    check(&format!(
        "{READ_BACK_TOO_SOON}
        tick     o1               -> 2 dropped, refunded, released 3.8571, callback 41
        clock    +3299s                               # the rent of o2
        tick     o1               -> nothing changes
        clock    +1s
        next     o1               -> tick
        tick     o1               -> 1 owed
        "
    ));
}

#[test]
fn what_a_refunded_order_lent_and_a_fork_put_back_waits_as_well() {
    check(&format!(
        "{READ_BACK_TOO_SOON}
        tick     o1               -> 2 dropped, refunded, released 3.8571, callback 41
        reorged  o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o2 t1            -> 1 owed
        reorged  o1/1             -> 1 signed
        included o1/1             -> 1 owed
        "
    ));
}

#[test]
fn nobody_new_counts_on_what_a_refunded_order_lent() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        pool     w3 energy 200000
        address  A energy 40000 free 10000
        order    o2 m1 A          -> 1 w3 lends 64413 energy, held 3.8571
        ready    o2 energy 104413 -> delivered, settled 3.8571, callback 40
        clock    +300s
        tick     o1               -> 2 dropped, refunded, released 3.8571, callback 41
        order    o3 m1 A          -> 1 w3 lends 64413 energy, held 3.8571
        next     o3               -> sign 1 out       # nothing is on its way back
        used     o2 t1            -> 1 owed           # o3 has nothing there yet
        next     o1               -> tick
        ",
    );
}

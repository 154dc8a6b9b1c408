//! Energy for a period: hours that end when they are used up, days that last, early ends.

use crate::language::check;

#[test]
fn an_hour_goes_back_as_soon_as_it_is_used_up() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        next     o1               -> read
        read     o1 energy 0      -> wait 3s          # the node does not show it yet
        read     o1 energy 65130  -> delivered, settled 3.9, callback 40
        call     o1 t1 30000
        call     o1 t1 30000      -> nothing changes  # one call counts once
        next     o1               -> wait 3600s
        call     o1 t2 31749
        call     o1 t3 1          -> 1 owed           # what is left is of no use
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        next     o1               -> wait 60s
        solid
        next     o1               -> prove use
        proven   o1               -> ended
        solid
        next     o1               -> close
        money    m1               -> available 96.1, held 0, revenue 3.9
        ",
    );
}

#[test]
fn a_call_that_a_fork_undid_uses_nothing() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        ready    o1 energy 65130  -> delivered, settled 3.9, callback 40
        call     o1 t1 1000
        call     o1 t2 59000
        clock    +3s
        call     o1 t2 59000      -> ok               # in another block now
        call     o1 t3 5000       -> 1 owed
        unused   o1 t9 0          -> nothing changes
        unused   o1 t1 0          -> ok               # used up without it
        unused   o1 t2 0          -> 1 included
        unused   o1 t2 0          -> nothing changes
        call     o1 t4 59000      -> 1 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        solid
        next     o1               -> prove use
        unused   o1 t4 0          -> ok               # not on the solid chain
        next     o1               -> read
        read     o1 energy 0      -> 2 w1 lends 65130 energy
        ",
    );
}

#[test]
fn an_hour_that_is_not_used_up_ends_with_the_hour() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        ready    o1 energy 65130  -> delivered, settled 3.9, callback 40
        call     o1 t1 20000
        clock    +3599s
        tick     o1               -> nothing changes
        clock    +1s
        tick     o1               -> 1 owed
        call     o1 t2 45000      # late, but there
        ",
    );
}

#[test]
fn days_last_however_much_is_used() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 3D -> 1 w1 lends 65130 energy, held 15.6
        ready    o1 energy 65130  -> delivered, settled 15.6, callback 40
        call     o1 t1 65000      -> nothing changes
        used     o1 t1            -> nothing changes
        next     o1               -> wait 259200s
        clock    +259199s
        tick     o1               -> nothing changes
        clock    +1s
        next     o1               -> tick
        tick     o1               -> 1 owed
        ",
    );
}

#[test]
fn what_the_address_has_besides_is_not_counted() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        address  A energy 500000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        drift    1010000000
        read     o1 energy 564000 -> 2 w1 lends 516 energy   # the stake yields less than was bought
        ",
    );
}

#[test]
fn small_orders_cost_more_and_large_ones_are_split() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 60000
        pool     w2 energy 60000
        pool     w3 energy 60000
        rent     o1 m1 A 10000 1H -> 1 w1 lends 10020 energy, held 1.2
        rent     o2 m1 A 150000 1H -> 1 w2 lends 60000 energy, 2 w3 lends 60000 energy, 3 w1 lends 30299 energy, held 9
        ",
    );
}

#[test]
fn an_address_that_does_not_exist_is_refused_or_activated_for_its_price() {
    check(
        "
        merchant m1 trx 5
        pool     a1 activator 10
        pool     w1 energy 200000
        address  A absent
        rent     o1 m1 A 65000 1H -> TFvF6WzyeRKMM8NcbddxL88mZXTeuUWA8Z does not exist on chain
        rent     o1 m1 A 65000 1H active -> the order costs 5400000 sun and 5000000 sun are available
        merchant m1 trx 100
        rent     o1 m1 A 65000 1H active -> 1 a1 activates, 2 w1 lends 65130 energy, held 5.4
        rent     o2 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9   # it is being activated
        next     o1               -> sign 1 out
        next     o2               -> wait 3s
        ",
    );
}

#[test]
fn an_order_that_could_not_be_filled_is_refunded_whatever_it_is_about() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1D -> 1 w1 lends 65130 energy, held 5.85
        sign     o1/1             -> 1 signed
        answer   o1/1 unanswered
        clock    +300s
        tick     o1               -> nothing changes
        solid
        next     o1               -> prove 1 out
        lost     o1/1             -> 1 dropped
        tick     o1               -> refunded, released 5.85, callback 41
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

#[test]
fn an_early_end_takes_back_and_refunds_nothing() {
    check(
        "
        merchant m1 trx 200
        pool     w1 energy 70000
        rent     o1 m1 A 65000 30D -> 1 w1 lends 65130 energy, held 136.5
        ready    o1 energy 65130  -> delivered, settled 136.5, callback 40
        stop     o1               -> 1 owed
        stop     o1               -> nothing changes
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        next     o1               -> wait 60s         # what it lent could still be undone
        tick     o1               -> nothing changes
        solid
        next     o1               -> tick
        tick     o1               -> ended
        stop     o1               -> nothing changes
        money    m1               -> available 63.5, held 0, revenue 136.5
        ",
    );
}

#[test]
fn an_early_end_of_what_a_fork_undid_for_good_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        ready    o1 energy 65130  -> delivered, settled 3.9, callback 40
        reorged  o1/1             -> 1 signed
        stop     o1
        clock    +60s
        solid
        next     o1               -> prove 1 out
        lost     o1/1             -> 1 dropped
        next     o1               -> tick
        tick     o1               -> refunded, refunded 3.9
        next     o1               -> close
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

#[test]
fn an_early_end_that_a_fork_undid_with_what_it_lent_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        ready    o1 energy 65130  -> delivered, settled 3.9, callback 40
        stop     o1               -> 1 owed
        sign     o1/1             -> 1 returning
        included o1/1             -> 1 returned
        reorged  o1/1 back        -> 1 returning
        reorged  o1/1 out
        clock    +60s
        solid
        next     o1               -> prove 1 out
        lost     o1/1 out
        next     o1               -> prove 1 back
        lost     o1/1 back        -> 1 dropped
        next     o1               -> tick
        tick     o1               -> refunded, refunded 3.9
        next     o1               -> close
        money    m1               -> available 100, held 0, revenue 0
        ",
    );
}

/// The chain showed that somebody else had taken it back, so that it needed no way back of ours.
#[test]
fn an_early_end_of_what_was_not_lent_although_it_was_seen_as_back_is_paid_back() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        ready    o1 energy 65130  -> delivered, settled 3.9, callback 40
        stop     o1               -> 1 owed
        returned o1/1             -> 1 returned
        tick     o1               -> nothing changes
        reorged  o1/1 out
        clock    +60s
        solid
        lost     o1/1 out
        next     o1               -> tick
        tick     o1               -> refunded, refunded 3.9
        ",
    );
}

#[test]
fn an_early_end_drops_what_was_planned_to_fill_it_again_although_others_count_on_the_address() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 1D -> 1 w1 lends 65130 energy, held 5.85
        ready    o1 energy 65130  -> delivered, settled 5.85, callback 40
        rent     o2 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        ready    o2 energy 130260 -> delivered, settled 3.9, callback 40
        reorged  o1/1             -> 1 signed
        clock    +60s
        solid
        lost     o1/1             -> 1 dropped
        read     o1 energy 65130  -> 2 w1 lends 65130 energy
        stop     o1               -> 2 dropped, refunded, refunded 5.85
        wallet   w1               -> free energy 134870, bandwidth 0
        ",
    );
}

#[test]
fn an_early_end_while_filling_comes_after_delivery() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        rent     o1 m1 A 65000 1D -> 1 w1 lends 65130 energy, held 5.85
        sign     o1/1             -> 1 signed
        stop     o1
        stop     o1               -> nothing changes
        included o1/1             -> 1 included
        read     o1 energy 65130  -> delivered, settled 5.85, callback 40
        next     o1               -> tick
        tick     o1               -> 1 owed
        ",
    );
}

#[test]
fn an_early_end_waits_for_what_it_would_spoil() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 1D -> 1 w1 lends 65130 energy, held 5.85
        ready    o1 energy 65130  -> delivered, settled 5.85, callback 40
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571   # rented is not its own
        sign     o2/1             -> 1 signed
        included o2/1             -> 1 included
        address  A free 600
        read     o2 energy 129543 -> delivered, settled 3.8571, callback 40
        stop     o1
        next     o1               -> wait 3600s         # o2's transfer is still to come
        used     o2 t1            -> 1 owed
        next     o1               -> tick
        tick     o1               -> 1 owed
        ",
    );
}

#[test]
fn days_do_not_keep_the_energy_of_a_used_collection() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 30D -> the order costs 136500000 sun and 100000000 sun are available
        rent     o1 m1 A 65000 3D -> 1 w1 lends 65130 energy, held 15.6
        ready    o1 energy 65130  -> delivered, settled 15.6, callback 40
        order    o2 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o2 energy 129543 -> delivered, settled 3.8571, callback 40
        used     o2 t1            -> 1 owed
        ",
    );
}

#[test]
fn two_hours_that_were_partly_used_both_end() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        rent     o2 m1 A 65000 1H -> 1 w1 lends 65130 energy, held 3.9
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o2/1             -> 1 signed
        included o2/1             -> 1 included
        read     o1 energy 130260 -> delivered, settled 3.9, callback 40
        read     o2               -> delivered, settled 3.9, callback 40
        call     o1 t1 30000
        call     o2 t2 30000
        clock    +3600s
        next     o1               -> tick
        tick     o1               -> 1 owed
        tick     o2               -> 1 owed
        ",
    );
}

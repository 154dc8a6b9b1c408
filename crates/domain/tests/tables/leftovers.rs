//! Leftovers: what nobody counts on is taken back before something is lent, and nothing else.

use crate::language::check;

#[test]
fn what_nobody_counts_on_goes_back_first() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        pool     w2 energy 1000
        shown    A w2 5000
        rent     o1 m1 A 65000 1H exclusive -> 1 w2 takes back 5000 energy, 2 w1 lends 65130 energy, held 3.9
        next     o1               -> sign 1 back
        sign     o1/1             -> 1 returning
        next     o1               -> send 1 back
        answer   o1/1 taken
        next     o1               -> wait 3s          # nothing is lent until that is back
        included o1/1             -> 1 returned
        next     o1               -> sign 2 out
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 65130  -> delivered, settled 3.9, callback 40
        call     o1 t1 65000      -> 2 owed
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        solid
        proven   o1               -> ended
        ",
    );
}

#[test]
fn another_orders_share_of_the_same_record_stays() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 1D -> 1 w1 lends 65130 energy, held 5.85
        ready    o1 energy 65130  -> delivered, settled 5.85, callback 40
        shown    A w1 65130
        rent     o2 m1 A 65000 1H exclusive -> 1 w1 lends 65130 energy, held 3.9
        solid
        shown    B w1 70000
        rent     o3 m1 B 20000 1H exclusive -> 1 w1 takes back 70000 energy, 2 w1 lends 20040 energy, held 1.8
        ",
    );
}

#[test]
fn a_record_that_could_still_change_is_left_alone() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000
        rent     o1 m1 A 65000 1D -> 1 w1 lends 65130 energy, held 5.85
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        shown    A w1 70130
        rent     o2 m1 A 65000 1H exclusive -> 1 w1 lends 65130 energy, held 3.9
        solid
        rent     o3 m1 A 65000 1H exclusive -> 1 w1 takes back 5000 energy, 2 w1 lends 65130 energy, held 3.9
        ",
    );
}

#[test]
fn a_leftover_that_does_not_come_back_does_not_keep_the_money() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        pool     w2 energy 1000
        shown    A w2 5000
        rent     o1 m1 A 65000 1H exclusive -> 1 w2 takes back 5000 energy, 2 w1 lends 65130 energy, held 3.9
        sign     o1/1             -> 1 returning
        answer   o1/1 unanswered
        clock    +300s
        solid
        lost     o1/1             -> 1 owed           # it has no way out that could be lost
        sign     o1/1             -> 1 returning
        answer   o1/1 unanswered
        next     o1               -> tick
        tick     o1               -> 2 dropped, refunded, released 3.9, callback 41
        included o1/1             -> 1 returned
        solid
        next     o1               -> close
        ",
    );
}

//! From accepted to delivered.

use crate::language::check;

#[test]
fn a_new_address_is_activated_first_and_energy_is_split_over_two_wallets() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        pool     a1 activator 10
        address  A absent
        order    o1 m1 A          -> 1 a1 activates, 2 w1 lends 40000 energy, 3 w2 lends 24412 energy, held 5.3571
        money    m1               -> available 94.6429, held 5.3571, revenue 0
        wallet   w1               -> free energy 0, bandwidth 0
        next     o1               -> sign 1 out
        sign     o1/1             -> 1 signed
        next     o1               -> send 1 out
        answer   o1/1 taken
        next     o1               -> wait 5s          # stake cannot be lent to what does not exist
        clock    +3s
        included o1/1             -> 1 included
        next     o1               -> sign 2 out
        sign     o1/2             -> 2 signed
        next     o1               -> send 2 out
        answer   o1/2 taken
        next     o1               -> sign 3 out       # legs do not wait for each other
        sign     o1/3             -> 3 signed
        answer   o1/3 taken
        next     o1               -> wait 5s
        clock    +3s
        included o1/3             -> 3 included
        included o1/2             -> 2 included
        next     o1               -> read
        read     o1 energy 64413  -> delivered, settled 5.3571, callback 40
        money    m1               -> available 94.6429, held 0, revenue 5.3571
        next     o1               -> wait 3600s
        clock    +30s
        used     o1 t1            -> 2 owed, 3 owed
        next     o1               -> sign 2 back
        sign     o1/2             -> 2 returning
        next     o1               -> send 2 back
        answer   o1/2 taken
        next     o1               -> sign 3 back
        sign     o1/3             -> 3 returning
        answer   o1/3 taken
        next     o1               -> wait 5s
        clock    +3s
        included o1/2             -> 2 returned
        included o1/3             -> 3 returned
        next     o1               -> wait 60s
        solid
        next     o1               -> prove use
        proven   o1               -> ended
        next     o1               -> close
        ",
    );
}

#[test]
fn bandwidth_is_lent_when_neither_source_covers_the_transfer_alone() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000 bandwidth 400
        address  A free 345 bandwidth 100
        order    o1 m1 A          -> 1 w1 lends 246 bandwidth, 2 w1 lends 64413 energy, held 4.1031
        wallet   w1               -> free energy 5587, bandwidth 154
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 64413 bandwidth 346 -> delivered, settled 4.1031, callback 40
        ",
    );
}

#[test]
fn nothing_missing_and_never_used_ends_with_the_rent() {
    check(
        "
        merchant m1 trx 1
        address  A energy 64285
        order    o1 m1 A
        read     o1               -> delivered, callback 40
        clock    +3600s
        next     o1               -> tick
        tick     o1               -> ended
        next     o1               -> close
        ",
    );
}

#[test]
fn nothing_is_held_when_the_price_is_zero() {
    check(
        "
        merchant m1 trx 0
        prices   0 0 0
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        read     o1 energy 64413  -> delivered, callback 40
        order    o2 m1 B          -> the pool lacks 5882600001 sun of ENERGY stake
        ",
    );
}

#[test]
fn a_wallet_that_was_refused_is_asked_again_when_no_other_can_lend() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 90000
        pool     w2 energy 10000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped
        read     o1               -> 2 w1 lends 64413 energy
        ",
    );
}

#[test]
fn what_the_drift_of_the_weight_took_is_topped_up_free_of_charge() {
    check(
        "
        merchant m1 trx 100
        margin   0
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64285 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        drift    1010000000
        read     o1 energy 63648  -> 2 w1 lends 637 energy
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 energy 64285  -> delivered, settled 3.8571, callback 40
        ",
    );
}

/// It called something else, or its transfer failed, before it was read back.
#[test]
fn what_its_receiver_has_used_itself_is_lent_once_more_and_not_again() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 400000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        ready    o1 energy 64413 used 64285 -> 2 w1 lends 64285 energy
        ready    o1 energy 128698 used 128570 -> delivered, settled 3.8571, callback 40
        address  B energy 60000
        order    o2 m1 B          -> 1 w1 lends 4293 energy, held 0.2571
        ready    o2 energy 64293 used 64293 -> 2 w1 lends 64413 energy
        ready    o2 energy 128706 used 128706 -> delivered, settled 0.2571, callback 40
        ",
    );
}

#[test]
fn what_a_stranger_took_back_is_lent_and_not_what_is_used_then() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 400000
        address  A energy 60000
        order    o1 m1 A          -> 1 w1 lends 4293 energy, held 0.2571
        ready    o1 energy 4293   -> 2 w1 lends 60120 energy
        ready    o1 energy 64413 used 64285 -> delivered, settled 0.2571, callback 40
        ",
    );
}

#[test]
fn a_node_that_lags_is_read_again_and_nothing_is_lent_twice() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 200000 bandwidth 400
        address  A free 0
        order    o1 m1 A          -> 1 w1 lends 346 bandwidth, 2 w1 lends 64413 energy, held 4.2031
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1               -> wait 3s
        read     o1 energy 64413  -> wait 3s
        read     o1 energy 0 bandwidth 346 -> wait 3s
        read     o1 energy 64413  -> delivered, settled 4.2031, callback 40
        ",
    );
}

#[test]
fn an_activation_that_the_node_does_not_show_is_not_repeated() {
    check(
        "
        merchant m1 trx 100
        pool     a1 activator 10
        pool     w1 energy 70000
        address  A absent
        order    o1 m1 A          -> 1 a1 activates, 2 w1 lends 64413 energy, held 5.3571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        read     o1 absent        -> wait 3s
        read     o1 energy 64413  -> delivered, settled 5.3571, callback 40
        ",
    );
}

#[test]
fn a_merchant_that_is_faster_than_our_reading_has_been_served() {
    check(
        "
        merchant m1 trx 100
        margin   0
        pool     w1 energy 40000
        pool     w2 energy 40000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24284 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        sign     o1/2             -> 2 signed
        used     o1 t1            -> nothing changes  # not everything was there
        included o1/2             -> 2 included
        used     o1 t2            -> 1 owed, 2 owed, delivered, settled 3.8571, callback 40
        read     o1 energy 64285  -> nothing changes
        used     o1 t2            -> nothing changes
        ",
    );
}

#[test]
fn a_refused_first_send_is_replanned_on_another_wallet() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 90000
        pool     w2 energy 80000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped
        wallet   w1               -> free energy 90000, bandwidth 0
        next     o1               -> read
        read     o1               -> 2 w2 lends 64413 energy
        sign     o1/2             -> 2 signed
        answer   o1/2 taken
        included o1/2             -> 2 included
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        included o1/1             -> nothing changes  # refused by all: it can never be anywhere
        ",
    );
}

#[test]
fn a_wallet_that_is_refused_again_and_again_is_tried_until_the_deadline() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped
        next     o1               -> read             # others may be able to
        read     o1               -> 2 w1 lends 64413 energy
        sign     o1/2             -> 2 signed
        answer   o1/2 refused     -> 2 dropped
        next     o1               -> wait 3s
        clock    +3s
        next     o1               -> read
        read     o1               -> 3 w1 lends 64413 energy
        sign     o1/3             -> 3 signed
        answer   o1/3 refused     -> 3 dropped
        next     o1               -> wait 6s
        clock    +6s
        next     o1               -> read
        read     o1               -> 4 w1 lends 64413 energy
        sign     o1/4             -> 4 signed
        answer   o1/4 refused     -> 4 dropped
        next     o1               -> wait 12s
        clock    +288s
        next     o1               -> read
        read     o1               -> 5 w1 lends 64413 energy
        sign     o1/5             -> 5 signed
        answer   o1/5 refused     -> 5 dropped
        next     o1               -> wait 3s          # the deadline
        clock    +3s
        next     o1               -> tick
        tick     o1               -> refunded, released 3.8571, callback 41
        ",
    );
}

#[test]
fn the_legs_that_an_order_has_are_bounded_and_then_it_is_refunded() {
    // The token's contract takes a thousand more again and again.
    let short = |limit: i64| format!("read o1 energy {limit} takes {}", limit + 1_000);
    let lent = |limit: i64| with_margin(1_000 + with_margin(limit) - limit);
    let owed: Vec<String> = (1..=12).map(|leg| format!("{leg} owed")).collect();
    let refunded = format!("{}, refunded, released 3.8571, callback 41", owed.join(", "));
    twelve_legs(short, lent, &refunded);
}

#[test]
fn an_order_whose_receiver_uses_a_little_again_and_again_is_not_refunded() {
    let short = |limit: i64| format!("read o1 energy {limit} used {}", limit - 63_285);
    let lent = |_| with_margin(1_000 + with_margin(63_285) - 63_285);
    twelve_legs(short, lent, "delivered, settled 3.8571, callback 40");
}

/// The margin of these tables: 0.2 %.
const fn with_margin(energy: i64) -> i64 {
    energy + energy / 500
}

/// An order that is read back a thousand short after each of its legs, and what comes of it after the last.
fn twelve_legs(short: impl Fn(i64) -> String, lent: impl Fn(i64) -> i64, came: &str) {
    let mut table = String::from(
        "
        merchant m1 trx 100
        pool     w1 energy 80000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        ",
    );
    let mut limit = 64_413;
    for leg in 2..=12 {
        let more = lent(limit);
        table += &format!("{} -> {leg} w1 lends {more} energy\n", short(limit));
        table += &format!("sign o1/{leg} -> {leg} signed\nincluded o1/{leg} -> {leg} included\n");
        limit += more;
    }
    table += &format!("{} -> {came}\n", short(limit));
    check(&table);
}

#[test]
fn the_tries_of_an_order_are_bounded_and_then_it_is_refunded() {
    let mut table = String::from(
        "
        merchant m1 trx 100
        pool     w1 energy 20000
        pool     w2 energy 20000
        pool     w3 energy 20000
        pool     w4 energy 20000
        ",
    );
    for round in 0..24 {
        let [one, two, three, four] = [1, 2, 3, 4].map(|leg| round * 4 + leg);
        let legs = format!(
            "{one} w1 lends 20000 energy, {two} w2 lends 20000 energy, \
             {three} w3 lends 20000 energy, {four} w4 lends 4412 energy"
        );
        table += &match round {
            0 => format!("order o1 m1 A -> {legs}, held 3.8571\n"),
            _ => format!("read o1 -> {legs}\n"),
        };
        for leg in [one, two, three, four] {
            table += &format!(
                "sign o1/{leg} -> {leg} signed\nanswer o1/{leg} refused -> {leg} dropped\n"
            );
        }
    }
    table += "read o1 -> refunded, released 3.8571, callback 41\nnext o1 -> close\n";
    check(&table);
}

#[test]
fn a_leg_without_a_key_here_does_not_hold_the_others() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 40000
        pool     w2 energy 30000
        order    o1 m1 A          -> 1 w1 lends 40000 energy, 2 w2 lends 24412 energy, held 3.8571
        blocked  1
        next     o1               -> sign 2 out
        sign     o1/2             -> 2 signed
        included o1/2             -> 2 included
        next     o1               -> wait 60s
        blocked
        sign     o1/1             -> 1 signed
        included o1/1             -> 1 included
        used     o1 t1            -> 1 owed, 2 owed, delivered, settled 3.8571, callback 40
        blocked  1
        next     o1               -> sign 2 back
        sign     o1/2             -> 2 returning
        included o1/2             -> 2 returned
        next     o1               -> wait 3s
        blocked
        next     o1               -> sign 1 back
        ",
    );
}

#[test]
fn nothing_missing_is_delivered_at_once_and_free() {
    check(
        "
        merchant m1 trx 1
        address  A energy 64285
        order    o1 m1 A
        money    m1               -> available 1, held 0, revenue 0
        next     o1               -> read
        read     o1               -> delivered, callback 40
        next     o1               -> wait 3600s
        tick     o1               -> nothing changes  # its energy stays promised
        clock    +60s
        used     o1 t1            -> ok
        solid
        next     o1               -> prove use
        proven   o1               -> ended
        next     o1               -> close
        ",
    );
}

#[test]
fn a_transfer_that_was_made_without_our_energy_is_not_charged() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped
        reading  w1 0
        read     o1               -> wait 3s          # the pool is empty now
        used     o1 t1            -> nothing changes
        clock    +300s
        tick     o1               -> refunded, released 3.8571, callback 41
        money    m1               -> available 100, held 0, revenue 0
        next     o1               -> close
        ",
    );
}

#[test]
fn what_somebody_else_supplied_is_not_charged() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        answer   o1/1 refused     -> 1 dropped
        next     o1               -> read
        read     o1 energy 70000  -> refunded, released 3.8571, callback 41
        money    m1               -> available 100, held 0, revenue 0
        order    o2 m1 A
        read     o2               -> delivered, callback 40
        ",
    );
}

#[test]
fn a_transfer_from_before_our_energy_came_does_not_use_it() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        order    o1 m1 A          -> 1 w1 lends 64413 energy, held 3.8571
        sign     o1/1             -> 1 signed
        clock    +6s
        included o1/1             -> 1 included
        used     o1 t1 3          -> nothing changes
        read     o1 energy 64413  -> delivered, settled 3.8571, callback 40
        used     o1 t1 3          -> nothing changes
        used     o1 t2            -> 1 owed
        ",
    );
}

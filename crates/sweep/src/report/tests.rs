//! Reports of records that try to be something else.

use tron::{Address, Sun, TokenUnits, TxId};

use super::*;
use crate::record::{Asset, Reason, ReasonCode, State, Times};

const HOUR_MS: i64 = 3_600_000;
/// 2026-11-25 10:00:00 UTC.
const START_MS: i64 = 1_795_600_800_000;

fn token(symbol: &str) -> Token {
    let address = Address::from_evm([9; 20]);
    Token { address, symbol: symbol.to_owned(), decimals: 6 }
}

fn record(last: u8, state: State, moved: u128, ended_ms: i64) -> Record {
    Record {
        state,
        moved: TokenUnits(moved),
        charged: Sun::new(2_000_000),
        burned: Sun::new(100),
        burn_cost: Sun::new(6_428_500),
        txid: Some(TxId::of_raw(&[last])),
        times: Times {
            planned_ms: Some(START_MS),
            ordered_ms: Some(START_MS),
            ready_ms: Some(START_MS + 1_000 * i64::from(last)),
            sent_ms: None,
            ended_ms: Some(ended_ms),
        },
        ..Record::new(Address::from_evm([last; 20]), String::new(), Asset::Token, TokenUnits(moved))
    }
}

fn with_report<T>(symbol: &str, records: &[Record], look: impl FnOnce(&Report<'_>) -> T) -> T {
    let token = token(symbol);
    look(&Report {
        run: "0123456789ab",
        started_ms: START_MS,
        ended_ms: Some(START_MS + 3 * HOUR_MS),
        token: &token,
        destination: Address::from_evm([8; 20]),
        records,
    })
}

fn several() -> Vec<Record> {
    let mut failed = record(3, State::Failed, 0, START_MS + HOUR_MS);
    failed.reason = Some(Reason::new(ReasonCode::TransferFailed, "OUT_OF_ENERGY"));
    vec![
        record(1, State::Swept, 5_000_000, START_MS + 60_000),
        record(2, State::Swept, 2_500_000, START_MS + 2 * HOUR_MS + 1),
        failed,
    ]
}

#[test]
fn totals_hours_and_times_are_in_all_three_forms() {
    with_report("USDT", &several(), |report| {
        let object = report.to_json();
        assert_eq!(
            (object["swept"].as_i64(), object["moved"].as_i64()),
            (Some(2), Some(7_500_000))
        );
        assert_eq!(object["saved_sun"], 2 * 6_428_500 - 3 * 2_000_100);
        assert_eq!(
            (object["ready_p50_ms"].as_i64(), object["ready_max_ms"].as_i64()),
            (Some(2_000), Some(3_000))
        );
        let hours = object["by_hour"].as_array().unwrap();
        let swept: Vec<_> = hours.iter().map(|hour| hour["swept"].as_i64().unwrap()).collect();
        assert_eq!(swept, [1, 0, 1], "an hour in which nothing arrived is there");
        assert_eq!(object["by_reason"][0]["reason"], "transfer_failed");
        let page = report.to_html();
        for shown in [
            "Swept 2 of 3 addresses",
            "7.5 USDT",
            "OUT_OF_ENERGY",
            "2026-11-25 12:00",
            "failed: transfer failed",
        ] {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(page.contains(&TxId::of_raw(&[3]).to_string()), "a failure has its txid");
        assert_eq!(report.to_csv().lines().count(), 4);
    });
}

#[test]
fn nothing_from_outside_becomes_markup_or_a_formula() {
    let mut evil = several();
    let text = "=HYPERLINK(\"http://evil\",\"x\")</td><script>alert(1)</script>'\r\n";
    for record in &mut evil {
        record.label = text.to_owned();
        record.reason = Some(Reason::new(ReasonCode::OrderRefused, text));
    }
    with_report("<b>&\"", &evil, |report| {
        let page = report.to_html();
        assert!(!page.contains("<script") && !page.contains("<b>&\""));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&#39;"));
        let csv = report.to_csv();
        let quoted = "\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")";
        assert!(csv.contains(quoted), "{csv}");
    });
    for (cell, written) in [
        ("-1.5", "-1.5"),
        ("-1+2", "'-1+2"),
        ("@sum", "'@sum"),
        ("+1", "'+1"),
        ("\tx", "\"'\tx\""),
        ("a,b", "\"a,b\""),
        ("m/44'/195'/0'/0/1", "m/44'/195'/0'/0/1"),
    ] {
        assert_eq!(csv::escaped(cell), written);
    }
}

#[test]
fn a_run_of_nothing_has_a_report_too() {
    with_report("USDT", &[], |report| {
        assert!(report.to_html().contains("Swept 0 of 0 addresses"));
        assert_eq!(report.to_json()["ready_p50_ms"], Value::Null);
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("a/b");
        report.write(&inside).unwrap();
        report.write(&inside).unwrap();
        assert_eq!(fs::read_dir(&inside).unwrap().count(), 3, "nothing else is left there");
    });
}

#[test]
fn numbers_and_times_read_well() {
    for (number, shown) in
        [("0", "0"), ("1234567.89", "1\u{202f}234\u{202f}567.89"), ("-1000", "−1\u{202f}000")]
    {
        assert_eq!(text::grouped(number), shown);
    }
    for (ms, shown) in
        [(840, "840 ms"), (3_250, "3.2 s"), (245_000, "4 min 5 s"), (7_620_000, "2 h 7 min")]
    {
        assert_eq!(text::duration(ms), shown);
    }
    assert_eq!(text::moment(START_MS), "2026-11-25 10:00:00");
}

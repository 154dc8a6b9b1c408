//! What the journal promises: everything comes back, one writer, no stranger's file.

use domain::OrderId;
use tron::{Address, Energy, Sun, TokenUnits, TxId};

use super::*;
use crate::record::{Asset, Reason, ReasonCode, State, Times};
use crate::settings::Token;
use crate::target::Target;

fn run_of(id: u8) -> Run {
    Run {
        id: RunId::from_bytes([id; 6]),
        started_ms: i64::from(id),
        cursor: Cursor::default(),
        agreed_ms: None,
        ended_ms: None,
        token: Token { address: address(1), symbol: "USDT".to_owned(), decimals: 6 },
        destination: address(2),
        min: TokenUnits(u128::MAX),
        api_url: "https://a.example".to_owned(),
        node_url: "n.example".to_owned(),
    }
}

fn address(last: u8) -> Address {
    Address::from_evm([last; 20])
}

fn full_item() -> Item {
    let txid = TxId::of_raw(b"raw");
    let mut record = Record::new(
        address(3),
        "m/44'/195'/0'/0/7".to_owned(),
        Asset::Token,
        TokenUnits(u128::MAX - 1),
    );
    record.state = State::Signed;
    record.reason = Some(Reason::new(ReasonCode::Unreachable, "no answer"));
    record.moved = TokenUnits(5);
    record.serial = Some(OrderId([9; 16]));
    record.txid = Some(txid);
    record.charged = Sun::new(11);
    record.burned = Sun::new(12);
    record.burned_for_energy = Sun::new(13);
    record.burn_cost = Sun::new(14);
    record.energy_used = Energy::new(15);
    record.times = Times {
        planned_ms: Some(1),
        ordered_ms: Some(2),
        ready_ms: Some(3),
        sent_ms: Some(4),
        ended_ms: Some(5),
    };
    let transfer =
        SignedTransfer { txid, bytes: vec![1, 2, 3], expiration_ms: 60_000, amount: TokenUnits(5) };
    Item {
        attempt: 2,
        order_charged: Sun::new(4),
        order_cost: Some(Sun::new(10)),
        signings: 3,
        transfer: Some(transfer),
        block: Some(77),
        is_order_in_doubt: true,
        ..Item::new(record, 6)
    }
}

#[tokio::test]
async fn everything_comes_back_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("in/journal.sqlite");
    let (run, item) = (run_of(1), full_item());
    let record = Record::new(address(4), String::new(), Asset::Token, TokenUnits(1));
    let bare = Item { is_order_in_doubt: true, ..Item::new(record, 7) };
    {
        let journal = Journal::open(&path).unwrap();
        journal.begin(run.clone()).await.unwrap();
        let items = vec![bare.clone(), item.clone()];
        journal.agree(&run, items, 42).await.unwrap();
        journal.save(&run.id, &item).await.unwrap();
    }
    let journal = Journal::open(&path).unwrap();
    let found = journal.unfinished().await.unwrap().unwrap();
    assert_eq!(found, Run { agreed_ms: Some(42), ..run.clone() });
    assert_eq!(journal.items(&run.id).await.unwrap(), [item.clone(), bare]);
    let (seen, records) = look(&path, None).unwrap().unwrap();
    assert_eq!((seen.id.clone(), &records[0]), (run.id.clone(), &item.record));
    assert!(look(&path, Some(&RunId::from_bytes([8; 6]))).unwrap().is_none());
    journal.end(&run.id, 50).await.unwrap();
    assert_eq!(journal.unfinished().await.unwrap(), None);
}

#[tokio::test]
async fn discovery_goes_on_where_its_last_page_ended() {
    let journal = Journal::in_memory().unwrap();
    let run = run_of(2);
    journal.begin(run.clone()).await.unwrap();
    let found = Holding {
        position: 3,
        target: Target { address: address(5), label: "five".to_owned() },
        held: TokenUnits(9),
    };
    let cursor = Cursor { next_position: 20, unused_in_a_row: 16, is_at_end: false };
    journal.add_holdings(&run.id, vec![found.clone()], cursor).await.unwrap();
    assert_eq!(journal.unfinished().await.unwrap().unwrap().cursor, cursor);
    assert_eq!(journal.holdings(&run.id).await.unwrap(), vec![found]);
}

#[tokio::test]
async fn a_second_sweep_is_kept_out_and_a_strangers_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    let open = Journal::open(&path).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::InUse(_))));
    drop(open);
    assert!(Journal::open(&path).is_ok());
    let strange = directory.path().join("strange.sqlite");
    Connection::open(&strange).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(matches!(Journal::open(&strange), Err(JournalError::Foreign(_))));
    assert!(matches!(look(&strange, None), Err(JournalError::Foreign(_))));
    let absent = directory.path().join("absent.sqlite");
    assert!(matches!(look(&absent, None), Err(JournalError::File { .. })));
}

#[tokio::test]
async fn a_journal_that_cannot_write_says_so_and_stays_closed() {
    let journal = Journal::in_memory().unwrap();
    journal.begin(run_of(3)).await.unwrap();
    // The same run twice breaks its key.
    assert!(journal.begin(run_of(3)).await.is_err());
    assert!(matches!(journal.begin(run_of(4)).await, Err(JournalError::Closed)));
}

#[tokio::test]
async fn no_two_runs_of_a_journal_have_the_same_address_open() {
    let journal = Journal::in_memory().unwrap();
    let (first, second) = (run_of(1), run_of(2));
    journal.begin(first.clone()).await.unwrap();
    journal.begin(second.clone()).await.unwrap();
    // Closed, since nobody had agreed to it; agreeing opens it.
    journal.end(&second.id, 5).await.unwrap();
    journal.agree(&first, vec![planned(3), planned(4)], 9).await.unwrap();
    journal.agree(&second, vec![planned(4), planned(5)], 9).await.unwrap();
    assert_eq!(journal.unfinished_runs().await.unwrap().len(), 2);
    let items = journal.items(&second.id).await.unwrap();
    let found: Vec<_> = items
        .iter()
        .map(|item| (item.record.address, item.record.reason.as_ref().map(|why| why.code)))
        .collect();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&(address(4), Some(ReasonCode::InAnotherRun))));
    assert!(found.contains(&(address(5), None)));
    // Agreed to again, a run is no obstacle to itself.
    journal.agree(&first, vec![planned(3), planned(4)], 10).await.unwrap();
    let again = journal.items(&first.id).await.unwrap();
    assert!(again.iter().all(|item| item.record.state == State::Planned));
}

fn planned(last: u8) -> Item {
    let held = TokenUnits(5);
    Item::new(Record::new(address(last), String::new(), Asset::Token, held), usize::from(last))
}

#[tokio::test]
async fn no_two_journals_have_the_same_address_open() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let registers = [at("register")];
    let item = |last: u8, asset: Asset| {
        Item::new(Record::new(address(last), String::new(), asset, TokenUnits(9)), 0)
    };
    let states = |items: Vec<Item>| -> Vec<_> {
        items.into_iter().map(|item| (item.record.address, item.record.state)).collect()
    };
    let (first, second) = (run_of(1), run_of(2));
    let one = Journal::open_among(&at("one.sqlite"), &registers).unwrap();
    one.begin(first.clone()).await.unwrap();
    let mut done = item(5, Asset::Token);
    done.record.state = State::Swept;
    one.agree(&first, vec![item(4, Asset::Token), done], 1).await.unwrap();

    let two = Journal::open_among(&at("two.sqlite"), &registers).unwrap();
    two.begin(second.clone()).await.unwrap();
    let wanted = vec![
        item(4, Asset::Token),
        item(4, Asset::Trx),
        item(5, Asset::Token),
        item(6, Asset::Token),
    ];
    two.agree(&second, wanted, 2).await.unwrap();
    let items = two.items(&second.id).await.unwrap();
    let left = &items.iter().find(|item| item.record.state == State::Skipped).unwrap().record;
    let reason = left.reason.as_ref().unwrap();
    assert_eq!(
        (left.address, left.asset, reason.code),
        (address(4), Asset::Token, ReasonCode::InAnotherRun)
    );
    assert!(reason.text.contains("one.sqlite") && reason.text.contains(&first.id.to_string()));
    assert_eq!(states(items).iter().filter(|(_, state)| *state == State::Planned).count(), 3);

    // It ended there: from now on it may be taken here.
    let mut done = item(4, Asset::Token);
    done.record.state = State::Swept;
    one.save(&first.id, &done).await.unwrap();
    let third = run_of(3);
    let three = Journal::open_among(&at("three.sqlite"), &registers).unwrap();
    three.begin(third.clone()).await.unwrap();
    three.agree(&third, vec![item(4, Asset::Token), item(6, Asset::Token)], 3).await.unwrap();
    let found = states(three.items(&third.id).await.unwrap());
    assert_eq!(found.iter().find(|(who, _)| *who == address(4)).unwrap().1, State::Planned);
    assert_eq!(found.iter().find(|(who, _)| *who == address(6)).unwrap().1, State::Skipped);
}

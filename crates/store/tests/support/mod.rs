//! A merchant with money, a pool with stake, and orders to place: what tests and benches share.
#![allow(dead_code, reason = "each test binary and bench uses its part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use app::ports::{Store, StoreError};
use app::rows::{
    Attention, Changes, Key, Lease, Needs, NewAnswers, NewWallet, Remembered, RequestKeys, Rows,
    WalletReading,
};
use app::work::commit;
use domain::collect::{ChainTotals, Reading, Scene};
use domain::ledger::facts::merchant_credited;
use domain::limits::OrderLimits;
use domain::order::next::Moment;
use domain::order::step::{NewOrder, Offer, ReadBack, Surroundings, Wanted, step};
use domain::order::{Decision, Event, Refused, accept};
use domain::pool::WalletRole;
use domain::pricing::PriceList;
use domain::{ChainTx, KeyId, LegId, MerchantId, OrderId, Origin, Road, TxState, UnixMillis};
use tron::{Address, Bandwidth, Energy, Sun, TokenUnits, TxId};

/// When everything happens.
pub(crate) const NOW: UnixMillis = UnixMillis(1_764_000_000_000);
/// What the merchant starts with, in sun.
pub(crate) const CREDIT: i64 = 1_000_000_000_000_000_000;
/// What an order costs, in sun.
pub(crate) const PRICE: i64 = 64_285 * 60;
/// The operator's limits.
pub(crate) const LIMITS: OrderLimits = OrderLimits {
    hold_secs: 3_600,
    fill_deadline_secs: 300,
    resend_ms: 3_000,
    reread_ms: 1_000,
    energy_margin_ppm: 0,
};
/// The network's totals.
pub(crate) const TOTALS: ChainTotals = ChainTotals {
    energy_limit: 180_000_000_000,
    energy_weight_trx: 18_971_780_957,
    bandwidth_limit: 43_200_000_000,
    bandwidth_weight_trx: 26_860_000_000,
};

/// Who is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base {
    /// A merchant with money.
    pub(crate) merchant: MerchantId,
    /// Its key.
    pub(crate) key: KeyId,
    /// A wallet with more stake than any test takes.
    pub(crate) lender: Address,
}

/// An address made of one number.
pub(crate) fn address(number: u64) -> Address {
    let mut evm = [0; 20];
    evm[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    evm[12..].copy_from_slice(&number.to_be_bytes());
    Address::from_evm(evm)
}

/// A key of a merchant.
pub(crate) fn key(merchant: MerchantId, text: &str) -> Key {
    Key {
        id: KeyId(0),
        merchant,
        text: text.to_owned(),
        name: format!("{text} of a test"),
        sealed_secret: vec![1, 2, 3],
        is_reference_strict: false,
        limits: domain::key::KeyLimits::default(),
        created: NOW,
        revoked: None,
    }
}

/// A lending wallet.
pub(crate) fn lender(number: u64) -> NewWallet {
    NewWallet {
        address: address(number),
        signer: address(number + 1),
        role: WalletRole::Lender,
        permission_id: 2,
    }
}

/// Adds a merchant with money, its key and a wallet with stake.
pub(crate) async fn base(store: &dyn Store) -> Base {
    let merchant = store.add_merchant("Acme", None, NOW).await.unwrap();
    let key = store.add_key(&key(merchant, "key-of-acme"), 5).await.unwrap().unwrap();
    let credit = merchant_credited([9; 16], merchant, Sun::new(CREDIT), "a test", NOW);
    store.post(credit).await.unwrap();
    let wallet = lender(1_000_000);
    store.put_wallet(wallet).await.unwrap();
    let turn = turn(store).await;
    store.save_readings(&[reading_of(wallet.address, 0)], turn).await.unwrap();
    store.release(turn, NOW).await.unwrap();
    Base { merchant, key, lender: wallet.address }
}

/// The turn to follow the chain, which nobody has.
pub(crate) async fn turn(store: &dyn Store) -> Lease {
    let turn = store.take_turn("a test", NOW, NOW.after_secs(30)).await.unwrap();
    turn.expect("nobody follows the chain")
}

/// A reading of a wallet that has plenty.
pub(crate) fn reading_of(address: Address, version: i64) -> WalletReading {
    WalletReading {
        address,
        energy_capacity: Sun::new(i64::MAX / 4),
        bandwidth_capacity: Sun::new(i64::MAX / 4),
        own_bandwidth: Bandwidth::new(i64::MAX / 4),
        balance: Sun::from_trx(1_000_000),
        version,
    }
}

/// The id of the order with this number; later numbers sort later.
pub(crate) fn order_id(number: u64) -> OrderId {
    let mut id = [0; 16];
    let time = u64::try_from(NOW.0).unwrap() + number / 16;
    id[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    id[6..8].copy_from_slice(&u16::try_from(number % 16).unwrap().to_be_bytes());
    id[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    OrderId(id)
}

/// The request that places the order with this number.
pub(crate) fn request(base: Base, number: u64) -> RequestKeys {
    let mut signature = [7; 32];
    signature[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    RequestKeys {
        key: base.key,
        timestamp_secs: NOW.0 / 1_000 + i64::try_from(number / 8_000).unwrap(),
        signature,
        route: [3; 32],
        idempotency: None,
    }
}

/// What the merchant asks for with the order of this number.
pub(crate) fn new_order(base: Base, number: u64) -> NewOrder {
    NewOrder {
        id: order_id(number),
        merchant: base.merchant,
        key: base.key,
        origin: Origin::Api,
        receiver: address(number),
        wanted: Wanted::Collection {
            recipient: None,
            token_amount: TokenUnits(25_000_000),
            scene: Scene::RecipientHolds,
        },
        reference: Some(format!("invoice-{number:08}")),
        callback_url: Some("https://m.example/cb".to_owned()),
        now: NOW,
    }
}

/// An address that needs energy and nothing else.
pub(crate) fn reading(energy_limit: i64) -> Reading {
    Reading {
        exists: true,
        energy_available: Energy::new(energy_limit),
        energy_limit: Energy::new(energy_limit),
        staked_bandwidth_limit: Bandwidth::ZERO,
        staked_bandwidth_available: Bandwidth::ZERO,
        free_bandwidth_available: Bandwidth::new(600),
        transfer_energy: Energy::new(64_285),
    }
}

/// What everything costs.
pub(crate) const PRICES: PriceList = PriceList {
    energy_price_sun: 60,
    energy_price_1d_sun: 90,
    energy_price_3d_sun: 80,
    energy_price_30d_sun: 70,
    small_energy: 50_000,
    small_surcharge_sun: 600_000,
    bandwidth_price_sun: 1_000,
    activation_price_sun: 1_500_000,
    transfer_fee_sun: 300_000,
};

/// The decision about a new order.
pub(crate) fn decide_new(rows: &Rows, new: &NewOrder) -> Result<Decision, Refused> {
    let merchant = rows.merchant.as_ref().expect("the merchant is there");
    let offer = Offer {
        reading: reading(0),
        totals: TOTALS,
        prices: PRICES,
        available: merchant.available,
        is_paused: merchant.is_paused,
        spend: rows.spend,
        others: &rows.others,
        leftovers: &[],
        pool: &rows.pool,
        limits: &LIMITS,
    };
    accept(new.clone(), &offer)
}

/// What a decision changes, without anything about the outbox.
pub(crate) fn changes(decision: Decision) -> Changes {
    Changes {
        whole: Some(decision.whole),
        ledger: decision.ledger,
        wallets: decision.wallets,
        callback: decision.callback.map(|event| (event, b"{\"a callback\":1}".to_vec())),
        ..Changes::default()
    }
}

/// What placing the order of this number reads.
pub(crate) fn place_needs(base: Base, number: u64) -> Needs {
    Needs {
        merchant: Some(base.merchant),
        answers: Some(request(base, number)),
        receiver: Some(address(number)),
        reference: new_order(base, number).reference,
        pool: true,
        ..Needs::default()
    }
}

/// Places the order of this number; `Ok(Err(_))` is a refusal.
pub(crate) async fn try_place(
    store: &dyn Store,
    base: Base,
    number: u64,
) -> Result<Result<OrderId, Refused>, StoreError> {
    let new = new_order(base, number);
    let request = request(base, number);
    commit(store, place_needs(base, number), move |rows| {
        if let Some((Remembered::Order(order), _)) = &rows.answers.replay {
            return Ok((Changes::default(), *order));
        }
        let decision = decide_new(rows, &new)?;
        let answers = NewAnswers {
            request: request.clone(),
            answer: Remembered::Order(new.id),
            at: NOW,
            is_resend: false,
        };
        let attention = Some((new.id, Attention::At(decision.due)));
        let changes = Changes { answers: Some(answers), attention, ..changes(decision) };
        Ok((changes, new.id))
    })
    .await
}

/// Places the order of this number, which is accepted.
pub(crate) async fn place(
    store: &dyn Store,
    base: Base,
    number: u64,
) -> Result<OrderId, StoreError> {
    Ok(try_place(store, base, number).await?.expect("the order is accepted"))
}

/// The moment of a decision.
pub(crate) fn moment(now: UnixMillis) -> Moment {
    Moment { now, chain_now: now, solid_now: now }
}

/// Lets an event happen to an order, with this attention afterwards.
pub(crate) async fn happen(
    store: &dyn Store,
    order: OrderId,
    event: Event,
    now: UnixMillis,
    attention: Option<Attention>,
) -> Result<Result<(), Refused>, StoreError> {
    happen_under(None, store, order, event, (now, attention)).await
}

/// The same under a lease.
pub(crate) async fn happen_under(
    lease: Option<Lease>,
    store: &dyn Store,
    order: OrderId,
    event: Event,
    (now, attention): (UnixMillis, Option<Attention>),
) -> Result<Result<(), Refused>, StoreError> {
    let needs = Needs { order: Some(order), pool: true, lease, ..Needs::default() };
    commit(store, needs, move |rows| {
        let whole = rows.whole.as_ref().ok_or(Refused::Unknown)?;
        let around = Surroundings { others: &rows.others, moment: moment(now), limits: &LIMITS };
        let decision = step(whole, event.clone(), &around, &rows.pool)?;
        let attention = attention.map(|attention| (order, attention));
        Ok((Changes { attention, ..changes(decision) }, ()))
    })
    .await
}

/// A stored transaction for a leg; another `salt` makes another one.
pub(crate) fn signed(order: OrderId, leg: u8, road: Road, signer: Address, salt: u8) -> ChainTx {
    let bytes = [&order.0[..], &[leg, salt]].concat();
    ChainTx {
        txid: TxId::of_raw(&bytes),
        leg: LegId { order, number: leg },
        road,
        signer,
        bytes,
        expiration: NOW.after_secs(60),
        state: TxState::Stored,
        is_maybe_taken: false,
        sent_at: None,
        block: None,
    }
}

/// Signs the first leg of an order and sees it in a block; returns its transaction.
pub(crate) async fn include(store: &dyn Store, base: Base, order: OrderId, block: i64) -> TxId {
    let tx = signed(order, 1, Road::Out, base.lender, 1);
    let txid = tx.txid;
    happen(store, order, Event::Signed(tx), NOW, None).await.unwrap().unwrap();
    let included = Event::Included { txid, block, at: NOW, has_succeeded: true };
    happen(store, order, included, NOW, None).await.unwrap().unwrap();
    txid
}

/// Takes a placed order to where its receiver can make its transfer.
pub(crate) async fn deliver(store: &dyn Store, base: Base, order: OrderId, block: i64) {
    include(store, base, order, block).await;
    let read = ReadBack { reading: reading(64_285), totals: TOTALS };
    happen(store, order, Event::Read(read), NOW, None).await.unwrap().unwrap();
}

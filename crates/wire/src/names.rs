//! Every word of the platform that we put on the wire or read from it, once.
//!
//! The rest of the product uses the words of the glossary in `ARCHITECTURE.md`; where the two differ
//! the table says how. Words of HTTP itself (`Content-Type`) are here only where the signature
//! scheme depends on them.
//!
//! | wire | ours | note |
//! |---|---|---|
//! | `API-KEY` | key | 32 upper-case hex digits name a merchant's key |
//! | `TIMESTAMP` | timestamp | Unix seconds, 10 digits; part of the signed message |
//! | `SIGNATURE` | signature | lower-case hex of HMAC-SHA256 |
//! | `Idempotency-Key` | idempotency key | ours; the platform has none |
//! | `active`, `exclusive` | activates, takes leftovers back first | integers; above 0 is yes |
//! | `price`, `total_price`, `addition` | unit price, total, surcharge | sun; the total includes the surcharge |
//! | `scene` | scene | asked 0, 1, 2; executed 1, 2 |
//! | `receive_address` | receiver | sends the USDT, receives the energy |
//! | `to_address` | recipient | receives the USDT |
//! | `callback_url` | callback URL | |
//! | `out_trade_no` | reference | echoed and searchable, never unique |
//! | `serial` | order id | 32 lower-case hex digits |
//! | `order_no` | order id | the same value; what the query calls it |
//! | `amount` | charged | sun |
//! | `balance` | balance | sun, after the order |
//! | `fee` | fee | ours, additive; sun that a transfer costs beyond its amount |
//! | `energy_amount` | energy bought | asked for, or what a collection's address lacked |
//! | `bandwidth_needed` | bandwidth bought | ours, additive |
//! | `active_needed` | activation bought | ours, additive; a boolean |
//! | `pay_amount` | energy delegated | energy despite the name; always an integer |
//! | `refund_amount` | refunded | sun |
//! | `details` | delegations | one entry per delegation on chain |
//! | `delegate_hash`, `reclaim_hash` | txid | of delegate and undelegate |
//! | `delegate_time`, `reclaim_time`, `reclaim_time_real` | delegated, due, reclaimed | `…Z` |
//! | `create_time` | accepted | `…+08:00` |
//! | `api_name` | key name | of the key that placed the order |
//! | `period` | period | an integer code in the query, text elsewhere |
//! | `status` | state | numbers in [`crate::status`] |
//! | `txid` | txid | of the first delegation |
//! | `active_hash`, `bandwidth_hash` | txid | of activation and bandwidth help |
//! | `source`, `type` | source, resource | constants for an order through the API |
//! | `errno`, `message`, `detail` | refusal | the three error bodies of [`crate::error`] |
//! | `times` | transfers bought | 0 is perpetual |
//! | `count_limit` | transfers left | |
//! | `count_limit_dynamic` | change of what is left | in an edit; 0 in answers |
//! | `is_always` | perpetual | |
//! | `count_bandwidth_limit`, `bandwidth` | bandwidth is seen to | the second from old samples |
//! | `unused_times`, `unused_times_threshold` | idle days, and at how many to pause | days despite the names |
//! | `pause` | paused | |
//! | `max_energy` | energy kept available | |
//! | `last_step` | policy step | numbers in [`crate::status`] |
//! | `expired_time`, `update_time` | ends, changed | `…+08:00` |
//! | `auto_type`, `main_delegated`, `next_delegate_time` | | of kinds of policy that we do not have |
//! | `platform_avail_energy`, `platform_max_energy`, `platform_total_energy` | free, for one order, all | energy of the pool |
//! | `minimum_order_energy`, `maximum_order_energy` | least, most | of an order that names an amount |
//! | `small_amount`, `small_addition` | small order, surcharge | energy; **TRX**, not sun |
//! | `usdt_energy_need_old`, `usdt_energy_need_new` | transfer to a holder, to an empty address | energy |
//! | `tiered_pricing`, `default_price` | prices | sun for one unit of energy, by period; of an hour |
//! | `bandwidth_price`, `activation_price` | prices | ours, additive; sun for one unit of bandwidth, each day; for an activation |
//! | `total_*`, `today_*`, `yesterday_*` | bought | `*_sum_trx` is in sun |
//! | `count`, `code`, `page`, `next`, `previous`, `results` | list | the envelope of [`crate::page`] |
//! | `page`, `page_size` | page | parameters of a list |

/// Header: which key signs.
pub const API_KEY: &str = "API-KEY";
/// Header: when it was signed, Unix seconds.
pub const TIMESTAMP: &str = "TIMESTAMP";
/// Header: the signature.
pub const SIGNATURE: &str = "SIGNATURE";
/// Header, ours: makes a resend harmless.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Header of HTTP that every signed message carries.
pub const CONTENT_TYPE: &str = "Content-Type";
/// The value of [`CONTENT_TYPE`] that we send.
pub const APPLICATION_JSON: &str = "application/json";

/// What every path begins with.
pub const PREFIX: &str = "/api/v1/frontend";
/// `POST`: place a collection order.
pub const PATH_COLLECT_MANUAL: &str = "/api/v1/frontend/order/collect-manual";
/// `POST`: place an order for energy.
pub const PATH_ORDER: &str = "/api/v1/frontend/order";
/// `POST`: end an order early.
pub const PATH_ORDER_RECLAIM: &str = "/api/v1/frontend/order/reclaim";
/// `GET`: what energy costs.
pub const PATH_ORDER_PRICE: &str = "/api/v1/frontend/order/price";
/// `GET`: how a heading of the 2023 documents spells [`PATH_ORDER_PRICE`].
pub const PATH_ORDER_PRICE_ALIAS: &str = "/api/v1/frontend/order-price";
/// `GET`: read one order.
pub const PATH_ORDER_QUERY: &str = "/api/v1/frontend/order/query";
/// `GET`: how a heading of the 2023 documents spells [`PATH_ORDER_QUERY`].
pub const PATH_ORDER_QUERY_ALIAS: &str = "/api/v1/frontend/order-query";
/// `GET`: pool, prices, balance.
pub const PATH_INDEX_DATA: &str = "/api/v1/frontend/index-data";
/// `GET`: what a key has bought.
pub const PATH_SUMMARY: &str = "/api/v1/frontend/userapi/summary";

/// `POST`: buy transfers for an address; `GET`: list such policies.
pub const PATH_COUNT_POLICY: &str = "/api/v1/frontend/count-delegate-policy";
/// `POST`: change the policy of an address.
pub const PATH_COUNT_POLICY_EDIT: &str = "/api/v1/frontend/count-delegate-policy/edit-address";
/// `POST`: keep energy on an address for some days; `GET`: list such policies.
pub const PATH_AUTO_POLICY: &str = "/api/v1/frontend/auto-delegate-policy";
/// `POST`: switch a policy on or off; `{id}` stands for its number.
pub const PATH_AUTO_POLICY_STATUS: &str =
    "/api/v1/frontend/auto-delegate-policy/{id}/change-status";

/// `POST`: send TRX.
pub const PATH_ORDER_TRANSFER: &str = "/api/v1/frontend/order/transfer";

/// Which collection scene.
pub const SCENE: &str = "scene";
/// Who sends the USDT and receives the energy.
pub const RECEIVE_ADDRESS: &str = "receive_address";
/// Who receives the USDT.
pub const TO_ADDRESS: &str = "to_address";
/// Whether a receiver that does not exist is activated first.
pub const ACTIVE: &str = "active";
/// Whether what was left behind on the receiver is taken back first.
pub const EXCLUSIVE: &str = "exclusive";
/// Where the result is posted.
pub const CALLBACK_URL: &str = "callback_url";
/// The merchant's own label.
pub const OUT_TRADE_NO: &str = "out_trade_no";

/// Order id in answers to orders, queries and in callbacks.
pub const SERIAL: &str = "serial";
/// Order id in answers to queries.
pub const ORDER_NO: &str = "order_no";
/// What the order cost, sun.
pub const AMOUNT: &str = "amount";
/// What the merchant has left, sun.
pub const BALANCE: &str = "balance";
/// Energy that the order is for.
pub const ENERGY_AMOUNT: &str = "energy_amount";
/// Bandwidth that the order pays for.
pub const BANDWIDTH_NEEDED: &str = "bandwidth_needed";
/// What a transfer costs beyond its amount, sun.
pub const FEE: &str = "fee";
/// Whether the order activates the receiver.
pub const ACTIVE_NEEDED: &str = "active_needed";

/// Price of a unit of energy; for days, of a unit and a day; sun.
pub const PRICE: &str = "price";
/// What an order would cost, sun.
pub const TOTAL_PRICE: &str = "total_price";
/// Surcharge of a small order, sun.
pub const ADDITION: &str = "addition";

/// Energy delegated so far.
pub const PAY_AMOUNT: &str = "pay_amount";
/// What was given back, sun.
pub const REFUND_AMOUNT: &str = "refund_amount";
/// The delegations of an order.
pub const DETAILS: &str = "details";
/// Txid of a delegation.
pub const DELEGATE_HASH: &str = "delegate_hash";
/// When it was delegated.
pub const DELEGATE_TIME: &str = "delegate_time";
/// Txid of the undelegation.
pub const RECLAIM_HASH: &str = "reclaim_hash";
/// When it is due back.
pub const RECLAIM_TIME: &str = "reclaim_time";
/// When it came back.
pub const RECLAIM_TIME_REAL: &str = "reclaim_time_real";
/// When the order was accepted.
pub const CREATE_TIME: &str = "create_time";
/// Name of the key that placed the order.
pub const API_NAME: &str = "api_name";
/// Rental length.
pub const PERIOD: &str = "period";
/// State number.
pub const STATUS: &str = "status";
/// Txid of the first delegation.
pub const TXID: &str = "txid";
/// Txid of the activation.
pub const ACTIVE_HASH: &str = "active_hash";
/// Txid of the bandwidth help.
pub const BANDWIDTH_HASH: &str = "bandwidth_hash";
/// Which way the order came in.
pub const SOURCE: &str = "source";
/// Which resource the order is about.
pub const TYPE: &str = "type";
/// The only value of [`TYPE`].
pub const TYPE_ENERGY: &str = "energy";

/// Energy that the pool can lend now.
pub const PLATFORM_AVAIL_ENERGY: &str = "platform_avail_energy";
/// Energy that one order can get now.
pub const PLATFORM_MAX_ENERGY: &str = "platform_max_energy";
/// Energy of the whole pool, lent or not.
pub const PLATFORM_TOTAL_ENERGY: &str = "platform_total_energy";
/// Energy that collection orders can get now.
pub const PLATFORM_COLLECT_ENERGY: &str = "platform_collect_energy";
/// Least energy of an order that names an amount.
pub const MINIMUM_ORDER_ENERGY: &str = "minimum_order_energy";
/// Most energy of an order that names an amount.
pub const MAXIMUM_ORDER_ENERGY: &str = "maximum_order_energy";
/// An order for less energy is small.
pub const SMALL_AMOUNT: &str = "small_amount";
/// What a small order costs more, in TRX.
pub const SMALL_ADDITION: &str = "small_addition";
/// Energy of a transfer to a holder.
pub const USDT_ENERGY_NEED_OLD: &str = "usdt_energy_need_old";
/// Energy of a transfer to an address without the token.
pub const USDT_ENERGY_NEED_NEW: &str = "usdt_energy_need_new";
/// The prices by period.
pub const TIERED_PRICING: &str = "tiered_pricing";
/// The price of an hour.
pub const DEFAULT_PRICE: &str = "default_price";
/// From how much energy there is a discount; 0: never.
pub const BIG_AMOUNT: &str = "big_amount";
/// The discount; 0: none.
pub const BIG_DISCOUNT: &str = "big_discount";
/// Where orders without a key are paid; empty: nowhere.
pub const COLLECTION_ADDRESS: &str = "collection_address";
/// The same for an hour.
pub const COLLECTION_HOUR_ADDRESS: &str = "collection_hour_address";
/// The same for a day.
pub const COLLECTION_ONE_DAY_ADDRESS: &str = "collection_one_day_address";
/// The same for three days.
pub const COLLECTION_THREE_DAYS_ADDRESS: &str = "collection_three_days_address";
/// The same for thirty days.
pub const COLLECTION_THIRTY_DAYS_ADDRESS: &str = "collection_thirty_days_address";
/// What a transfer burns without energy and bandwidth, in TRX.
pub const DEMO_BURN_TRX: &str = "demo_burn_trx";
/// Ours: the price of a unit of bandwidth; for days, of a unit and a day; sun.
pub const BANDWIDTH_PRICE: &str = "bandwidth_price";
/// Ours: the price of an activation, in sun.
pub const ACTIVATION_PRICE: &str = "activation_price";

/// Name of a key, in its summary.
pub const NAME: &str = "name";
/// Orders.
pub const TOTAL_COUNT: &str = "total_count";
/// Their energy.
pub const TOTAL_SUM_ENERGY: &str = "total_sum_energy";
/// What they cost, in sun.
pub const TOTAL_SUM_TRX: &str = "total_sum_trx";
/// Orders of today.
pub const TODAY_COUNT: &str = "today_count";
/// Their energy.
pub const TODAY_SUM_ENERGY: &str = "today_sum_energy";
/// What they cost, in sun.
pub const TODAY_SUM_TRX: &str = "today_sum_trx";
/// Orders of yesterday.
pub const YESTERDAY_COUNT: &str = "yesterday_count";
/// Their energy.
pub const YESTERDAY_SUM_ENERGY: &str = "yesterday_sum_energy";
/// What they cost, in sun.
pub const YESTERDAY_SUM_TRX: &str = "yesterday_sum_trx";

/// How many records a list has.
pub const COUNT: &str = "count";
/// 0 in the envelope of a list, and nowhere else.
pub const CODE: &str = "code";
/// Which page of a list, from 1; also the parameter that asks for it.
pub const PAGE: &str = "page";
/// The value of [`PAGE`] that asks for the last one.
pub const PAGE_LAST: &str = "last";
/// Parameter: records on a page.
pub const PAGE_SIZE: &str = "page_size";
/// Link to the next page.
pub const NEXT: &str = "next";
/// Link to the page before.
pub const PREVIOUS: &str = "previous";
/// The records on a page.
pub const RESULTS: &str = "results";

/// 0, or the number of what went wrong.
pub const ERRNO: &str = "errno";
/// What went wrong, in the errno body.
pub const MESSAGE: &str = "message";
/// The message of an order that is to end early.
pub const REQUEST_ACCEPTED: &str = "request accept";
/// What went wrong, in the detail body.
pub const DETAIL: &str = "detail";
/// The field name for what is wrong with the body as a whole.
pub const NON_FIELD_ERRORS: &str = "non_field_errors";

/// Transfers bought.
pub const TIMES: &str = "times";
/// How old samples ask for bandwidth: 0 or 1.
pub const BANDWIDTH: &str = "bandwidth";
/// Whether bandwidth is seen to.
pub const COUNT_BANDWIDTH_LIMIT: &str = "count_bandwidth_limit";
/// At how many idle days to pause.
pub const UNUSED_TIMES_THRESHOLD: &str = "unused_times_threshold";
/// Idle days so far.
pub const UNUSED_TIMES: &str = "unused_times";
/// Transfers left.
pub const COUNT_LIMIT: &str = "count_limit";
/// Transfers to add to what is left, or to take away.
pub const COUNT_LIMIT_DYNAMIC: &str = "count_limit_dynamic";
/// Whether the policy is perpetual.
pub const IS_ALWAYS: &str = "is_always";
/// Whether the policy is paused.
pub const PAUSE: &str = "pause";
/// Energy kept available.
pub const MAX_ENERGY: &str = "max_energy";
/// A policy's number.
pub const ID: &str = "id";
/// What a policy did last, as a number.
pub const LAST_STEP: &str = "last_step";
/// The same in words.
pub const LAST_STEP_DISPLAY: &str = "last_step_display";
/// A policy's status in words.
pub const STATUS_DISPLAY: &str = "status_display";
/// Which variety of its kind a policy is.
pub const AUTO_TYPE: &str = "auto_type";
/// The same in words.
pub const AUTO_TYPE_DISPLAY: &str = "auto_type_display";
/// Of a kind of policy that we do not have; always false.
pub const MAIN_DELEGATED: &str = "main_delegated";
/// When a policy's days are over.
pub const EXPIRED_TIME: &str = "expired_time";
/// When a policy changed last.
pub const UPDATE_TIME: &str = "update_time";
/// Of a kind of policy that we do not have; always null.
pub const NEXT_DELEGATE_TIME: &str = "next_delegate_time";

//! The node's own interface: `/wallet/*`, `/walletsolidity/*`, `/jsonrpc`.

mod accounts;
mod blocks;
mod broadcast;
mod build;
mod chain;
mod contracts;
mod ethereum;
mod stakes;
mod transactions;
mod weight;

use serde_json::Value;

pub(crate) use broadcast::{Broadcast, refused, relay_failed};
pub(crate) use ethereum::answer as answer_jsonrpc;

use crate::json::{Failure, Input};
use crate::node::{Cursor, Node};

/// Answers one endpoint.
pub(crate) type Handler = fn(&mut Node, &Input<'_>, &Cursor) -> Result<Value, Failure>;

/// What is known about an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) handler: Handler,
    /// Builders, broadcasts and calls take no query.
    pub(crate) is_post_only: bool,
    /// Also served under `/walletsolidity`.
    pub(crate) is_solid: bool,
}

const fn both(handler: Handler) -> Option<Endpoint> {
    Some(Endpoint { handler, is_post_only: false, is_solid: true })
}

const fn full(handler: Handler) -> Option<Endpoint> {
    Some(Endpoint { handler, is_post_only: false, is_solid: false })
}

const fn post(handler: Handler) -> Option<Endpoint> {
    Some(Endpoint { handler, is_post_only: true, is_solid: false })
}

const fn simulation(handler: Handler) -> Option<Endpoint> {
    Some(Endpoint { handler, is_post_only: true, is_solid: true })
}

/// The endpoint of this name. This is the table of contents of the interface.
#[rustfmt::skip]
pub(crate) fn endpoint(name: &str) -> Option<Endpoint> {
    match name {
        "getnowblock" => both(blocks::now),
        "getblock" => both(blocks::by_id_or_number),
        "getblockbynum" => both(blocks::by_number),
        "getblockbyid" => both(blocks::by_id),
        "getblockbylimitnext" => both(blocks::range),
        "getblockbylatestnum" => both(blocks::latest),
        "gettransactionbyid" => both(transactions::by_id),
        "gettransactioninfobyid" => both(transactions::info_by_id),
        "gettransactioninfobyblocknum" => both(transactions::info_by_block),
        "gettransactioncountbyblocknum" => both(transactions::count_by_block),
        "getpendingsize" => full(transactions::pending_size),
        "gettransactionlistfrompending" => full(transactions::pending_list),
        "gettransactionfrompending" => full(transactions::pending_one),
        "getaccount" => both(accounts::account),
        "getaccountresource" => full(accounts::resources),
        "getaccountnet" => full(accounts::net),
        "validateaddress" => full(accounts::validate),
        "getdelegatedresourcev2" => both(stakes::delegated),
        "getdelegatedresourceaccountindexv2" => both(stakes::index),
        "getcandelegatedmaxsize" => both(stakes::max_size),
        "getavailableunfreezecount" => both(stakes::unfreeze_count),
        "getcanwithdrawunfreezeamount" => both(stakes::withdrawable),
        "createtransaction" => post(build::transfer),
        "createaccount" => post(build::create_account),
        "delegateresource" => post(build::delegate),
        "undelegateresource" => post(build::undelegate),
        "freezebalancev2" => post(build::freeze),
        "unfreezebalancev2" => post(build::unfreeze),
        "withdrawexpireunfreeze" => post(build::withdraw),
        "cancelallunfreezev2" => post(build::cancel_unfreeze),
        "accountpermissionupdate" => post(build::permission_update),
        "getsignweight" => post(weight::sign_weight),
        "triggersmartcontract" => post(build::trigger),
        "triggerconstantcontract" => simulation(contracts::constant_call),
        "estimateenergy" => simulation(contracts::estimate_energy),
        "getcontract" => full(contracts::contract),
        "getcontractinfo" => full(contracts::contract_info),
        "getchainparameters" => full(chain::parameters),
        "getenergyprices" => both(chain::energy_prices),
        "getbandwidthprices" => both(chain::bandwidth_prices),
        "getmemofee" => full(chain::memo_fees),
        "getnodeinfo" => both(chain::node_info),
        "getnextmaintenancetime" => full(chain::next_maintenance),
        "getburntrx" => both(chain::burned),
        "listwitnesses" => both(chain::witnesses),
        _ => None,
    }
}

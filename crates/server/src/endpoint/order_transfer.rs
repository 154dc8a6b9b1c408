//! `POST /api/v1/frontend/order/transfer`: send a little TRX, and answer with its txid.

use std::sync::Arc;

use app::rows::ExactAnswer;
use app::send_transfer::{Accepted, SendTransfer};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::key::Scope;
use wire::{TransferRequest, TransferResponse};

use crate::refusal::{Refusal, exactly};
use crate::route::Edge;
use crate::signed_post::SignedPost;

/// Refusals come in this order: those of [`SignedPost`], scope, fields, idempotency key, state,
/// receiver, the key's cap, money, float, chain.
pub async fn handle(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let key = post.key(Scope::Transfer)?;
    let amounts = edge.transfer_amounts.clone();
    let wanted = TransferRequest::parse(&post.body, amounts).map_err(Refusal::fields)?;
    let send = SendTransfer {
        merchant: key.merchant,
        key: key.id,
        receiver: wanted.receiver,
        amount: wanted.amount,
        request: post.request_keys()?,
    };
    Ok(exactly(edge.app.send_transfer(send, Arc::new(answer)).await?))
}

/// The answer as it is stored with the transfer.
fn answer(accepted: &Accepted) -> ExactAnswer {
    let body = TransferResponse {
        txid: accepted.transfer.txid,
        balance: accepted.balance,
        fee: accepted.transfer.fee,
        is_activation_needed: accepted.transfer.has_activation,
    };
    ExactAnswer { status: StatusCode::OK.as_u16(), body: body.to_json() }
}

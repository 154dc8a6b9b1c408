//! `GET /api/v1/frontend/userapi/summary`: what a key has bought, and what is left to spend.

use std::sync::Arc;

use app::rows::KeyUse;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::key::Scope;
use wire::{Bought, Summary};

use crate::auth::caller;
use crate::client_address::ClientAddress;
use crate::refusal::{Refusal, json};
use crate::route::Edge;

/// The platform documents 403 for a key that does not exist, here and nowhere else.
pub async fn handle(
    State(edge): State<Arc<Edge>>,
    from: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let forbid = |refused: Refusal| match refused.is_unknown_key() {
        true => refused.forbidden(),
        false => refused,
    };
    let key = caller(&edge.keys, &headers, from, Scope::Read).await.map_err(forbid)?;
    let row = edge.app.store.key_summary(key.id, edge.app.clock.now()).await?;
    let row = row.ok_or_else(|| Refusal::unknown_key().forbidden())?;
    let summary = Summary {
        key_name: row.name,
        created: row.created,
        total: bought(row.total),
        today: bought(row.today),
        yesterday: bought(row.yesterday),
        balance: row.available,
    };
    Ok(json(StatusCode::OK, summary.to_json()))
}

fn bought(of: KeyUse) -> Bought {
    Bought { orders: of.orders, energy: of.energy, charged: of.charged }
}

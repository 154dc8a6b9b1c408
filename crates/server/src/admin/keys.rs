//! `/admin/v1/merchants/{id}/keys` and `/admin/v1/keys/{key}`: list, add, bind, revoke.

use app::administer::KeyChange;
use app::describe;
use domain::admin::AdminScope;
use domain::key::{AllowList, KeyLimits, Scope, Scopes};
use domain::{KeyId, MerchantId};
use serde::Deserialize;
use serde_json::json;
use tron::Sun;

use super::answer::{Answer, Refused, created, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Body, Page, Parameters, Segment, given, next};
use crate::keys::new_key;

/// A key to add; what is not there does not bind it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    allowed_from: Vec<String>,
    daily_cap_sun: Option<i64>,
    #[serde(default)]
    strict: bool,
}

/// What to change; what is not there stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    scopes: Option<Vec<String>>,
    allowed_from: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    daily_cap_sun: Option<Option<i64>>,
    strict: Option<bool>,
}

/// A merchant's keys, oldest first, revoked ones too.
pub(super) async fn list(
    caller: Caller,
    Segment(id): Segment<i64>,
    Parameters(page): Parameters<Page>,
) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchant = edge.merchant(MerchantId(id)).await?;
    let slice = page.slice(|text| text.parse().ok().map(KeyId))?;
    let keys = edge.records.keys_of(merchant.id, slice).await?;
    let after = next(&keys, slice.limit, |key| key.id.0);
    Ok(list_answer(keys.iter().map(describe::key).collect(), after))
}

/// Adds a key. The secret is in this answer and never again.
pub(super) async fn add(caller: Caller, Segment(id): Segment<i64>, Body(new): Body<New>) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Merchants)?;
    let limits = KeyLimits {
        scopes: new.scopes.map_or(Ok(Scopes::ALL), scopes)?,
        allowed_from: networks(new.allowed_from)?,
        daily_cap: new.daily_cap_sun.map(cap).transpose()?,
    };
    let (merchant, now) = (MerchantId(id), administrator.now);
    let made = new_key(&edge.sealer, merchant, &new.name, new.strict, limits, now);
    let (key, secret) = made.map_err(|failed| Refused::internal(&failed))?;
    let key = administrator.add_key(key).await?;
    let mut shown = describe::key(&key);
    describe::add(&mut shown, "secret", json!(secret.expose()));
    Ok(created(&shown))
}

/// Binds a key in another way.
pub(super) async fn change(
    caller: Caller,
    Segment(text): Segment<String>,
    Body(change): Body<Change>,
) -> Answer {
    let Allowed { administrator, .. } = caller.may(AdminScope::Merchants)?;
    let change = KeyChange {
        name: change.name,
        scopes: change.scopes.map(scopes).transpose()?,
        allowed_from: change.allowed_from.map(networks).transpose()?,
        daily_cap: change.daily_cap_sun.map(|sun| sun.map(cap).transpose()).transpose()?,
        is_reference_strict: change.strict,
    };
    Ok(ok(&describe::key(&administrator.change_key(&text, change).await?)))
}

/// Revokes a key.
pub(super) async fn revoke(caller: Caller, Segment(text): Segment<String>) -> Answer {
    let Allowed { administrator, .. } = caller.may(AdminScope::Merchants)?;
    Ok(ok(&describe::key(&administrator.revoke_key(&text).await?)))
}

fn scopes(words: Vec<String>) -> Result<Scopes, Refused> {
    let read: Result<Vec<Scope>, _> = words.iter().map(|word| word.parse()).collect();
    let scopes = read.and_then(Scopes::of);
    scopes.map_err(|error| Refused::bad(format!("scopes: {error}")))
}

fn networks(texts: Vec<String>) -> Result<AllowList, Refused> {
    AllowList::of(texts).map_err(|error| Refused::bad(format!("allowed_from: {error}")))
}

fn cap(sun: i64) -> Result<Sun, Refused> {
    match sun {
        0.. => Ok(Sun::new(sun)),
        _ => Err(Refused::bad("daily_cap_sun: a cap cannot be negative")),
    }
}

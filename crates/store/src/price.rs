//! Prices that are set, by the house and for merchants.

use app::admin_rows::PriceOwner;
use domain::MerchantId;
use domain::price_overrides::{PriceName, PriceOverrides};

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row, params};

/// The number that stands for the house where merchants stand.
pub(crate) const HOUSE: i64 = 0;

crate::statement::statements! {
    OF_OWNER = "SELECT name, value FROM price WHERE merchant_id = ?1";
    CLEAR = "DELETE FROM price WHERE merchant_id = ?1";
    INSERT_PRICE = "INSERT INTO price (merchant_id, name, value) VALUES (?1, ?2, ?3)";
}

/// A list as it is set.
pub(crate) fn of_owner(
    connection: &Connection,
    owner: PriceOwner,
) -> Result<PriceOverrides, Fault> {
    let mut prices = connection.prepare_cached(OF_OWNER)?;
    let rows = prices.query_map([number(owner)], read)?;
    list(rows.collect::<sql::Result<Vec<_>>>()?)
}

/// One price of a list.
pub(crate) fn read(row: &Row<'_>) -> sql::Result<(PriceName, i64)> {
    let name: i64 = row.get(0)?;
    let name = PriceName::from_number(name).ok_or_else(|| column::meaningless(0, &name))?;
    Ok((name, row.get(1)?))
}

/// A list of these prices.
pub(crate) fn list(
    prices: impl IntoIterator<Item = (PriceName, i64)>,
) -> Result<PriceOverrides, Fault> {
    let mut set = PriceOverrides::default();
    for (name, value) in prices {
        set.set(name, Some(value)).map_err(|refused| Fault::Broken(refused.to_string()))?;
    }
    Ok(set)
}

/// What is set for a merchant: the house's with its own on top.
pub(crate) fn for_merchant(
    connection: &Connection,
    merchant: MerchantId,
) -> Result<PriceOverrides, Fault> {
    let own = of_owner(connection, PriceOwner::Merchant(merchant))?;
    Ok(of_owner(connection, PriceOwner::House)?.under(&own))
}

/// Writes a list as it is set from now on.
pub(crate) fn put(
    connection: &Connection,
    owner: PriceOwner,
    prices: &PriceOverrides,
) -> Result<(), Fault> {
    connection.prepare_cached(CLEAR)?.run([number(owner)])?;
    for (name, value) in prices.iter() {
        connection.prepare_cached(INSERT_PRICE)?.run(params![
            number(owner),
            name.number(),
            value
        ])?;
    }
    Ok(())
}

fn number(owner: PriceOwner) -> i64 {
    match owner {
        PriceOwner::House => HOUSE,
        PriceOwner::Merchant(merchant) => merchant.0,
    }
}

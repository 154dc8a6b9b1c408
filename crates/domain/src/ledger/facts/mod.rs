//! One file for each thing that can happen to money.

mod deposit_credited;
mod merchant_credited;
mod merchant_debited;
mod order_held;
mod order_partly_refunded;
mod order_refunded;
mod order_released;
mod order_settled;
mod transfer_held;
mod transfer_released;
mod transfer_settled;

pub use deposit_credited::deposit_credited;
pub use merchant_credited::merchant_credited;
pub use merchant_debited::merchant_debited;
pub use order_held::order_held;
pub use order_partly_refunded::order_partly_refunded;
pub use order_refunded::order_refunded;
pub use order_released::order_released;
pub use order_settled::order_settled;
pub use transfer_held::transfer_held;
pub use transfer_released::transfer_released;
pub use transfer_settled::transfer_settled;

#[cfg(test)]
mod tests {
    use tron::Sun;

    use super::*;
    use crate::id::{MerchantId, OrderId};
    use crate::ledger::{Fact, LedgerTx};
    use crate::time::UnixMillis;
    use crate::{deposit, transfer};

    /// The postings as the table that `docs/ledger.md` prints.
    fn row(tx: &LedgerTx) -> String {
        let entries: Vec<String> = tx
            .entries()
            .iter()
            .map(|entry| {
                let sign = if entry.amount.is_negative() { '-' } else { '+' };
                format!("{sign} {}", entry.account.name())
            })
            .collect();
        format!("| {} | {} |\n", tx.fact.name(), entries.join(", "))
    }

    #[test]
    fn the_document_shows_every_posting() {
        let (merchant, order, sun, at) =
            (MerchantId(1), OrderId([7; 16]), Sun::new(5), UnixMillis(0));
        let (transfer, deposit) = (transfer::example::stored(), deposit::example::credited());
        let table: String = [
            row(&merchant_credited([1; 16], merchant, sun, "paid", at)),
            row(&merchant_debited([1; 16], merchant, sun, "paid out", at)),
            row(&order_held(order, merchant, sun, at)),
            row(&order_settled(order, merchant, sun, at)),
            row(&order_released(order, merchant, sun, at)),
            row(&transfer_held(&transfer)),
            row(&transfer_settled(&transfer, at)),
            row(&transfer_released(&transfer, at)),
            row(&deposit_credited(&deposit)),
            row(&order_refunded(order, merchant, sun, at)),
            row(&order_partly_refunded(order, merchant, sun, at)),
        ]
        .concat();
        let document = include_str!("../../../../../docs/ledger.md");
        assert!(document.contains(&table), "docs/ledger.md must hold these rows:\n{table}");
    }

    #[test]
    fn every_fact_of_the_document_is_found_by_its_number() {
        let document = include_str!("../../../../../docs/ledger.md");
        let table = document.split("| fact | entries |\n|---|---|\n").nth(1).unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let names: Vec<_> = rows.map(|row| row.split('|').nth(1).unwrap().trim()).collect();
        for name in &names {
            let fact = Fact::ALL.iter().find(|fact| fact.name() == *name);
            let fact = fact.unwrap_or_else(|| panic!("Fact::ALL lacks {name}"));
            assert_eq!(Fact::from_number(fact.number()), Some(*fact));
        }
        assert_eq!(names.len(), Fact::ALL.len());
    }

    #[test]
    fn each_fact_of_one_order_has_its_own_identity() {
        let (merchant, order, sun, at) =
            (MerchantId(1), OrderId([7; 16]), Sun::new(5), UnixMillis(0));
        let held = order_held(order, merchant, sun, at);
        assert_eq!(held.id, order_held(order, merchant, sun, at).id);
        assert_ne!(held.id, order_settled(order, merchant, sun, at).id);
        assert_ne!(held.id, order_released(order, merchant, sun, at).id);
    }
}

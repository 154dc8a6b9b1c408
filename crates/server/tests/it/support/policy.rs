//! What a merchant does with policies.

use serde_json::{Value, json};
use tron::{Address, Sun, TokenUnits};

use super::chain::{PAID, recipient_with};
use super::{Answer, World};

/// What the bytes of one transfer burn.
const BYTES_SUN: i64 = 346_000;
/// Paths below the prefix.
pub(crate) const COUNT: &str = "/count-delegate-policy";
pub(crate) const AUTO: &str = "/auto-delegate-policy";

impl World {
    /// Asks for a count policy; whatever is answered.
    pub(crate) async fn try_count_policy(&self, body: &Value) -> Answer {
        self.post(COUNT, body).await
    }

    /// Buys so many transfers for an address.
    pub(crate) async fn count_policy(&self, receiver: Address, times: i64) {
        let body = json!({"receive_address": receiver, "times": times});
        let answer = self.try_count_policy(&body).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        assert_eq!(answer.json()["errno"], 0);
    }

    /// Edits the count policy of an address.
    pub(crate) async fn edit_policy(&self, receiver: Address, change: &Value) -> Value {
        let mut body = change.clone();
        body["receive_address"] = json!(receiver);
        let answer = self.post(&format!("{COUNT}/edit-address"), &body).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        answer.json()
    }

    /// Keeps energy on an address for so many days.
    pub(crate) async fn auto_policy(&self, receiver: Address, energy: i64, days: i64) {
        let body = json!({"receive_address": receiver, "max_energy": energy, "period": days});
        let answer = self.post(AUTO, &body).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
    }

    /// Switches an auto policy.
    pub(crate) async fn switch_policy(&self, id: i64, status: i64) {
        let path = format!("{AUTO}/{id}/change-status");
        let answer = self.post(&path, &json!({"status": status})).await;
        assert_eq!((answer.status(), answer.body.as_str()), (200, r#"{"errno":0}"#));
    }

    async fn list(&self, path: &str, receiver: Address) -> Value {
        let answer = self.get(&format!("{path}?receive_address={receiver}")).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        let list = answer.json();
        assert_eq!(list["count"], 1, "{list}");
        list["results"][0].clone()
    }

    /// The count policy of an address as the list shows it.
    pub(crate) async fn count_shown(&self, receiver: Address) -> Value {
        self.list(COUNT, receiver).await
    }

    /// The auto policy of an address as the list shows it.
    pub(crate) async fn auto_shown(&self, receiver: Address) -> Value {
        self.list(AUTO, receiver).await
    }

    /// Somebody pays to the address again, and it sends that on. The transfer waits for a block.
    ///
    /// A day's free bandwidth is for one transfer: the address has TRX for the bytes of this one, and
    /// too little to burn for energy.
    pub(crate) fn pays_and_sweeps(&self, payer: Address) {
        self.chain.credit(payer, Sun::new(BYTES_SUN));
        if self.chain.token_balance(payer) == TokenUnits(0) {
            self.chain.mint(payer, PAID);
        }
        assert!(self.sweeps(payer, recipient_with()));
    }
}

/// What a row of the list says about how its policy is: last step, transfers left, idle days, paused.
pub(crate) fn how(row: &Value) -> (i64, i64, i64, bool) {
    let number = |name: &str| row[name].as_i64().unwrap();
    let is_paused = row["pause"].as_bool().unwrap();
    (number("last_step"), number("count_limit"), number("unused_times"), is_paused)
}

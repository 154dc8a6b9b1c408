//! Policies: switch one off.

use domain::policy::{PolicyEvent, step};
use domain::{Policy, PolicyId};

use super::{AdminRefused, Administrator, Scribe};
use crate::admin_rows::{AdminChanges, AdminNeeds};
use crate::describe_policy;
use crate::rows::{Changes, Needs, PolicyKey};
use crate::work::commit;

impl Administrator {
    /// Lets a policy order nothing more until its merchant lets it go on. What it paid for stays on its
    /// address; one that orders nothing stays as it is.
    ///
    /// Errors: [`AdminRefused::NoPolicy`], or the store's.
    pub async fn stop_policy(&self, id: PolicyId) -> Result<Policy, AdminRefused> {
        let needs = Needs {
            policy: Some(PolicyKey::Id(id)),
            admin: Some(AdminNeeds::default()),
            ..Needs::default()
        };
        let me = Scribe { actor: self.actor.clone(), now: self.now };
        commit(&*self.store, needs, move |rows| {
            let before = rows.policy.as_ref().ok_or(AdminRefused::NoPolicy(id))?;
            let Ok(decision) = step(before, PolicyEvent::StoppedByPerson, me.now) else {
                return Ok((Changes::default(), before.clone()));
            };
            let after = decision.policy;
            let (was, is) = (describe_policy::policy(before), describe_policy::policy(&after));
            let log = me.log("policy.stop", format!("policy {}", id.0), Some(&was), Some(&is));
            let changes = Changes {
                policy: Some(after.clone()),
                admin: Some(Box::new(AdminChanges::logged(log))),
                ..Changes::default()
            };
            Ok((changes, after))
        })
        .await?
    }
}

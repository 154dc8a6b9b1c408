//! What a signed request was answered with before, so that a repeat acts never twice.
//!
//! An order's answer is rendered again from its row; whatever else a request does stores its exact
//! answer with its effect (`docs/decisions/0017-exact-answers.md`). Refused requests store nothing.

use std::sync::Arc;

use domain::UnixMillis;

use crate::App;
use crate::ports::StoreError;
use crate::rows::{
    Changes, ExactAnswer, Needs, NewAnswers, Remembered, RequestKeys, Rows, StoredAnswers,
};
use crate::work::commit;

/// Renders the answer to what was done, for being stored in the same commit.
pub type Render<T> = Arc<dyn Fn(&T) -> ExactAnswer + Send + Sync>;

/// Why a request that looks like a repeat is not served. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepeatRefused {
    /// The signature was used on another path.
    #[error("this signed request was sent to another path before")]
    Elsewhere,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// It was signed so long ago that the answer to an earlier copy may be forgotten.
    #[error("this request was signed too long ago to be acted on")]
    Late,
}

/// How long before answers to replays are forgotten a request is acted on for the last time, in
/// seconds: how far apart the clocks of processes may be.
const LATE_SECS: i64 = 120;

impl App {
    /// Refuses to act on a new request when the answer to an earlier copy of it may be forgotten.
    ///
    /// For the moment of its commit: the process may have stood still since the signature was checked,
    /// while another one acted on a copy and forgot it.
    pub(crate) fn check_not_late(
        &self,
        request: &RequestKeys,
        now: UnixMillis,
    ) -> Result<(), RepeatRefused> {
        match is_late(request, self.settings.replays_kept_secs, now) {
            true => Err(RepeatRefused::Late),
            false => Ok(()),
        }
    }
}

fn is_late(request: &RequestKeys, replays_kept_secs: i64, now: UnixMillis) -> bool {
    let acted_on_secs = replays_kept_secs.saturating_sub(LATE_SECS);
    let signed = UnixMillis(request.timestamp_secs.saturating_mul(1_000));
    now > signed.after_secs(acted_on_secs)
}

/// What a request was answered with before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The answer.
    pub answer: Remembered,
    /// What has to be remembered before it is given.
    resent: Option<NewAnswers>,
}

impl Before {
    /// What has to be committed before the answer is given again: a request that only its idempotency
    /// key leads to the answer is remembered by its signature, too. The header is not signed, so a copy
    /// may come without it.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes { answers: self.resent.clone(), ..Changes::default() }
    }
}

/// What this very request was answered with before; `None` for a new one.
///
/// Errors: [`RepeatRefused`] when it was another request.
pub fn known(
    answers: &StoredAnswers,
    request: &RequestKeys,
    now: UnixMillis,
) -> Result<Option<Before>, RepeatRefused> {
    if let Some((before, route)) = &answers.replay {
        return match *route == request.route {
            true => Ok(Some(Before { answer: before.clone(), resent: None })),
            false => Err(RepeatRefused::Elsewhere),
        };
    }
    match (&answers.resend, &request.idempotency) {
        (Some((before, hash)), Some(key)) if *hash == key.request => {
            let resent = NewAnswers {
                request: request.clone(),
                answer: before.clone(),
                at: now,
                is_resend: true,
            };
            Ok(Some(Before { answer: before.clone(), resent: Some(resent) }))
        }
        (Some(_), _) => Err(RepeatRefused::KeyReused),
        (None, _) => Ok(None),
    }
}

impl App {
    /// What this very request was answered with before, asked ahead of what a new one would cost; with a
    /// commit if something is to be remembered of it.
    ///
    /// Errors: the outer is the store's, the inner [`RepeatRefused`].
    pub(crate) async fn known_before(
        &self,
        request: &RequestKeys,
    ) -> Result<Result<Option<Remembered>, RepeatRefused>, StoreError> {
        let answers = self.store.answers(request).await?;
        match known(&answers, request, self.clock.now()) {
            Err(refused) => return Ok(Err(refused)),
            Ok(None) => return Ok(Ok(None)),
            Ok(Some(before)) if before.resent.is_none() => return Ok(Ok(Some(before.answer))),
            Ok(Some(_)) => {}
        }
        let needs = Needs { answers: Some(request.clone()), ..Needs::default() };
        let (app, request) = (self.clone(), request.clone());
        let decide = move |rows: &Rows| {
            let before = known(&rows.answers, &request, app.clock.now())?;
            let changes = before.as_ref().map(Before::changes).unwrap_or_default();
            Ok((changes, before.map(|before| before.answer)))
        };
        commit(&*self.store, needs, decide).await
    }
}

#[cfg(test)]
mod tests {
    use domain::{KeyId, OrderId};

    use super::*;
    use crate::rows::Idempotency;

    const BEFORE: Remembered = Remembered::Order(OrderId([1; 16]));

    fn request(idempotency: Option<[u8; 32]>) -> RequestKeys {
        RequestKeys {
            key: KeyId(1),
            timestamp_secs: 1,
            signature: [2; 32],
            route: [3; 32],
            idempotency: idempotency
                .map(|request| Idempotency { text: "mine".to_owned(), request }),
        }
    }

    #[test]
    fn a_repeat_is_the_same_request_on_the_same_path() {
        let replay = |route| StoredAnswers { replay: Some((BEFORE, route)), resend: None };
        let resend = |hash| StoredAnswers { replay: None, resend: Some((BEFORE, hash)) };
        let (plain, keyed) = (request(None), request(Some([5; 32])));
        let now = UnixMillis(2_000);
        let known = |answers: &StoredAnswers, request: &RequestKeys| known(answers, request, now);
        assert_eq!(known(&StoredAnswers::default(), &keyed), Ok(None));
        let replayed = Before { answer: BEFORE, resent: None };
        assert_eq!(known(&replay([3; 32]), &plain), Ok(Some(replayed)));
        assert_eq!(known(&replay([4; 32]), &plain), Err(RepeatRefused::Elsewhere));
        let resent =
            NewAnswers { request: keyed.clone(), answer: BEFORE, at: now, is_resend: true };
        let resent = Before { answer: BEFORE, resent: Some(resent) };
        assert_eq!(known(&resend([5; 32]), &keyed), Ok(Some(resent)));
        assert_eq!(known(&resend([6; 32]), &keyed), Err(RepeatRefused::KeyReused));
    }

    #[test]
    fn a_request_is_not_acted_on_when_its_copy_may_be_forgotten() {
        let signed_at_1 = request(None);
        assert!(!is_late(&signed_at_1, 660, UnixMillis(541_000)));
        assert!(is_late(&signed_at_1, 660, UnixMillis(541_001)));
    }
}

//! What comes in: parameters and bodies, read strictly; what is wrong is said in one sentence.

use std::str::FromStr;

use app::admin_rows::{Slice, Span};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use domain::UnixMillis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::answer::Refused;

/// Rows of a list when `limit` is not given.
pub const LIST_LIMIT_DEFAULT: usize = 50;
/// Most rows that one request gets of a list.
pub const LIST_LIMIT_MAX: usize = 500;

/// A body of JSON; unknown members are refused.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Refused::new(rejection.status(), rejection.body_text()))?;
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| Refused::bad(format!("The body cannot be used: {error}.")))
    }
}

/// Parameters of the query; unknown ones are refused.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        let read = Query::try_from_uri(&parts.uri);
        read.map(|Query(read)| Self(read)).map_err(|rejection| Refused::bad(rejection.body_text()))
    }
}

/// The changing part of a path; one that means nothing is not found.
pub(super) struct Segment<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Segment<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let not_found = || Refused::not_found("Not found.");
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        text.parse().map(Self).map_err(|_| not_found())
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// What `next` of the part before said.
    pub(super) after: Option<String>,
    /// Most rows, 1 to [`LIST_LIMIT_MAX`].
    pub(super) limit: Option<usize>,
}

impl Page {
    /// A part of a list whose places are written as `T` is.
    ///
    /// Errors: 400.
    pub(super) fn slice<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Slice<T>, Refused> {
        slice(self.after.as_deref(), self.limit, read)
    }
}

/// A part of a list whose places are written as `T` is.
///
/// Errors: 400.
pub(super) fn slice<T>(
    after: Option<&str>,
    limit: Option<usize>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Slice<T>, Refused> {
    let limit = limit.unwrap_or(LIST_LIMIT_DEFAULT);
    if !(1..=LIST_LIMIT_MAX).contains(&limit) {
        return Err(Refused::bad(format!("limit must be between 1 and {LIST_LIMIT_MAX}.")));
    }
    let after = match after {
        None => None,
        Some(text) => {
            let place = read(text);
            Some(place.ok_or_else(|| Refused::bad("after must be a next of this list."))?)
        }
    };
    Ok(Slice { after, limit })
}

/// The place to go on from, when the part is full.
pub(super) fn next<R, T: ToString>(
    rows: &[R],
    limit: usize,
    place: impl Fn(&R) -> T,
) -> Option<String> {
    rows.last().filter(|_| rows.len() == limit).map(|row| place(row).to_string())
}

/// A span of time from two moments, each Unix milliseconds or a time such as `2026-01-31T00:00:00Z` or
/// `2026-01-31` (midnight of UTC).
///
/// Errors: 400.
pub(super) fn span(from: Option<&str>, to: Option<&str>) -> Result<Span, Refused> {
    let everything = Span::default();
    let read = |name: &str, text: Option<&str>, otherwise| match text {
        None => Ok(otherwise),
        Some(text) => moment(text).ok_or_else(|| {
            Refused::bad(format!("{name} must be Unix milliseconds, a date or an RFC 3339 time."))
        }),
    };
    Ok(Span { from: read("from", from, everything.from)?, to: read("to", to, everything.to)? })
}

/// A moment as people and programs write it.
#[must_use]
pub fn moment(text: &str) -> Option<UnixMillis> {
    if let Ok(ms) = text.parse() {
        return Some(UnixMillis(ms));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(UnixMillis(time.as_millisecond()));
    }
    let midnight =
        text.parse::<jiff::civil::Date>().ok()?.to_datetime(jiff::civil::Time::midnight());
    let time = jiff::tz::Offset::UTC.to_timestamp(midnight).ok()?;
    Some(UnixMillis(time.as_millisecond()))
}

/// A member that is there, even as `null`; a missing one is `None` by its default.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1686758400000", Some(1_686_758_400_000)),
            ("2023-06-14T16:00:00Z", Some(1_686_758_400_000)),
            ("2023-06-15T00:00:00+08:00", Some(1_686_758_400_000)),
            ("2023-06-15", Some(1_686_787_200_000)),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(moment(text).map(|moment| moment.0), expected, "{text}");
        }
    }

    #[test]
    fn limits_are_kept() {
        let read = |text: &str| text.parse::<i64>().ok();
        assert_eq!(slice(None, None, read).unwrap(), Slice { after: None, limit: 50 });
        assert_eq!(
            slice(Some("7"), Some(500), read).unwrap(),
            Slice { after: Some(7), limit: 500 }
        );
        assert!(slice(None, Some(0), read).is_err());
        assert!(slice(None, Some(501), read).is_err());
        assert!(slice(Some("x"), None, read).is_err());
        assert_eq!(next(&[1, 2], 2, |row| *row), Some("2".to_owned()));
        assert_eq!(next(&[1], 2, |row| *row), None);
    }
}

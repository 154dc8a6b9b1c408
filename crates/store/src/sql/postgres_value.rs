//! Values in PostgreSQL's binary format.

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{Params, Value};

/// What stands for NUL: its picture.
const SHOWN_NUL: &str = "\u{2400}";

/// A value that outlives the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owned {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Owned {
    /// A copy of this value.
    pub(crate) fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// Copies of what a statement is given.
pub(crate) fn owned(params: impl Params) -> Vec<Owned> {
    params.with(|values| values.iter().map(|value| Owned::of(*value)).collect())
}

/// What goes wrong between a value and a column of another type.
type Unfit = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Unfit> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(*number)?.to_sql(kind, out)
            }
            Value::Integer(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            // PostgreSQL's text has no NUL. The edge refuses it in what is kept; what is looked for by such
            // a text is not there, and is not to fail.
            Value::Text(text) if <&str as ToSql>::accepts(kind) && text.contains('\0') => {
                text.replace('\0', SHOWN_NUL).to_sql(kind, out)
            }
            Value::Text(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Value::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Value::Integer(_) | Value::Text(_) | Value::Bytes(_) => {
                Err(format!("{self:?} is no {kind}").into())
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSql for Owned {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Unfit> {
        self.value().to_sql(kind, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> std::result::Result<Self, Unfit> {
        Ok(match *kind {
            Type::INT8 => Value::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Integer(i32::from_sql(kind, raw)?.into()),
            Type::BOOL => Value::Integer(bool::from_sql(kind, raw)?.into()),
            Type::NUMERIC => Value::Integer(whole_number(raw).ok_or("no whole number of 63 bits")?),
            Type::BYTEA => Value::Bytes(raw),
            _ => Value::Text(<&str>::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Unfit> {
        Ok(Value::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::BOOL | Type::NUMERIC | Type::BYTEA)
            || <&str as FromSql<'_>>::accepts(kind)
    }
}

/// What a sum of whole numbers arrives as.
///
/// Source: PostgreSQL's binary format of `numeric`: a count of digits to the base of 10 000, the power of
/// the first one, a sign, a scale, and the digits, two bytes each.
fn whole_number(raw: &[u8]) -> Option<i64> {
    let mut words = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight) = (words.next()?, words.next()?.cast_signed());
    let (sign, _scale) = (words.next()?, words.next()?);
    let mut magnitude = 0_i128;
    for _ in 0..count {
        magnitude = magnitude.checked_mul(10_000)?.checked_add(i128::from(words.next()?))?;
    }
    let missing = i32::from(weight) + 1 - i32::from(count.cast_signed());
    if count > 0 {
        let scale = 10_000_i128.checked_pow(u32::try_from(missing).ok()?)?;
        magnitude = magnitude.checked_mul(scale)?;
    }
    match sign {
        0x0000 => i64::try_from(magnitude).ok(),
        0x4000 => i64::try_from(-magnitude).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(words: &[u16]) -> Option<i64> {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        whole_number(&raw)
    }

    #[test]
    fn sums_are_read_to_the_last_digit() {
        assert_eq!(numeric(&[0, 0, 0, 0]), Some(0));
        assert_eq!(numeric(&[1, 0, 0x4000, 0, 5]), Some(-5));
        assert_eq!(numeric(&[1, 2, 0, 0, 7]), Some(700_000_000));
        assert_eq!(numeric(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807]), Some(i64::MAX));
        assert_eq!(numeric(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808]), None, "past 63 bits");
        assert_eq!(numeric(&[1, 0xffff, 0, 4, 5000]), None, "half of one");
        assert_eq!(numeric(&[0, 0, 0xc000, 0]), None, "not a number");
    }
}

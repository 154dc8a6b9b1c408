//! Values on their way to a database and back: integers, text and bytes are all that rows hold.

/// One value of a row or of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number; a yes or no is 1 or 0.
    Integer(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// What a statement can be given.
pub(crate) trait Parameter {
    /// It as a value.
    fn value(&self) -> Value<'_>;
}

/// What a column can be read as.
pub(crate) trait FromValue: Sized {
    /// It, if the value is one.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

/// Whole numbers that always fit.
macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Parameter for $type {
            fn value(&self) -> Value<'_> {
                Value::Integer(i64::from(*self))
            }
        }

        impl FromValue for $type {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Integer(number) => Self::try_from(number).ok(),
                    Value::Null | Value::Text(_) | Value::Bytes(_) => None,
                }
            }
        }
    )*};
}
integers!(i64, i32, u32, u16, u8);

impl Parameter for bool {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            Value::Null | Value::Integer(_) | Value::Text(_) | Value::Bytes(_) => None,
        }
    }
}

impl Parameter for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Parameter for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            Value::Null | Value::Integer(_) | Value::Bytes(_) => None,
        }
    }
}

impl Parameter for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl Parameter for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            Value::Null | Value::Integer(_) | Value::Text(_) => None,
        }
    }
}

impl<const N: usize> Parameter for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => bytes.try_into().ok(),
            Value::Null | Value::Integer(_) | Value::Text(_) => None,
        }
    }
}

impl<T: Parameter> Parameter for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Parameter::value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            Value::Integer(_) | Value::Text(_) | Value::Bytes(_) => T::from_value(value).map(Some),
        }
    }
}

impl<T: Parameter + ?Sized> Parameter for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

/// What a statement is given, in its order.
pub(crate) trait Params {
    /// Hands the values over.
    fn with<R>(&self, take: impl FnOnce(&[Value<'_>]) -> R) -> R;
}

impl Params for &[&dyn Parameter] {
    fn with<R>(&self, take: impl FnOnce(&[Value<'_>]) -> R) -> R {
        let values: Vec<Value<'_>> = self.iter().map(|one| one.value()).collect();
        take(&values)
    }
}

impl Params for [&dyn Parameter; 0] {
    fn with<R>(&self, take: impl FnOnce(&[Value<'_>]) -> R) -> R {
        take(&[])
    }
}

/// Parameters of one type.
macro_rules! arrays {
    ($($count:literal),*) => {$(
        impl<T: Parameter> Params for [T; $count] {
            fn with<R>(&self, take: impl FnOnce(&[Value<'_>]) -> R) -> R {
                take(&self.each_ref().map(Parameter::value))
            }
        }
    )*};
}
arrays!(1, 2, 3, 4);

/// Parameters of several types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::sql::Parameter),*] as &[&dyn $crate::sql::Parameter]
    };
}
pub(crate) use params;

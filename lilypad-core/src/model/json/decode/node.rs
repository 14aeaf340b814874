//! The deserializer: all values that were given for one place, in the order of the text.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::super::Value;
use super::error::DecodeError;
use super::keys::field_of;

/// All values that were given for one place, in the order of the text: none where it is missing, several where keys
/// are repeated.
#[derive(Default)]
pub(super) struct Node<'a>(Vec<&'a Value>);

impl<'a> Node<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        Self(vec![value])
    }

    fn last(&self) -> Option<&'a Value> {
        self.0.last().copied()
    }

    /// The values that a scalar or struct sees: `null` changes nothing.
    fn solid(&self) -> impl Iterator<Item = &'a Value> {
        self.0.iter().copied().filter(|value| !matches!(value, Value::Null))
    }

    /// The values that a list or map sees: `null` empties it.
    fn since_null(mut self) -> Self {
        let after = self.0.iter().rposition(|value| matches!(value, Value::Null)).map_or(0, |at| at + 1);
        self.0.drain(..after);
        self
    }

    /// Reads every value that is not `null`, as Go does, and gives the last.
    fn scalar<T>(
        &self,
        wanted: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, DecodeError> {
        let mut last = None;
        for value in self.solid() {
            last = Some(read(value).ok_or_else(|| DecodeError::wrong(wanted, value))?);
        }
        Ok(last)
    }

    fn text(&self) -> Result<&'a str, DecodeError> {
        let text = self.scalar("a string", |value| match value {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        })?;
        Ok(text.unwrap_or_default())
    }

    fn whole<T: std::str::FromStr + Default>(&self, wanted: &str) -> Result<T, DecodeError> {
        let number = self.scalar(wanted, |value| match value {
            Value::Number(literal) => literal.parse().ok(),
            _ => None,
        })?;
        Ok(number.unwrap_or_default())
    }

    /// The elements of a list. The same index of repeated lists shares a place, even where a shorter list came between
    /// them: Go reads all of them into one memory. What the last list cuts off is not looked at any more.
    fn elements(self) -> Result<Vec<Self>, DecodeError> {
        let mut places: Vec<Self> = Vec::new();
        let mut count = 0;
        for value in self.since_null().0 {
            let Value::Array(items) = value else { return Err(DecodeError::wrong("a list", value)) };
            if items.is_empty() {
                places.clear();
            }
            count = items.len();
            places.resize_with(places.len().max(count), Self::default);
            places.iter_mut().zip(items).for_each(|(place, item)| place.0.push(item));
        }
        places.truncate(count);
        Ok(places)
    }

    /// The members of a map, duplicates kept.
    fn members(self) -> Result<Vec<(&'a str, Self)>, DecodeError> {
        let mut all = Vec::new();
        for value in self.since_null().0 {
            let Value::Object(members) = value else { return Err(DecodeError::wrong("an object", value)) };
            all.extend(members.iter().map(|(key, value)| (key.as_str(), Self::new(value))));
        }
        Ok(all)
    }

    /// Every field of a struct, given ones in the order of the text.
    fn fields(&self, names: &'static [&'static str]) -> Result<Vec<(&'a str, Self)>, DecodeError> {
        let mut given: Vec<(&'a str, Self)> = Vec::with_capacity(names.len());
        for value in self.solid() {
            let Value::Object(members) = value else { return Err(DecodeError::wrong("an object", value)) };
            for (key, value) in members {
                let Some(name) = field_of(names, key).and_then(|index| names.get(index)) else { continue };
                match given.iter_mut().find(|(known, _)| known == name) {
                    Some((_, place)) => place.0.push(value),
                    None => given.push((name, Self::new(value))),
                }
            }
        }
        for name in names {
            if !given.iter().any(|(known, _)| known == name) {
                given.push((name, Self::default()));
            }
        }
        Ok(given)
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty, $wanted:literal;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.whole::<$type>($wanted)?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.last() {
            None | Some(Value::Null) => visitor.visit_unit(),
            Some(Value::Bool(value)) => visitor.visit_bool(*value),
            Some(value @ Value::Number(literal)) => any_number(value, literal, visitor),
            Some(Value::String(text)) => visitor.visit_borrowed_str(text),
            Some(value @ Value::Array(_)) => Self::new(value).deserialize_seq(visitor),
            Some(value @ Value::Object(_)) => Self::new(value).deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let value = self.scalar("true or false", |value| match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        })?;
        visitor.visit_bool(value.unwrap_or_default())
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8, "a whole number from -128 to 127";
        deserialize_i16 visit_i16 i16, "a whole number of 16 bits";
        deserialize_i32 visit_i32 i32, "a whole number of 32 bits";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_u8 visit_u8 u8, "a whole number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a whole number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number from 0 on, of 32 bits";
        deserialize_u64 visit_u64 u64, "a whole number from 0 on";
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let number = self.scalar("a number", |value| match value {
            Value::Number(literal) => literal.parse::<f64>().ok().filter(|number| number.is_finite()),
            _ => None,
        })?;
        visitor.visit_f64(number.unwrap_or_default())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let given = self.since_null();
        if given.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(given) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(Elements { next: 0, places: self.elements()?.into_iter() })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Members::new(self.members()?))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Members::new(self.fields(fields)?))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.last() {
            Some(Value::Object(_)) => {
                let members = Members::new(self.members()?);
                MapAccessDeserializer::new(members).deserialize_enum(name, variants, visitor)
            }
            _ => visitor.visit_enum(self.text()?.into_deserializer()),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

fn any_number<'de, V: Visitor<'de>>(
    value: &Value,
    literal: &str,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    if let Ok(number) = literal.parse() {
        return visitor.visit_u64(number);
    }
    // Only a float keeps the sign of -0.
    if let Some(number) = literal.parse().ok().filter(|number| *number != 0) {
        return visitor.visit_i64(number);
    }
    match literal.parse::<f64>() {
        Ok(number) if number.is_finite() => visitor.visit_f64(number),
        _ => Err(DecodeError::wrong("a number that fits 64 bits", value)),
    }
}

struct Elements<'a> {
    next: usize,
    places: std::vec::IntoIter<Node<'a>>,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(place) = self.places.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        let last = place.last();
        seed.deserialize(place).map(Some).map_err(|error| error.at(last).inside_element(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.places.len())
    }
}

struct Members<'a> {
    members: std::vec::IntoIter<(&'a str, Node<'a>)>,
    value: Option<(&'a str, Node<'a>)>,
}

impl<'a> Members<'a> {
    fn new(members: Vec<(&'a str, Node<'a>)>) -> Self {
        Self { members: members.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, node)) = self.members.next() else { return Ok(None) };
        self.value = Some((key, node));
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let (key, node) = self.value.take().unwrap_or_default();
        let last = node.last();
        seed.deserialize(node).map_err(|error| error.at(last).inside_field(key))
    }
}

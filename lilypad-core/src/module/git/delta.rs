//! git's deltas: an object as copies from another one and new bytes.

/// Reads a number of seven bits a byte, the lowest first.
fn number(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..57).step_by(7) {
        let (byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The size of the object that a delta makes.
pub(super) fn result_size(mut delta: &[u8]) -> Option<u64> {
    number(&mut delta)?;
    number(&mut delta)
}

/// Applies a delta; `None` where it does not fit its base or itself.
pub(super) fn apply(base: &[u8], mut delta: &[u8]) -> Option<Vec<u8>> {
    if number(&mut delta)? != base.len() as u64 {
        return None;
    }
    let size = usize::try_from(number(&mut delta)?).ok()?;
    let mut out = Vec::with_capacity(size.min(1 << 20));
    while let Some((op, rest)) = delta.split_first() {
        delta = rest;
        let piece = if op & 0x80 != 0 {
            let offset = operand(&mut delta, *op, 0..4)?;
            let length = match operand(&mut delta, *op, 4..7)? {
                0 => 0x1_0000,
                length => length,
            };
            base.get(offset..offset.checked_add(length)?)?
        } else {
            let (piece, rest) = delta.split_at_checked(usize::from(*op))?;
            delta = rest;
            piece
        };
        // A zero instruction is reserved, and nothing may go past the promised size.
        if piece.is_empty() || piece.len() > size.checked_sub(out.len())? {
            return None;
        }
        out.extend_from_slice(piece);
    }
    (out.len() == size).then_some(out)
}

/// The bytes of an offset or length that the bits of `op` say are there.
fn operand(delta: &mut &[u8], op: u8, bits: std::ops::Range<u32>) -> Option<usize> {
    let mut value = 0usize;
    for (place, bit) in bits.enumerate() {
        if op & (1 << bit) != 0 {
            let (byte, rest) = delta.split_first()?;
            *delta = rest;
            value |= usize::from(*byte) << (8 * place);
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn copies_and_inserts() {
        // Base 11 bytes, result 10: copy 5 from 6, insert 3, copy 2 from 0.
        let delta = [11, 10, 0x91, 6, 5, 3, b'a', b'b', b'c', 0x90, 2];
        assert_eq!(apply(b"hello world", &delta).unwrap(), b"worldabche");
        assert_eq!(result_size(&delta), Some(10));
    }

    #[test]
    fn refused() {
        let cases: [&[u8]; 8] = [
            &[],
            &[10, 5, 0x90, 5],
            &[11, 5, 0x91, 9, 5],
            &[11, 5, 0],
            &[11, 5, 3, b'a'],
            &[11, 5, 0x90, 6],
            &[11, 5, 0x90, 4],
            &[0x80; 12],
        ];
        for delta in cases {
            assert_eq!(apply(b"hello world", delta), None, "{delta:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_nor_exceeds(base in proptest::collection::vec(any::<u8>(), 0..64), tail in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut delta = vec![base.len() as u8, 40];
            delta.extend(tail);
            prop_assert!(apply(&base, &delta).is_none_or(|out| out.len() == 40));
        }
    }
}

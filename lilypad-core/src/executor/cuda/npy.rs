//! Arrays as NumPy's `.npy` files hold them: a header that says type and shape, then the bare elements.

use crate::error::{Error, Fault, Result};
use crate::model::CudaType;

const MAGIC: &[u8] = b"\x93NUMPY";
/// A header begins and ends so that the elements lie on multiples of this.
const ALIGN: usize = 64;
/// Longest header that is read: that of eight axes has about 200 bytes.
const LONGEST: usize = 4_096;
/// Most axes.
pub(super) const AXES: usize = 8;

/// An array in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Array<'a> {
    pub(super) element: CudaType,
    pub(super) shape: Vec<u64>,
    pub(super) bytes: &'a [u8],
}

/// True for a file that begins as `.npy` files do.
pub(super) fn is_npy(file: &[u8]) -> bool {
    file.starts_with(MAGIC)
}

/// Reads an array.
///
/// # Errors
/// `InvalidInput` (`E_NPY`) that says what is wrong with the file.
pub(super) fn read<'a>(name: &str, file: &'a [u8]) -> Result<Array<'a>> {
    let refuse = |why: String| {
        Error::invalid("E_NPY", format!("the input file {name:?} {why}"))
            .with_fault(Fault::User)
            .with("file", name)
    };
    let (header, bytes) = split(file).ok_or_else(|| refuse("is no whole .npy file".to_owned()))?;
    let mut fields = Fields::default();
    fields.read(header).ok_or_else(|| refuse("has a header that is none of NumPy's".to_owned()))?;
    let (Some(kind), Some(order), Some(shape)) = (fields.kind, fields.column_order, fields.shape) else {
        return Err(refuse("has a header without descr, fortran_order or shape".to_owned()));
    };
    let Some(element) = element(kind) else {
        let shown: String = kind.chars().take(20).collect();
        return Err(refuse(format!("has elements of type {shown:?}, which kernels are not given"))
            .with_hint("save it little-endian, as one of NumPy's number types"));
    };
    if order && shape.len() > 1 {
        return Err(
            refuse("is stored column by column".to_owned()).with_hint("save it with numpy.ascontiguousarray")
        );
    }
    let expected = byte_count(element, &shape);
    if expected != Some(bytes.len() as u64) {
        return Err(refuse(format!(
            "has {} bytes of elements; its shape {shape:?} says otherwise",
            bytes.len()
        )));
    }
    Ok(Array { element, shape, bytes })
}

/// The type of NumPy's word; numbers of one byte have no order of bytes.
fn element(word: &str) -> Option<CudaType> {
    let found = CudaType::ALL.iter().copied().find(|kind| kind.numpy() == word);
    found.or(match word {
        "|b1" | "<u1" | "u1" => Some(CudaType::U8),
        "<i1" | "i1" => Some(CudaType::I8),
        _ => None,
    })
}

/// Bytes of so many elements; `None` where that is more than can be counted.
pub(super) fn byte_count(element: CudaType, shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(element.size(), |bytes, axis| bytes.checked_mul(*axis))
}

/// The header's text, and what comes after it.
fn split(file: &[u8]) -> Option<(&str, &[u8])> {
    let rest = file.strip_prefix(MAGIC)?;
    let (&[major, _minor], rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
        }
        _ => return None,
    };
    if length > LONGEST {
        return None;
    }
    let (header, bytes) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, bytes))
}

/// What a header says: a dictionary in Python's words.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    column_order: Option<bool>,
    shape: Option<Vec<u64>>,
}

impl<'a> Fields<'a> {
    fn read(&mut self, header: &'a str) -> Option<()> {
        let mut rest = header.trim().strip_prefix('{')?.strip_suffix('}')?.trim_start();
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            rest = match key {
                "descr" => {
                    let (word, rest) = quoted(value)?;
                    self.kind.replace(word).is_none().then_some(rest)?
                }
                "fortran_order" => {
                    let (order, rest) = match value.strip_prefix("True") {
                        Some(rest) => (true, rest),
                        None => (false, value.strip_prefix("False")?),
                    };
                    self.column_order.replace(order).is_none().then_some(rest)?
                }
                "shape" => {
                    let (shape, rest) = tuple(value)?;
                    self.shape.replace(shape).is_none().then_some(rest)?
                }
                _ => return None,
            };
            rest = rest.trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more.trim_start(),
                None if rest.is_empty() => {}
                None => return None,
            }
        }
        Some(())
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

fn tuple(text: &str) -> Option<(Vec<u64>, &str)> {
    let (inner, rest) = text.strip_prefix('(')?.split_once(')')?;
    let inner = inner.trim();
    let parts: Vec<&str> = inner.strip_suffix(',').unwrap_or(inner).split(',').map(str::trim).collect();
    if inner.is_empty() {
        return Some((Vec::new(), rest));
    }
    if parts.len() > AXES {
        return None;
    }
    let number = |part: &&str| {
        // Old headers say `3L`.
        let digits = part.strip_suffix('L').unwrap_or(part);
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    Some((parts.iter().map(number).collect::<Option<_>>()?, rest))
}

/// The file of an array: a header of version 1.0, then the elements.
pub(super) fn write(element: CudaType, shape: &[u64], bytes: &[u8]) -> Vec<u8> {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    let comma = if axes.len() == 1 { "," } else { "" };
    let fields = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        element.numpy(),
        axes.join(", ")
    );
    let before = MAGIC.len() + 4;
    let length = (before + fields.len() + 1).next_multiple_of(ALIGN) - before;
    let mut file = Vec::with_capacity(before + length + bytes.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&[1, 0]);
    // Eight axes of 20 digits are far below 65,536 bytes.
    file.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    file.extend_from_slice(fields.as_bytes());
    file.resize(before + length - 1, b' ');
    file.push(b'\n');
    file.extend_from_slice(bytes);
    file
}

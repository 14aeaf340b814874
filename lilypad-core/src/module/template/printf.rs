//! `printf`: Go's format strings, its verbs and what it prints where they do not fit.

use super::print::{Flags, Printer};
use super::unicode::decode;
use super::value::{Failure, Value};

/// Widths and precisions above this are not taken.
const MAX_NUMBER: i64 = 1_000_000;

/// Where in the format string we are, and which argument comes next.
struct Format<'f, 'v> {
    text: &'f [u8],
    at: usize,
    args: &'v [Value],
    next: usize,
    /// An argument was chosen by number somewhere.
    reordered: bool,
    /// The numbers of this verb were all good.
    good_number: bool,
    /// The last thing read was `[n]`.
    after_number: bool,
}

/// Formats `args` into `printer`.
pub(super) fn printf(printer: &mut Printer<'_, '_>, format: &[u8], args: &[Value]) -> Result<(), Failure> {
    let mut format = Format {
        text: format,
        at: 0,
        args,
        next: 0,
        reordered: false,
        good_number: true,
        after_number: false,
    };
    while let Some(rest) = format.text.get(format.at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
        printer.write(rest.get(..plain).unwrap_or_default())?;
        format.at += plain;
        if plain == rest.len() {
            break;
        }
        format.at += 1;
        if !format.directive(printer)? {
            break;
        }
    }
    if !format.reordered && format.next < args.len() {
        extra(printer, args.get(format.next..).unwrap_or_default())?;
    }
    Ok(())
}

fn extra(printer: &mut Printer<'_, '_>, args: &[Value]) -> Result<(), Failure> {
    printer.flags = Flags::default();
    printer.write(b"%!(EXTRA ")?;
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.write(b", ")?;
        }
        printer.write(arg.type_name().as_bytes())?;
        if !matches!(arg, Value::Nothing) {
            printer.write(b"=")?;
            printer.print(arg, 'v')?;
        }
    }
    printer.write(b")")
}

impl Format<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// One directive, after its `%`. False where the format string ends in it.
    fn directive(&mut self, printer: &mut Printer<'_, '_>) -> Result<bool, Failure> {
        printer.flags = Flags::default();
        self.good_number = true;
        self.after_number = false;
        self.read_flags(&mut printer.flags);
        self.argument_number();
        self.width(printer)?;
        self.precision(printer)?;
        if !self.after_number {
            self.argument_number();
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            printer.write(b"%!(NOVERB)")?;
            return Ok(false);
        }
        let (verb, size) = decode(rest);
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.at += size;
        if verb == '%' {
            printer.write(b"%")?;
        } else if !self.good_number {
            printer.write(format!("%!{verb}(BADINDEX)").as_bytes())?;
        } else if let Some(arg) = self.args.get(self.next) {
            printer.print_top(arg, verb)?;
            self.next += 1;
        } else {
            printer.write(format!("%!{verb}(MISSING)").as_bytes())?;
        }
        Ok(true)
    }

    fn read_flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    /// `[n]`: the next argument is the n-th.
    fn argument_number(&mut self) {
        self.after_number = false;
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.first() != Some(&b'[') {
            return;
        }
        self.reordered = true;
        let close = if rest.len() < 3 { None } else { rest.iter().position(|byte| *byte == b']') };
        let Some(close) = close else {
            self.at += 1;
            self.good_number = false;
            return;
        };
        self.at += close + 1;
        let inner = rest.get(1..close).unwrap_or_default();
        let (number, used) = read_number(inner);
        let Some(number) = number.filter(|_| used == inner.len()) else {
            self.good_number = false;
            return;
        };
        self.after_number = true;
        match usize::try_from(number - 1).ok().filter(|index| *index < self.args.len()) {
            Some(index) => self.next = index,
            None => self.good_number = false,
        }
    }

    /// Takes an argument for `*`; `None` where it is no integer or too large.
    fn star(&mut self) -> Option<i64> {
        let value = match self.args.get(self.next)? {
            Value::Int(value) => Some(*value),
            Value::Byte(value) => Some(i64::from(*value)),
            _ => None,
        };
        self.next += 1;
        value.filter(|value| (-MAX_NUMBER..=MAX_NUMBER).contains(value))
    }

    fn width(&mut self, printer: &mut Printer<'_, '_>) -> Result<(), Failure> {
        if self.peek() == Some(b'*') {
            self.at += 1;
            let width = self.star();
            if width.is_none() {
                printer.write(b"%!(BADWIDTH)")?;
            }
            if width.is_some_and(|width| width < 0) {
                printer.flags.minus = true;
                printer.flags.zero = false;
            }
            printer.flags.width = width.and_then(|width| usize::try_from(width.unsigned_abs()).ok());
            self.after_number = false;
            return Ok(());
        }
        printer.flags.width = self.number();
        if self.after_number && printer.flags.width.is_some() {
            self.good_number = false;
        }
        Ok(())
    }

    fn precision(&mut self, printer: &mut Printer<'_, '_>) -> Result<(), Failure> {
        if self.peek() != Some(b'.') || self.at + 1 >= self.text.len() {
            return Ok(());
        }
        self.at += 1;
        if self.after_number {
            self.good_number = false;
        }
        self.argument_number();
        if self.peek() == Some(b'*') {
            self.at += 1;
            let precision = self.star().and_then(|precision| usize::try_from(precision).ok());
            if precision.is_none() {
                printer.write(b"%!(BADPREC)")?;
            }
            printer.flags.precision = precision;
            self.after_number = false;
        } else {
            printer.flags.precision = Some(self.number().unwrap_or(0));
        }
        Ok(())
    }

    /// A decimal number here. One that is too large eats the rest of the format string.
    fn number(&mut self) -> Option<usize> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (number, used) = read_number(rest);
        self.at += used;
        number.and_then(|number| usize::try_from(number).ok())
    }
}

/// A decimal number at the start, and how many bytes it takes; everything where it is too large.
fn read_number(text: &[u8]) -> (Option<i64>, usize) {
    let mut number: Option<i64> = None;
    for (index, byte) in text.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return (number, index);
        }
        let before = number.unwrap_or(0);
        if before > MAX_NUMBER {
            return (None, text.len());
        }
        number = Some(before * 10 + i64::from(byte - b'0'));
    }
    (number, text.len())
}

//! Prints one value with one verb, the way Go's `fmt` does.

use super::MAX_OUTPUT;
use super::float;
use super::quote;
use super::unicode::{Chars, count, is_printable};
use super::value::{Failure, Inputs, Value};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    /// `%#v`
    go_syntax: bool,
}

/// Collects printed bytes, up to the limit of one output.
pub(super) struct Printer<'p, 'i> {
    out: Vec<u8>,
    pub(super) flags: Flags,
    inputs: &'p Inputs<'i>,
}

type Printed = Result<(), Failure>;

impl<'p, 'i> Printer<'p, 'i> {
    pub(super) fn new(inputs: &'p Inputs<'i>) -> Self {
        Self { out: Vec::new(), flags: Flags::default(), inputs }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    fn room_for(&self, bytes: usize) -> Printed {
        if self.out.len().saturating_add(bytes) > MAX_OUTPUT {
            return Err(Failure::Limit { what: "the size of the output in bytes", limit: MAX_OUTPUT });
        }
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Printed {
        self.room_for(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Prints a value that stands in a format string, where `%v` turns `#` and `+` into something else.
    pub(super) fn print_top(&mut self, value: &Value, verb: char) -> Printed {
        if matches!(verb, 'v' | 'w') {
            self.flags.go_syntax = self.flags.sharp;
            self.flags.sharp = false;
            self.flags.plus = false;
        }
        self.print(value, verb)
    }

    pub(super) fn print(&mut self, value: &Value, verb: char) -> Printed {
        match (value, verb) {
            (Value::Nothing, 'v' | 'T') => self.pad(b"<nil>"),
            (Value::Nothing, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes()),
            (Value::Bool(value), 'v' | 't') => self.pad(value.to_string().as_bytes()),
            (Value::Int(number), _) => self.integer(value, number.unsigned_abs(), *number < 0, verb),
            (Value::Byte(byte), 'v') if self.flags.go_syntax => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(u64::from(*byte), false, 16, verb)?;
                self.flags.sharp = sharp;
                Ok(())
            }
            (Value::Byte(byte), _) => self.integer(value, u64::from(*byte), false, verb),
            (Value::Float(number), _) => self.float(value, *number, verb),
            (Value::Complex(real, imaginary), _) => self.complex(value, *real, *imaginary, verb),
            (Value::Text(bytes), _) => self.text(value, bytes, verb),
            (Value::Inputs, 'p' | 'w') => self.bad_verb(value, verb),
            (Value::Inputs, _) => self.map(verb),
            (Value::Bool(_), _) => self.bad_verb(value, verb),
        }
    }

    /// `%!d(string=5)`
    fn bad_verb(&mut self, value: &Value, verb: char) -> Printed {
        self.write(format!("%!{verb}({}", value.type_name()).as_bytes())?;
        if !matches!(value, Value::Nothing) {
            self.write(b"=")?;
            self.print(value, 'v')?;
        }
        self.write(b")")
    }

    fn map(&mut self, verb: char) -> Printed {
        let go_syntax = self.flags.go_syntax;
        self.write(if go_syntax { b"map[string]string{" } else { b"map[" })?;
        for (index, key) in self.inputs.keys().enumerate() {
            if index > 0 {
                self.write(if go_syntax { b", " } else { b" " })?;
            }
            self.print(&Value::text(key.as_bytes()), verb)?;
            self.write(b":")?;
            let value = self.inputs.get(key)?;
            self.print(&value, verb)?;
        }
        self.write(if go_syntax { b"}" } else { b"]" })
    }

    // ---- padding

    fn fill(&mut self, count: usize) -> Printed {
        self.room_for(count)?;
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.extend(std::iter::repeat_n(byte, count));
        Ok(())
    }

    fn pad(&mut self, bytes: &[u8]) -> Printed {
        let width = self.flags.width.unwrap_or(0);
        let missing = if width == 0 { 0 } else { width.saturating_sub(count(bytes)) };
        if !self.flags.minus {
            self.fill(missing)?;
        }
        self.write(bytes)?;
        if self.flags.minus { self.fill(missing) } else { Ok(()) }
    }

    fn pad_with_spaces(&mut self, bytes: &[u8]) -> Printed {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(bytes)?;
        self.flags.zero = zero;
        Ok(())
    }

    // ---- strings

    fn truncated<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(precision) = self.flags.precision else {
            return bytes;
        };
        let end: usize = Chars(bytes).take(precision).map(|(_, own)| own.len()).sum();
        bytes.get(..end).unwrap_or(bytes)
    }

    fn string(&mut self, bytes: &[u8]) -> Printed {
        self.pad(self.truncated(bytes))
    }

    fn text(&mut self, value: &Value, bytes: &[u8], verb: char) -> Printed {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(bytes),
            'v' | 's' => self.string(bytes),
            'q' => self.quoted(bytes),
            'x' | 'X' => self.hex(bytes, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    fn quoted(&mut self, bytes: &[u8]) -> Printed {
        let bytes = self.truncated(bytes);
        self.room_for(bytes.len())?;
        if self.flags.sharp && quote::can_backquote(bytes) {
            return self.pad(&[b"`", bytes, b"`"].concat());
        }
        self.pad(&quote::go(bytes, '"', self.flags.plus))
    }

    fn hex(&mut self, bytes: &[u8], verb: char) -> Printed {
        let bytes = match self.flags.precision {
            Some(precision) => bytes.get(..precision).unwrap_or(bytes),
            None => bytes,
        };
        if bytes.is_empty() {
            return self.fill(self.flags.width.unwrap_or(0));
        }
        self.room_for(bytes.len())?;
        let mut text = String::with_capacity(bytes.len() * 2);
        let prefix = if verb == 'X' { "0X" } else { "0x" };
        for (index, byte) in bytes.iter().enumerate() {
            if self.flags.space && index > 0 {
                text.push(' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                text.push_str(prefix);
            }
            for nibble in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(u32::from(nibble), 16).unwrap_or_default();
                text.push(if verb == 'X' { digit.to_ascii_uppercase() } else { digit });
            }
        }
        self.pad(text.as_bytes())
    }

    // ---- integers

    fn integer(&mut self, value: &Value, magnitude: u64, negative: bool, verb: char) -> Printed {
        match verb {
            'v' | 'd' => self.digits(magnitude, negative, 10, verb),
            'b' => self.digits(magnitude, negative, 2, verb),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb),
            'x' | 'X' => self.digits(magnitude, negative, 16, verb),
            'c' => self.pad(as_char(magnitude, negative).encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let c = as_char(magnitude, negative);
                let quoted = quote::go(c.encode_utf8(&mut [0; 4]).as_bytes(), '\'', self.flags.plus);
                self.pad(&quoted)
            }
            'U' => self.code_point(if negative { magnitude.wrapping_neg() } else { magnitude }),
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, magnitude: u64, negative: bool, base: u32, verb: char) -> Printed {
        let flags = self.flags;
        let width = flags.width.unwrap_or(0);
        if flags.precision == Some(0) && magnitude == 0 {
            let zero = std::mem::replace(&mut self.flags.zero, false);
            self.fill(width)?;
            self.flags.zero = zero;
            return Ok(());
        }
        let least = match flags.precision {
            Some(precision) => precision,
            None if flags.zero && !flags.minus && flags.width.is_some() => {
                width.saturating_sub(usize::from(negative || flags.plus || flags.space))
            }
            None => 0,
        };
        self.room_for(least)?;
        let mut text = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        if text.len() < least {
            text.insert_str(0, &"0".repeat(least - text.len()));
        }
        let prefix = match (flags.sharp, base) {
            (true, 2) => "0b",
            (true, 8) if !text.starts_with('0') => "0",
            (true, 16) if verb == 'X' => "0X",
            (true, 16) => "0x",
            _ => "",
        };
        let octal = if verb == 'O' { "0o" } else { "" };
        let sign = match (negative, flags.plus, flags.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        self.pad_with_spaces(format!("{sign}{octal}{prefix}{text}").as_bytes())
    }

    fn code_point(&mut self, code: u64) -> Printed {
        let least = self.flags.precision.unwrap_or(0).max(4);
        self.room_for(least)?;
        let digits = format!("{code:X}");
        let zeros = "0".repeat(least.saturating_sub(digits.len()));
        let shown = u32::try_from(code)
            .ok()
            .and_then(char::from_u32)
            .filter(|c| self.flags.sharp && is_printable(*c));
        let shown = shown.map(|c| format!(" '{c}'")).unwrap_or_default();
        self.pad_with_spaces(format!("U+{zeros}{digits}{shown}").as_bytes())
    }

    // ---- floating point

    fn float(&mut self, value: &Value, number: f64, verb: char) -> Printed {
        let (letter, usual) = match verb {
            'v' => (b'g', None),
            'b' => (b'b', None),
            'g' => (b'g', None),
            'G' => (b'G', None),
            'x' => (b'x', None),
            'X' => (b'X', None),
            'f' | 'F' => (b'f', Some(6)),
            'e' => (b'e', Some(6)),
            'E' => (b'E', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        self.number(number, letter, self.flags.precision.or(usual))
    }

    fn number(&mut self, number: f64, letter: u8, precision: Option<usize>) -> Printed {
        let flags = self.flags;
        self.room_for(precision.unwrap_or(0))?;
        let text = float::format(number, letter, precision);
        let (negative, magnitude) = match text.strip_prefix('-') {
            Some(magnitude) => (true, magnitude),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let mut magnitude = magnitude.to_owned();
        let sign = match (negative, flags.plus, flags.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        if !number.is_finite() {
            let sign = if sign.is_empty() && number.is_infinite() && flags.plus { "+" } else { sign };
            return self.pad_with_spaces(format!("{sign}{magnitude}").as_bytes());
        }
        if flags.sharp && letter != b'b' {
            magnitude = with_point(&magnitude, letter, precision);
        }
        let width = flags.width.unwrap_or(0);
        let length = sign.len() + magnitude.len();
        if !sign.is_empty() && flags.zero && !flags.minus && width > length {
            self.write(sign.as_bytes())?;
            self.fill(width - length)?;
            return self.write(magnitude.as_bytes());
        }
        self.pad(format!("{sign}{magnitude}").as_bytes())
    }

    fn complex(&mut self, value: &Value, real: f64, imaginary: f64, verb: char) -> Printed {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.write(b"(")?;
        self.float(value, real, verb)?;
        self.flags.plus = true;
        self.float(value, imaginary, verb)?;
        self.flags.plus = plus;
        self.write(b"i)")
    }
}

fn as_char(magnitude: u64, negative: bool) -> char {
    let code = if negative { None } else { u32::try_from(magnitude).ok() };
    code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// What `#` does to a number: the decimal point and the zeros after it stay.
fn with_point(text: &str, letter: u8, precision: Option<usize>) -> String {
    let hex = matches!(letter, b'x' | b'X');
    let exponent_at = if hex { text.find(['p', 'P']) } else { text.find(['e', 'E']) };
    let (body, tail) = text.split_at_checked(exponent_at.unwrap_or(text.len())).unwrap_or((text, ""));
    let wanted = if matches!(letter, b'g' | b'G' | b'x') { precision.unwrap_or(6) } else { 0 };
    let significant = body.bytes().filter(|byte| *byte != b'.').skip_while(|byte| *byte == b'0').count();
    let lone_zero = usize::from(body == "0");
    let zeros = wanted.saturating_sub(significant + lone_zero);
    let point = if body.contains('.') { "" } else { "." };
    format!("{body}{point}{}{tail}", "0".repeat(zeros))
}

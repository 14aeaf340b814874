//! A small compressor: zlib (RFC 1950) around one block of DEFLATE with the fixed codes (RFC 1951).

/// How far back a repeat may lie.
const WINDOW: usize = 32_768;
const HASH_BITS: u32 = 15;
const NONE: usize = usize::MAX;

/// The bytes, compressed.
pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut bits = Bits { out: vec![0x78, 0x9c], held: 0, count: 0 };
    // The last block, with the fixed codes.
    bits.put(0b011, 3);
    let mut last_seen = vec![NONE; 1 << HASH_BITS];
    let mut at = 0;
    while at < data.len() {
        let next = match longest(data, at, &last_seen) {
            Some((length, distance)) => {
                repeat(&mut bits, length, distance);
                at + length
            }
            None => {
                symbol(&mut bits, u32::from(data[at]));
                at + 1
            }
        };
        for place in at..next {
            if let Some(hash) = hash(data, place) {
                last_seen[hash] = place;
            }
        }
        at = next;
    }
    symbol(&mut bits, 256);
    let mut out = bits.finish();
    out.extend(adler32(data).to_be_bytes());
    out
}

/// The better of two repeats: of what was seen last with the same three bytes, and of the byte before.
///
/// Length and distance; nothing where neither has the three bytes that a repeat needs.
fn longest(data: &[u8], at: usize, last_seen: &[usize]) -> Option<(usize, usize)> {
    let seen = hash(data, at).map_or(NONE, |hash| last_seen[hash]);
    let mut best = None;
    for from in [seen, at.wrapping_sub(1)] {
        if from < at && at - from <= WINDOW {
            let length = same(data, from, at);
            if length >= 3 && best.is_none_or(|(longest, _)| length > longest) {
                best = Some((length, at - from));
            }
        }
    }
    best
}

/// How many bytes are the same at both places, at most 258.
fn same(data: &[u8], from: usize, at: usize) -> usize {
    data[from..].iter().zip(&data[at..]).take(258).take_while(|(a, b)| a == b).count()
}

fn hash(data: &[u8], at: usize) -> Option<usize> {
    let three = data.get(at..at + 3)?;
    let key = u32::from_le_bytes([three[0], three[1], three[2], 0]);
    Some((key.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize)
}

fn repeat(bits: &mut Bits, length: usize, distance: usize) {
    // Lengths come in fours of codes, each four with one extra bit more than the four before; 258 has its own.
    let past = length as u32 - 3;
    if length == 258 {
        symbol(bits, 285);
    } else if past < 8 {
        symbol(bits, 257 + past);
    } else {
        let extra = past.ilog2() - 2;
        symbol(bits, 261 + 4 * extra + ((past >> extra) & 3));
        bits.put(past & ((1 << extra) - 1), extra);
    }

    // Distances come in pairs of codes; each pair has one extra bit more than the pair before.
    let back = distance as u32 - 1;
    if back < 4 {
        bits.put_code(back, 5);
    } else {
        let extra = back.ilog2() - 1;
        bits.put_code(2 * extra + 2 + ((back >> extra) & 1), 5);
        bits.put(back & ((1 << extra) - 1), extra);
    }
}

/// One symbol in the fixed code.
fn symbol(bits: &mut Bits, symbol: u32) {
    match symbol {
        0..=143 => bits.put_code(0x30 + symbol, 8),
        144..=255 => bits.put_code(0x190 + symbol - 144, 9),
        256..=279 => bits.put_code(symbol - 256, 7),
        _ => bits.put_code(0xc0 + symbol - 280, 8),
    }
}

struct Bits {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    /// Numbers go lowest bit first.
    fn put(&mut self, value: u32, count: u32) {
        self.held |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Codes go highest bit first.
    fn put_code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    fn finish(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.out
    }
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}

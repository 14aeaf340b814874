//! Reads a pack from the network into objects, within limits, as it arrives; nothing touches the disk.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

use bytes::Bytes;
use flate2::bufread::ZlibDecoder;
use sha1_checked::{Digest, Sha1};

use crate::error::{Error, Result};

use super::budget::too_large;
use super::delta;
use super::object::{Id, Kind, Objects};
use super::site::Site;

/// What a pack may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackLimits {
    pub(super) bytes: u64,
    pub(super) objects: u32,
}

/// Reads a whole pack and checks its sum.
pub(super) fn read_pack(reader: impl Read, limits: PackLimits, site: &Site) -> Result<Objects> {
    let source = Source {
        reader: BufReader::with_capacity(64 << 10, reader),
        sum: Sha1::builder().detect_collision(false).build(),
        at: 0,
    };
    let mut unpacker = Unpacker {
        source,
        site,
        left: limits.bytes,
        limits,
        objects: Objects::default(),
        places: HashMap::new(),
    };
    let count = unpacker.header()?;
    for _ in 0..count {
        unpacker.object()?;
    }
    unpacker.finish()
}

struct Unpacker<'a, R> {
    source: Source<R>,
    site: &'a Site,
    limits: PackLimits,
    /// Unpacked bytes that may still come.
    left: u64,
    objects: Objects,
    /// Where in the pack each object starts.
    places: HashMap<u64, Id>,
}

impl<R: Read> Unpacker<'_, R> {
    fn header(&mut self) -> Result<u32> {
        let mut head = [0; 12];
        self.exact(&mut head)?;
        let [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, count @ ..] = head else {
            return Err(self.site.protocol("this is not a pack"));
        };
        let count = u32::from_be_bytes(count);
        if count > self.limits.objects {
            let what = format!("{count} objects, more than {}", self.limits.objects);
            return Err(too_large(&self.site.url, what)
                .with("limit", self.limits.objects)
                .with("got", count));
        }
        Ok(count)
    }

    fn object(&mut self) -> Result<()> {
        self.site.budget.check().map_err(|stop| self.site.stopped(stop))?;
        let start = self.source.at;
        let (code, size) = self.object_head()?;
        let (kind, data) = match code {
            6 => {
                let base = self.offset()?;
                let base = start.checked_sub(base).and_then(|place| self.places.get(&place)).copied();
                self.delta(base, size)?
            }
            7 => {
                let mut base = Id::default();
                self.exact(&mut base)?;
                self.delta(Some(base), size)?
            }
            code => {
                let kind =
                    Kind::from_code(code).ok_or_else(|| self.site.protocol("an object has no known kind"))?;
                self.spend(size)?;
                (kind, self.inflate(size)?)
            }
        };
        let Some(id) = self.objects.add(kind, Bytes::from(data)) else {
            return Err(self.site.hash("an object that was made to have another's SHA-1"));
        };
        self.places.insert(start, id);
        Ok(())
    }

    /// Kind and size: three bits of kind, then the size in 4 + 7 + 7 + … bits.
    fn object_head(&mut self) -> Result<(u8, u64)> {
        let first = self.byte()?;
        let mut size = u64::from(first & 0x0f);
        let mut byte = first;
        let mut shift = 4;
        while byte & 0x80 != 0 {
            if shift > 46 {
                return Err(self.site.protocol("the size of an object is too long"));
            }
            byte = self.byte()?;
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        Ok(((first >> 4) & 7, size))
    }

    /// How far back the base of a delta lies.
    fn offset(&mut self) -> Result<u64> {
        let mut byte = self.byte()?;
        let mut value = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            if value >= 1 << 48 {
                return Err(self.site.protocol("the offset of a delta is too long"));
            }
            byte = self.byte()?;
            value = ((value + 1) << 7) | u64::from(byte & 0x7f);
        }
        Ok(value)
    }

    fn delta(&mut self, base: Option<Id>, size: u64) -> Result<(Kind, Vec<u8>)> {
        if size > self.limits.bytes {
            return Err(self.too_many_bytes());
        }
        let delta = self.inflate(size)?;
        let broken = || self.site.protocol("a delta does not fit");
        // Whole objects come before what is made of them: nothing outside of this pack is known here.
        let (kind, base) = base.and_then(|id| self.objects.get(&id)).ok_or_else(broken)?;
        let base = base.clone();
        let made = delta::result_size(&delta).ok_or_else(broken)?;
        self.spend(made)?;
        let data = delta::apply(&base, &delta).ok_or_else(|| self.site.protocol("a delta does not fit"))?;
        Ok((kind, data))
    }

    fn spend(&mut self, bytes: u64) -> Result<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.too_many_bytes()),
        }
    }

    fn inflate(&mut self, size: u64) -> Result<Vec<u8>> {
        let capacity = usize::try_from(size.min(1 << 20)).unwrap_or_default();
        let mut data = Vec::with_capacity(capacity);
        let read = ZlibDecoder::new(&mut self.source).take(size.saturating_add(1)).read_to_end(&mut data);
        read.map_err(|error| self.failed(error))?;
        if data.len() as u64 != size {
            return Err(self.site.protocol("an object does not have the size that is promised"));
        }
        Ok(data)
    }

    fn finish(mut self) -> Result<Objects> {
        let sum = self.source.sum.clone().finalize();
        let mut promised = [0; 20];
        self.exact(&mut promised)?;
        if sum[..] != promised {
            return Err(self.site.hash("a pack whose sum is wrong"));
        }
        // The side band ends with a flush; reading up to it leaves the connection ready for use.
        let rest = self.source.reader.fill_buf().map(<[u8]>::is_empty);
        match rest {
            Ok(true) => Ok(self.objects),
            Ok(false) => Err(self.site.protocol("bytes follow the pack")),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.exact(&mut byte)?;
        Ok(byte[0])
    }

    fn exact(&mut self, into: &mut [u8]) -> Result<()> {
        self.source.read_exact(into).map_err(|error| self.failed(error))
    }

    fn too_many_bytes(&self) -> Error {
        too_large(&self.site.url, format!("more than {} bytes once unpacked", self.limits.bytes))
            .with("limit", self.limits.bytes)
    }

    /// The reader below wraps our own errors to get them through.
    fn failed(&self, error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::UnexpectedEof && self.site.budget.stopped().is_none() {
            return self.site.protocol("the pack ends too early");
        }
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => self.site.io(error),
        }
    }
}

/// Counts and sums what is taken from the reader.
struct Source<R> {
    reader: BufReader<R>,
    sum: Sha1,
    at: u64,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let amount = available.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..amount), available.get(..amount)) {
            into.copy_from_slice(from);
        }
        self.consume(amount);
        Ok(amount)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let taken = self.reader.buffer().get(..amount).unwrap_or_default();
        self.sum.update(taken);
        self.at = self.at.saturating_add(amount as u64);
        self.reader.consume(amount);
    }
}

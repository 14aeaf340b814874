//! What the provider's process and the worker say to each other: frames of a length, a kind and that many bytes.
//!
//! Both begin with [`HELLO`], which names the version: a worker of another build is refused. The provider sends an
//! [`Order`], the program and what the buffers hold; the worker answers with [`Said`] and the saved buffers. Every length is
//! checked before anything is kept.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// What both sides send first. The number is that of the format.
pub(super) const HELLO: &[u8] = b"lilypad-cuda 1";
/// Longest frame.
pub(super) const LONGEST: usize = 4 << 20;
/// Bytes of a program or buffer in one frame.
pub(super) const PIECE: usize = 1 << 20;
/// Most buffers, and most arguments of a launch.
pub(super) const BUFFERS: usize = 64;
/// Most launches.
pub(super) const LAUNCHES: usize = 1_024;
/// Longest text of a failure.
const TEXT: usize = 4_096;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hello = 1,
    /// An [`Order`] or a [`Said`], as JSON.
    Message = 2,
    /// A piece of the program.
    Program = 3,
    /// A buffer's number and a piece of its bytes.
    Data = 4,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

/// Reads a frame; `None` where the other side has closed between two.
///
/// # Errors
/// `InvalidData` where it is too long or of no known kind, `UnexpectedEof` where it breaks off.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut head = [0; 5];
    if from.read(&mut head[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..])?;
    let [a, b, c, d, kind] = head;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    let kind = [Kind::Hello, Kind::Message, Kind::Program, Kind::Data]
        .into_iter()
        .find(|known| *known as u8 == kind);
    let kind = kind.ok_or_else(|| bad("a frame of no known kind"))?;
    if length > LONGEST {
        return Err(bad("a frame that is too long"));
    }
    let mut bytes = Vec::new();
    // As much is kept as came, not as much as was announced.
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Frame { kind, bytes }))
}

pub(super) fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Writes a frame of these parts, one after the other.
pub(super) fn write(to: &mut impl Write, kind: Kind, parts: &[&[u8]]) -> io::Result<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    if length > LONGEST {
        return Err(bad("a frame that is too long"));
    }
    to.write_all(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes())?;
    to.write_all(&[kind as u8])?;
    parts.iter().try_for_each(|part| to.write_all(part))
}

/// Writes an order or an answer.
pub(super) fn message(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    write(to, Kind::Message, &[&serde_json::to_vec(message)?])
}

/// Writes a buffer in pieces.
pub(super) fn data(to: &mut impl Write, buffer: u32, bytes: &[u8]) -> io::Result<()> {
    bytes.chunks(PIECE).try_for_each(|piece| write(to, Kind::Data, &[&buffer.to_le_bytes(), piece]))
}

/// The buffer's number and the piece in a frame of data.
pub(super) fn piece(bytes: &[u8]) -> io::Result<(u32, &[u8])> {
    let (number, piece) = bytes.split_first_chunk().ok_or_else(|| bad("a piece of no buffer"))?;
    Ok((u32::from_le_bytes(*number), piece))
}

/// What the worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Order {
    /// Say which devices there are.
    Devices,
    /// Run kernels.
    Run(Run),
}

/// Kernels to run. The program follows, then what the buffers hold that are given, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) device: u32,
    /// The program is CUDA C, and not PTX.
    pub(super) source: bool,
    pub(super) program_bytes: u64,
    /// Most bytes in all buffers together.
    pub(super) memory_bytes: u64,
    pub(super) buffers: Vec<Buffer>,
    pub(super) launches: Vec<Launch>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Buffer {
    pub(super) bytes: u64,
    /// Its bytes follow; else it holds zeros.
    pub(super) given: bool,
    /// Its bytes are sent back.
    pub(super) saved: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Launch {
    pub(super) kernel: String,
    pub(super) grid: [u32; 3],
    pub(super) block: [u32; 3],
    pub(super) shared: u32,
    pub(super) args: Vec<Arg>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Arg {
    /// The address of a buffer.
    Buffer(u32),
    /// A number of at most eight bytes.
    Bytes(Vec<u8>),
}

impl Run {
    /// True where everything is within the bounds that the provider's side keeps too.
    pub(super) fn is_sound(&self) -> bool {
        let total = self.buffers.iter().try_fold(0_u64, |sum, buffer| sum.checked_add(buffer.bytes));
        let known = |arg: &Arg| match arg {
            Arg::Buffer(number) => usize::try_from(*number).is_ok_and(|number| number < self.buffers.len()),
            Arg::Bytes(bytes) => (1..=8).contains(&bytes.len()),
        };
        let fits = |launch: &Launch| {
            launch.args.len() <= BUFFERS
                && launch.args.iter().all(known)
                && launch.kernel.len() <= 256
                && !launch.kernel.contains('\0')
                && launch.grid.iter().chain(&launch.block).all(|size| *size > 0)
        };
        self.buffers.len() <= BUFFERS
            && self.launches.len() <= LAUNCHES
            && total.is_some_and(|total| total <= self.memory_bytes)
            && self.buffers.iter().all(|buffer| buffer.bytes > 0)
            && self.launches.iter().all(fits)
    }
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Said {
    /// The devices of this machine.
    Devices(Vec<Device>),
    /// A step begins.
    Begins(Step),
    /// A launch has ended after so many nanoseconds on the GPU.
    Ran(u64),
    /// The buffers that are saved were sent.
    Done,
    /// A step has failed; nothing comes after it.
    Failed(Failure),
}

/// What the worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// The order is read.
    Order,
    /// The driver is asked for its devices.
    Driver,
    /// CUDA C becomes PTX.
    Compile,
    /// PTX becomes the GPU's own code.
    Load,
    /// Buffers are made and filled.
    Fill,
    /// A kernel runs: the launch of this number.
    Launch(u32),
    /// Buffers are read.
    Save,
}

/// A GPU of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    pub(super) ordinal: u32,
    pub(super) name: String,
    pub(super) memory_bytes: u64,
    /// Major and minor number of what it can do (`9.0`).
    pub(super) capability: [u32; 2],
    /// The newest CUDA version that its driver knows, as the driver writes it (12040).
    pub(super) cuda: u32,
}

/// Why a step has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    pub(super) step: Step,
    /// The driver's number.
    pub(super) code: u32,
    /// What is known beside it.
    pub(super) text: String,
}

impl Said {
    /// Reads an answer.
    ///
    /// # Errors
    /// `InvalidData` where it is none, or longer than the worker's side keeps.
    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        let said: Self = serde_json::from_slice(bytes)?;
        match &said {
            Self::Failed(failure) if failure.text.len() > TEXT => Err(bad("a failure that is too long")),
            Self::Devices(devices)
                if devices.len() > BUFFERS || devices.iter().any(|device| device.name.len() > 256) =>
            {
                Err(bad("too many devices"))
            }
            _ => Ok(said),
        }
    }
}

/// At most as much of a text as a failure may hold.
pub(super) fn shortened(mut text: String) -> String {
    let mut end = TEXT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

//! The worker: a process that runs the kernels of one job and ends.

use std::io::{self, BufReader, BufWriter, Read, Write};

use super::driver::{Driver, Gpu, Outcome, Refused};
use super::wire::{self, Arg, Device, Failure, Kind, Order, Run, Said, Step};

/// Why the worker cannot go on: the other side is gone, or a step has failed.
enum Stop {
    Io(io::Error),
    Failed(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

trait At<T> {
    /// What is refused, at this step.
    fn at(self, step: Step) -> Result<T, Stop>;
}

impl<T> At<T> for Outcome<T> {
    fn at(self, step: Step) -> Result<T, Stop> {
        self.map_err(|Refused { code, text }| {
            Stop::Failed(Failure { step, code, text: wire::shortened(text) })
        })
    }
}

/// Does one order.
///
/// # Errors
/// Where the other side is gone or says what it must not; a step that fails is told to it.
pub(super) fn serve(input: impl Read, output: impl Write, driver: &mut dyn Driver) -> io::Result<()> {
    let mut worker = Worker { input: BufReader::new(input), output: BufWriter::new(output) };
    wire::write(&mut worker.output, Kind::Hello, &[wire::HELLO])?;
    worker.output.flush()?;
    let done = worker.work(driver);
    let answer = match done {
        Ok(()) => Ok(()),
        Err(Stop::Io(error)) => Err(error),
        Err(Stop::Failed(failure)) => wire::message(&mut worker.output, &Said::Failed(failure)),
    };
    worker.output.flush()?;
    answer
}

struct Worker<R: Read, W: Write> {
    input: BufReader<R>,
    output: BufWriter<W>,
}

impl<R: Read, W: Write> Worker<R, W> {
    fn work(&mut self, driver: &mut dyn Driver) -> Result<(), Stop> {
        if self.frame(Kind::Hello)? != wire::HELLO {
            return Err(wire::bad("a provider of another version").into());
        }
        let order: Order = serde_json::from_slice(&self.frame(Kind::Message)?).map_err(io::Error::from)?;
        match order {
            Order::Devices => {
                self.say(&Said::Begins(Step::Driver))?;
                let devices = driver.devices().at(Step::Driver)?;
                self.say(&Said::Devices(devices))
            }
            Order::Run(run) => self.run(&run, driver),
        }
    }

    fn run(&mut self, run: &Run, driver: &mut dyn Driver) -> Result<(), Stop> {
        if !run.is_sound() {
            return Err(wire::bad("an order out of bounds").into());
        }
        let mut program = self.program(run.program_bytes)?;
        self.say(&Said::Begins(Step::Driver))?;
        let devices = driver.devices().at(Step::Driver)?;
        let device = self.device(&devices, run.device)?;
        if run.source {
            self.say(&Said::Begins(Step::Compile))?;
            program = driver.compile(&program, device).at(Step::Compile)?;
        }
        let mut gpu = driver.open(run.device).at(Step::Driver)?;
        self.say(&Said::Begins(Step::Load))?;
        gpu.load(&program).at(Step::Load)?;
        for launch in &run.launches {
            gpu.find(&launch.kernel).at(Step::Load)?;
        }
        let addresses = self.fill(run, gpu.as_mut())?;
        for (at, launch) in run.launches.iter().enumerate() {
            let step = Step::Launch(u32::try_from(at).unwrap_or(u32::MAX));
            self.say(&Said::Begins(step))?;
            let args: Vec<[u8; 8]> = launch.args.iter().map(|arg| argument(arg, &addresses)).collect();
            let spent = gpu.launch(launch, &args).at(step)?;
            self.say(&Said::Ran(spent))?;
        }
        self.save(run, gpu.as_mut(), &addresses)?;
        self.say(&Said::Done)
    }

    fn device<'d>(&self, devices: &'d [Device], ordinal: u32) -> Result<&'d Device, Stop> {
        let found = devices.iter().find(|device| device.ordinal == ordinal);
        let gone = || Refused { code: super::driver::NO_DEVICE, text: format!("device {ordinal} is gone") };
        found.ok_or_else(gone).at(Step::Driver)
    }

    fn program(&mut self, bytes: u64) -> Result<Vec<u8>, Stop> {
        let mut program = Vec::new();
        while (program.len() as u64) < bytes {
            let piece = self.frame(Kind::Program)?;
            if piece.is_empty() || (program.len() + piece.len()) as u64 > bytes {
                return Err(wire::bad("more of a program than was announced").into());
            }
            program.extend(piece);
        }
        Ok(program)
    }

    /// Makes the buffers and fills those that are given, piece by piece: none is held here.
    fn fill(&mut self, run: &Run, gpu: &mut dyn Gpu) -> Result<Vec<u64>, Stop> {
        self.say(&Said::Begins(Step::Fill))?;
        let mut addresses = Vec::new();
        for buffer in &run.buffers {
            addresses.push(gpu.allocate(buffer.bytes).at(Step::Fill)?);
        }
        for (number, (buffer, address)) in run.buffers.iter().zip(&addresses).enumerate() {
            let mut written = 0;
            while buffer.given && written < buffer.bytes {
                let frame = self.frame(Kind::Data)?;
                let (of, piece) = wire::piece(&frame)?;
                let room = buffer.bytes - written;
                if of as usize != number || piece.is_empty() || piece.len() as u64 > room {
                    return Err(wire::bad("a piece of another buffer").into());
                }
                gpu.write(address + written, piece).at(Step::Fill)?;
                written += piece.len() as u64;
            }
        }
        Ok(addresses)
    }

    fn save(&mut self, run: &Run, gpu: &mut dyn Gpu, addresses: &[u64]) -> Result<(), Stop> {
        self.say(&Said::Begins(Step::Save))?;
        let mut piece = vec![0; wire::PIECE];
        for (number, (buffer, address)) in (0..).zip(run.buffers.iter().zip(addresses)) {
            let mut read = 0;
            while buffer.saved && read < buffer.bytes {
                let length =
                    usize::try_from(buffer.bytes - read).map_or(wire::PIECE, |left| left.min(wire::PIECE));
                let part = piece.get_mut(..length).unwrap_or_default();
                gpu.read(address + read, part).at(Step::Save)?;
                wire::data(&mut self.output, number, part)?;
                read += length as u64;
            }
        }
        Ok(())
    }

    fn frame(&mut self, kind: Kind) -> Result<Vec<u8>, Stop> {
        match wire::read(&mut self.input)? {
            Some(frame) if frame.kind == kind => Ok(frame.bytes),
            Some(_) => Err(wire::bad("a frame of another kind than expected").into()),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }

    /// What is said is heard at once: the provider's watch goes by it.
    fn say(&mut self, said: &Said) -> Result<(), Stop> {
        wire::message(&mut self.output, said)?;
        Ok(self.output.flush()?)
    }
}

/// A number or an address in eight bytes; the order's bounds were checked.
fn argument(arg: &Arg, addresses: &[u64]) -> [u8; 8] {
    let mut bytes = [0; 8];
    match arg {
        Arg::Buffer(number) => {
            let address = addresses.get(*number as usize).copied().unwrap_or_default();
            bytes = address.to_le_bytes();
        }
        Arg::Bytes(given) => bytes.iter_mut().zip(given).for_each(|(to, from)| *to = *from),
    }
    bytes
}

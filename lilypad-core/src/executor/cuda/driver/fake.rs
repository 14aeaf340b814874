//! A driver for tests: memory is memory, and kernels are functions of this program.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::super::wire::{Device, Launch};
use super::{Driver, Gpu, NO_DEVICE, Outcome, Refused};

/// What a fake driver does.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Fake {
    /// The step that is refused, with this code: `devices`, `open`, `compile`, `load`, `find`, `allocate`, `write`, `read`,
    /// `launch`.
    pub(in super::super) refuse: Option<(&'static str, u32)>,
    /// What was done, in order.
    pub(in super::super) done: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(in super::super) fn refusing(step: &'static str, code: u32) -> Self {
        Self { refuse: Some((step, code)), ..Self::default() }
    }

    fn step(&self, name: &'static str, what: String) -> Outcome<()> {
        self.done.lock().unwrap().push(format!("{name} {what}"));
        match self.refuse {
            Some((step, code)) if step == name => Err(Refused { code, text: format!("no {name}") }),
            _ => Ok(()),
        }
    }
}

pub(in super::super) fn device() -> Device {
    Device { ordinal: 0, name: "Fake 1".into(), memory_bytes: 1 << 30, capability: [8, 0], cuda: 12_040 }
}

impl Driver for Fake {
    fn devices(&mut self) -> Outcome<Vec<Device>> {
        self.step("devices", String::new())?;
        Ok(vec![device()])
    }

    fn open(&mut self, ordinal: u32) -> Outcome<Box<dyn Gpu>> {
        self.step("open", ordinal.to_string())?;
        if ordinal > 0 {
            return Err(Refused { code: NO_DEVICE, text: "one device".to_owned() });
        }
        Ok(Box::new(Card { fake: self.clone(), memory: BTreeMap::new(), next: 0x1000 }))
    }

    fn compile(&mut self, source: &[u8], _device: &Device) -> Outcome<Vec<u8>> {
        self.step("compile", String::from_utf8_lossy(source).into_owned())?;
        Ok([b".version 7.8 of ", source].concat())
    }
}

struct Card {
    fake: Fake,
    memory: BTreeMap<u64, Vec<u8>>,
    next: u64,
}

impl Card {
    /// Where an address lies: in which buffer, and how far in it.
    fn find(&mut self, address: u64, length: usize) -> Outcome<&mut [u8]> {
        let found = self.memory.range_mut(..=address).next_back();
        let part = found.and_then(|(start, bytes)| {
            let from = usize::try_from(address - start).unwrap();
            bytes.get_mut(from..from + length)
        });
        part.ok_or(Refused { code: 700, text: "illegal address".to_owned() })
    }
}

impl Gpu for Card {
    fn load(&mut self, program: &[u8]) -> Outcome<()> {
        self.fake.step("load", String::from_utf8_lossy(program).into_owned())
    }

    fn allocate(&mut self, bytes: u64) -> Outcome<u64> {
        self.fake.step("allocate", bytes.to_string())?;
        let address = self.next;
        self.next += bytes.next_multiple_of(256) + 256;
        self.memory.insert(address, vec![0; usize::try_from(bytes).unwrap()]);
        Ok(address)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Outcome<()> {
        self.fake.step("write", bytes.len().to_string())?;
        self.find(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Outcome<()> {
        self.fake.step("read", bytes.len().to_string())?;
        bytes.copy_from_slice(self.find(address, bytes.len())?);
        Ok(())
    }

    fn find(&mut self, kernel: &str) -> Outcome<()> {
        self.fake.step("find", kernel.to_owned())
    }

    /// `add(from, to, count, number)` adds a number to bytes; it takes 5,000 ns.
    fn launch(&mut self, launch: &Launch, args: &[[u8; 8]]) -> Outcome<u64> {
        self.fake.step("launch", format!("{} {:?} {:?}", launch.kernel, launch.grid, launch.block))?;
        let [from, to, count, number] = [0, 1, 2, 3].map(|at| u64::from_le_bytes(args[at]));
        let count = usize::try_from(count).unwrap();
        let summands = Self::find(self, from, count)?.to_vec();
        let sums = Self::find(self, to, count)?;
        for (sum, summand) in sums.iter_mut().zip(summands) {
            *sum = summand.wrapping_add(u8::try_from(number).unwrap());
        }
        Ok(5_000)
    }
}

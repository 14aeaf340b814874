//! From a job to an order for the worker: sizes are known, files are read, numbers are bytes.

use bytes::Bytes;

use crate::error::{Error, Fault, Result};
use crate::executor::{Limits, RunRequest};
use crate::model::{
    CudaArg, CudaBuffer, CudaCount, CudaLaunch, CudaRun, CudaSize, CudaSource, CudaType, OutputSpec,
};

use super::{npy, wire};

/// Most elements of values that are written out.
const VALUES: usize = 1 << 20;
/// Most blocks along x, and along y and z, and most threads of a block along x and y, along z, and together: what every
/// GPU has since 2012.
const GRID: [u32; 3] = [i32::MAX as u32, 65_535, 65_535];
const BLOCK: [u32; 3] = [1_024, 1_024, 64];
const THREADS: u32 = 1_024;

/// A job whose sizes are known.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) order: wire::Run,
    pub(super) program: Bytes,
    pub(super) buffers: Vec<Planned>,
}

/// A buffer whose shape is known.
#[derive(Debug)]
pub(super) struct Planned {
    name: String,
    pub(super) element: CudaType,
    pub(super) shape: Vec<u64>,
    /// What it holds at first, where that is not zeros.
    pub(super) given: Option<Bytes>,
    /// Its path in the results, where it is saved.
    pub(super) saved: Option<String>,
}

/// What is wrong with a job's own file, its inputs, or both together.
fn refuse(message: String) -> Error {
    Error::invalid("E_CUDA_JOB", message).with_fault(Fault::Module)
}

impl Plan {
    /// # Errors
    /// `InvalidInput`: `E_MODULE_PROGRAM`, `E_CUDA_PTX`, `E_CUDA_JOB` for what cannot run, `E_NPY` and `E_INPUT_FILE` for
    /// input files, `E_CUDA_MEMORY` where the buffers are larger than the job's memory.
    pub(super) fn new(run: &CudaRun, request: &RunRequest) -> Result<Self> {
        let (program, source) = program(run, request)?;
        if run.buffers.len() > wire::BUFFERS || run.launches.len() > wire::LAUNCHES || run.launches.is_empty()
        {
            return Err(refuse(format!(
                "a job has at most {} buffers and from 1 to {} launches",
                wire::BUFFERS,
                wire::LAUNCHES
            )));
        }
        let buffers = buffers(run, request)?;
        let limits = request.limits;
        let order = wire::Run {
            // The executor puts in which one is free.
            device: 0,
            source,
            program_bytes: program.len() as u64,
            memory_bytes: limits.memory_bytes,
            buffers: buffers.iter().map(Planned::order).collect::<Result<_>>()?,
            launches: run
                .launches
                .iter()
                .map(|launch| launch_order(launch, &buffers))
                .collect::<Result<_>>()?,
        };
        check_memory(&order, &limits)?;
        Ok(Self { order, program, buffers })
    }
}

/// The program's bytes, and whether they are CUDA C.
fn program(run: &CudaRun, request: &RunRequest) -> Result<(Bytes, bool)> {
    let program = request.bundle.get(&run.module).ok_or_else(|| {
        Error::invalid("E_MODULE_PROGRAM", format!("the module has no file {:?}", run.module))
            .with_fault(Fault::Module)
    })?;
    let source = run.module.ends_with(".cu");
    let limit = request.limits.module_bytes;
    if program.len() as u64 > limit {
        return Err(refuse(format!("the program has {} bytes; at most {limit} are allowed", program.len())));
    }
    let text = std::str::from_utf8(program).ok().filter(|text| !text.contains('\0'));
    // Anything else would be the GPU's own code, which no driver checks.
    if !text.is_some_and(|text| source || text.contains(".version")) {
        let message =
            format!("{:?} is no text in the words of {}", run.module, if source { "CUDA C" } else { "PTX" });
        return Err(Error::invalid("E_CUDA_PTX", message).with_fault(Fault::Module));
    }
    Ok((program.clone(), source))
}

/// Buffers may have the length of one another: those whose length is known come first, until none is left.
fn buffers(run: &CudaRun, request: &RunRequest) -> Result<Vec<Planned>> {
    let mut planned: Vec<Planned> = Vec::new();
    let mut left: Vec<&CudaBuffer> = run.buffers.iter().collect();
    while !left.is_empty() {
        let before = left.len();
        let mut waiting = Vec::new();
        for buffer in left {
            match buffer.shape.iter().flatten().all(|size| is_known(size, &planned)) {
                true => planned.push(Planned::new(buffer, request, &planned)?),
                false => waiting.push(buffer),
            }
        }
        if waiting.len() == before {
            let names: Vec<&str> = waiting.iter().map(|buffer| buffer.name.as_str()).collect();
            return Err(refuse(format!("the shapes of {} wait for each other", names.join(" and "))));
        }
        left = waiting;
    }
    Ok(planned)
}

fn is_known(size: &CudaSize, planned: &[Planned]) -> bool {
    match &size.of {
        CudaCount::Number(_) => true,
        CudaCount::Axis { buffer, .. } => planned.iter().any(|planned| planned.name == *buffer),
    }
}

fn resolve(size: &CudaSize, planned: &[Planned]) -> Result<u64> {
    let count = match &size.of {
        CudaCount::Number(number) => *number,
        CudaCount::Axis { buffer, axis } => {
            let found = planned.iter().find(|planned| planned.name == *buffer);
            let found = found.ok_or_else(|| refuse(format!("there is no buffer {buffer:?}")))?;
            let axis = usize::try_from(*axis).unwrap_or(usize::MAX);
            *found.shape.get(axis).ok_or_else(|| {
                refuse(format!("the buffer {buffer:?} has {} axes, and no axis {axis}", found.shape.len()))
            })?
        }
    };
    Ok(count.div_ceil(size.per.max(1)))
}

impl Planned {
    fn new(buffer: &CudaBuffer, request: &RunRequest, planned: &[Self]) -> Result<Self> {
        let shape: Option<Vec<u64>> = match &buffer.shape {
            None => None,
            Some(sizes) => Some(sizes.iter().map(|size| resolve(size, planned)).collect::<Result<_>>()?),
        };
        let (held, given) = match &buffer.source {
            CudaSource::Zeros => (None, None),
            CudaSource::File(name) => {
                let (shape, bytes) = file(name, buffer, request)?;
                (Some(shape), Some(bytes))
            }
            CudaSource::Values(text) => {
                let bytes = values(text, buffer)?;
                (Some(vec![bytes.len() as u64 / buffer.element.size()]), Some(bytes))
            }
        };
        let shape = fitting(buffer, shape, held)?;
        if shape.len() > npy::AXES || npy::byte_count(buffer.element, &shape).is_none_or(|bytes| bytes == 0) {
            return Err(refuse(format!("the buffer {:?} cannot have the shape {shape:?}", buffer.name)));
        }
        let saved = match &buffer.save {
            None => None,
            Some(path) => Some(saved(path, request)?),
        };
        Ok(Self { name: buffer.name.clone(), element: buffer.element, shape, given, saved })
    }

    pub(super) fn bytes(&self) -> u64 {
        npy::byte_count(self.element, &self.shape).unwrap_or(u64::MAX)
    }

    fn order(&self) -> Result<wire::Buffer> {
        Ok(wire::Buffer { bytes: self.bytes(), given: self.given.is_some(), saved: self.saved.is_some() })
    }
}

/// The shape that the manifest says, or that of what the buffer holds; both must be of as many elements.
fn fitting(buffer: &CudaBuffer, said: Option<Vec<u64>>, held: Option<Vec<u64>>) -> Result<Vec<u64>> {
    let elements = |shape: &[u64]| shape.iter().try_fold(1_u64, |count, axis| count.checked_mul(*axis));
    match (said, held) {
        (Some(said), Some(held)) if elements(&said).is_none() || elements(&said) != elements(&held) => {
            Err(refuse(format!(
                "the buffer {:?} has the shape {said:?}, and what it is to hold {held:?}",
                buffer.name
            )))
        }
        (Some(shape), _) | (None, Some(shape)) => Ok(shape),
        (None, None) => Err(refuse(format!("the buffer {:?} has no shape", buffer.name))),
    }
}

fn file(name: &str, buffer: &CudaBuffer, request: &RunRequest) -> Result<(Vec<u64>, Bytes)> {
    let bad = |why: String| {
        Error::invalid("E_INPUT_FILE", format!("the input file {name:?} {why}")).with("file", name.to_owned())
    };
    let file = request.inputs.get(name).ok_or_else(|| bad("was not given".to_owned()))?;
    if !npy::is_npy(file) {
        let size = buffer.element.size();
        let whole = (file.len() as u64).is_multiple_of(size);
        let elements = file.len() as u64 / size;
        let error =
            || bad(format!("has {} bytes, which are no whole number of {}", file.len(), buffer.element));
        return if whole { Ok((vec![elements], file.clone())) } else { Err(error()) };
    }
    let array = npy::read(name, file)?;
    if array.element != buffer.element {
        return Err(bad(format!("holds {}, the module takes {}", array.element, buffer.element)));
    }
    Ok((array.shape, file.slice_ref(array.bytes)))
}

fn values(text: &str, buffer: &CudaBuffer) -> Result<Bytes> {
    let mut bytes = Vec::new();
    for (at, number) in text.split(',').enumerate() {
        let number = number.trim();
        let read = buffer.element.bytes(number).filter(|_| at < VALUES).ok_or_else(|| {
            let shown: String = number.chars().take(40).collect();
            let message = format!("number {} of the buffer {:?} is {shown:?}", at + 1, buffer.name);
            Error::invalid("E_INPUT_TYPE", message).with_hint(format!(
                "give at most {VALUES} numbers of type {}, with commas between them",
                buffer.element
            ))
        })?;
        bytes.extend(read);
    }
    Ok(bytes.into())
}

/// The path in the results of what is saved at a path in the job.
fn saved(path: &str, request: &RunRequest) -> Result<String> {
    let holds = |(name, folder): (&String, &String)| {
        OutputSpec { name: name.clone(), path: folder.clone(), media_type: None }.holds(path)
    };
    let found = request.outputs.iter().find_map(holds);
    found.ok_or_else(|| refuse(format!("{path:?} lies in none of the declared outputs")))
}

fn launch_order(launch: &CudaLaunch, buffers: &[Planned]) -> Result<wire::Launch> {
    let sizes = |sizes: &[CudaSize; 3], most: [u32; 3], what: &str| -> Result<[u32; 3]> {
        let mut found = [1; 3];
        for ((size, most), found) in sizes.iter().zip(most).zip(&mut found) {
            let count = resolve(size, buffers)?;
            *found =
                u32::try_from(count).ok().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
                    refuse(format!(
                        "the kernel {:?} has {count} {what} along an axis, not 1 to {most}",
                        launch.kernel
                    ))
                })?;
        }
        Ok(found)
    };
    let block = sizes(&launch.block, BLOCK, "threads of a block")?;
    let threads: u32 = block.iter().product();
    if threads > THREADS {
        let message =
            format!("the kernel {:?} has {threads} threads of a block, at most {THREADS}", launch.kernel);
        return Err(refuse(message));
    }
    Ok(wire::Launch {
        kernel: launch.kernel.clone(),
        grid: sizes(&launch.grid, GRID, "blocks")?,
        block,
        shared: u32::try_from(launch.shared_bytes)
            .map_err(|_| refuse(format!("the kernel {:?} asks for too much shared memory", launch.kernel)))?,
        args: launch.args.iter().map(|arg| arg_order(arg, launch, buffers)).collect::<Result<_>>()?,
    })
}

fn arg_order(arg: &CudaArg, launch: &CudaLaunch, buffers: &[Planned]) -> Result<wire::Arg> {
    let number = |kind: &CudaType, text: &str| {
        kind.bytes(text).map(wire::Arg::Bytes).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let message =
                format!("an argument of the kernel {:?} is {shown:?}, which is no {kind}", launch.kernel);
            Error::invalid("E_INPUT_TYPE", message)
        })
    };
    match arg {
        CudaArg::Value(kind, text) => number(kind, text),
        CudaArg::Size(kind, size) => number(kind, &resolve(size, buffers)?.to_string()),
        CudaArg::Buffer(name) => {
            let found = buffers.iter().position(|buffer| buffer.name == *name);
            let number = found.and_then(|at| u32::try_from(at).ok());
            number.map(wire::Arg::Buffer).ok_or_else(|| refuse(format!("there is no buffer {name:?}")))
        }
    }
}

fn check_memory(order: &wire::Run, limits: &Limits) -> Result<()> {
    let total = order.buffers.iter().fold(0_u64, |sum, buffer| sum.saturating_add(buffer.bytes));
    if total > limits.memory_bytes {
        let message = format!("the buffers have {total} bytes; the job may use {}", limits.memory_bytes);
        return Err(Error::invalid("E_CUDA_MEMORY", message)
            .with_hint("give smaller inputs, or let the module ask for more memory (limits.memory)"));
    }
    Ok(())
}

//! Everything but the driver: arrays, plans, frames, and the worker over pipes of memory. The worker's process, and the driver's
//! library with a fake in its place, are tested with the `lilypad` command.

mod npy;
mod plan;
mod wire;
mod worker;

use std::collections::BTreeMap;

use crate::executor::{Limits, RunRequest};
use crate::model::{
    CudaArg, CudaBuffer, CudaCount, CudaLaunch, CudaRun, CudaSize, CudaSource, CudaType, FileSet,
    NetworkPolicy, RunSpec,
};

/// A job that adds 3 to each byte of a file.
fn add() -> CudaRun {
    let length = |per| CudaSize { of: CudaCount::Axis { buffer: "from".to_owned(), axis: 0 }, per };
    let one = || CudaSize::number(1);
    CudaRun {
        module: "add.ptx".to_owned(),
        buffers: vec![
            CudaBuffer {
                name: "to".to_owned(),
                element: CudaType::U8,
                shape: Some(vec![length(1)]),
                source: CudaSource::Zeros,
                save: Some("/outputs/sum.bin".to_owned()),
            },
            CudaBuffer {
                name: "from".to_owned(),
                element: CudaType::U8,
                shape: None,
                source: CudaSource::File("in.bin".to_owned()),
                save: None,
            },
        ],
        launches: vec![CudaLaunch {
            kernel: "add".to_owned(),
            grid: [length(4), one(), one()],
            block: [CudaSize::number(4), one(), one()],
            shared_bytes: 0,
            args: vec![
                CudaArg::Buffer("from".to_owned()),
                CudaArg::Buffer("to".to_owned()),
                CudaArg::Size(CudaType::U32, length(1)),
                CudaArg::Value(CudaType::U8, "3".to_owned()),
            ],
        }],
    }
}

fn request(run: &CudaRun, input: &[u8]) -> RunRequest {
    RunRequest {
        job_id: "job".to_owned(),
        run: RunSpec::Cuda(run.clone()),
        bundle: FileSet::from_files([("add.ptx", ".version 7.8"), ("add.cu", "void add();")]).unwrap(),
        inputs: FileSet::from_files([("in.bin", input.to_vec())]).unwrap(),
        outputs: BTreeMap::from([("results".to_owned(), "/outputs".to_owned())]),
        network: NetworkPolicy::None,
        gpus: Vec::new(),
        seed: [0; 32],
        limits: Limits::default(),
    }
}

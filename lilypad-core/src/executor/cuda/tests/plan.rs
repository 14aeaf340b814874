//! From a job to an order: sizes, files, numbers, limits.

use crate::error::Fault;
use crate::executor::RunRequest;
use crate::executor::cuda::npy;
use crate::executor::cuda::plan::Plan;
use crate::executor::cuda::wire::Arg;
use crate::model::{CudaArg, CudaCount, CudaRun, CudaSize, CudaSource, CudaType, FileSet};

use super::{add, request};

fn plan(change: impl FnOnce(&mut CudaRun, &mut RunRequest)) -> crate::Result<Plan> {
    let mut run = add();
    let mut request = request(&run, &[1, 2, 3, 4, 5]);
    change(&mut run, &mut request);
    Plan::new(&run, &request)
}

#[test]
fn sizes_come_from_the_files() {
    let plan = plan(|_, _| {}).unwrap();
    // The buffer whose length is known comes first, whatever the manifest's order.
    assert_eq!(plan.buffers[0].given.as_deref(), Some(&[1, 2, 3, 4, 5][..]));
    assert_eq!(
        (&plan.buffers[1].shape, plan.buffers[1].saved.as_deref()),
        (&vec![5], Some("results/sum.bin"))
    );
    let launch = &plan.order.launches[0];
    assert_eq!((launch.grid, launch.block), ([2, 1, 1], [4, 1, 1]));
    assert_eq!(
        launch.args,
        [Arg::Buffer(0), Arg::Buffer(1), Arg::Bytes(vec![5, 0, 0, 0]), Arg::Bytes(vec![3])]
    );
    assert_eq!((plan.order.source, plan.order.program_bytes), (false, 12));
    assert!(plan.order.is_sound());
}

#[test]
fn an_array_has_its_own_shape_unless_the_module_says_another_of_as_many() {
    let array = || npy::write(CudaType::U8, &[2, 3], &[7; 6]);
    let with = |shape: Option<Vec<u64>>| {
        plan(|run, request| {
            run.buffers[1].shape = shape.map(|shape| shape.into_iter().map(CudaSize::number).collect());
            request.inputs = FileSet::from_files([("in.bin", array())]).unwrap();
        })
    };
    assert_eq!(with(None).unwrap().buffers[0].shape, [2, 3]);
    assert_eq!(with(Some(vec![6])).unwrap().buffers[0].shape, [6]);
    assert_eq!(with(Some(vec![5])).unwrap_err().code(), "E_CUDA_JOB");
}

#[test]
fn written_numbers_fill_a_buffer() {
    let with = |text: &str| {
        plan(|run, _| {
            run.buffers[1].element = CudaType::I16;
            run.buffers[1].source = CudaSource::Values(text.to_owned());
        })
    };
    let made = with("1, -2,3").unwrap();
    assert_eq!(made.buffers[0].given.as_deref(), Some(&[1, 0, 0xfe, 0xff, 3, 0][..]));
    assert_eq!(made.buffers[1].shape, [3]);
    for bad in ["", "1,", "1 2", "1.5", "40000", "+1", "0x1"] {
        assert_eq!(with(bad).unwrap_err().code(), "E_INPUT_TYPE", "{bad:?}");
    }
}

#[test]
fn what_cannot_run_is_refused_before_a_worker_starts() {
    type Change = fn(&mut CudaRun, &mut RunRequest);
    let axis =
        |buffer: &str, axis| CudaSize { of: CudaCount::Axis { buffer: buffer.to_owned(), axis }, per: 1 };
    let cases: [(&str, Change); 17] = [
        ("E_MODULE_PROGRAM", |run, _| run.module = "other.ptx".into()),
        ("E_CUDA_PTX", |_, request| request.bundle = FileSet::from_files([("add.ptx", "\x7fELF")]).unwrap()),
        ("E_CUDA_PTX", |_, request| {
            request.bundle = FileSet::from_files([("add.ptx", ".version\0")]).unwrap();
        }),
        ("E_CUDA_JOB", |_, request| request.limits.module_bytes = 11),
        ("E_CUDA_JOB", |run, _| run.launches.clear()),
        ("E_CUDA_JOB", |run, _| run.launches = vec![run.launches[0].clone(); 1_025]),
        ("E_CUDA_JOB", |run, _| run.buffers = vec![run.buffers[1].clone(); 65]),
        ("E_INPUT_FILE", |_, request| request.inputs = FileSet::new()),
        ("E_INPUT_FILE", |run, _| run.buffers[1].element = CudaType::F32),
        ("E_INPUT_FILE", |_, request| {
            let array = npy::write(CudaType::F64, &[1], &[0; 8]);
            request.inputs = FileSet::from_files([("in.bin", array)]).unwrap();
        }),
        ("E_CUDA_JOB", |_, request| request.inputs = FileSet::from_files([("in.bin", "")]).unwrap()),
        ("E_CUDA_JOB", |run, _| run.buffers[0].save = Some("/elsewhere/sum".into())),
        ("E_CUDA_JOB", |run, _| run.launches[0].grid[1] = CudaSize::number(65_536)),
        ("E_CUDA_JOB", |run, _| run.launches[0].grid[0] = CudaSize::number(0)),
        ("E_CUDA_JOB", |run, _| run.launches[0].block = [33, 32, 1].map(CudaSize::number)),
        ("E_INPUT_TYPE", |run, _| run.launches[0].args[3] = CudaArg::Value(CudaType::U8, "256".into())),
        ("E_CUDA_MEMORY", |_, request| request.limits.memory_bytes = 9),
    ];
    for (number, (code, change)) in cases.into_iter().enumerate() {
        assert_eq!(plan(change).unwrap_err().code(), code, "case {number}");
    }
    let waiting = plan(|run, _| run.buffers[0].shape = Some(vec![axis("to", 0)])).unwrap_err();
    assert!(waiting.message().contains("wait for each other"), "{waiting}");
    assert_eq!(waiting.fault(), Fault::Module);
    let no_axis = plan(|run, _| run.buffers[0].shape = Some(vec![axis("from", 1)])).unwrap_err();
    assert!(no_axis.message().contains("no axis 1"), "{no_axis}");
    let huge = plan(|run, _| run.buffers[0].shape = Some(vec![CudaSize::number(u64::MAX); 2])).unwrap_err();
    assert_eq!(huge.code(), "E_CUDA_JOB");
}

#[test]
fn the_memory_may_be_used_to_the_last_byte() {
    assert!(plan(|_, request| request.limits.memory_bytes = 10).is_ok());
}

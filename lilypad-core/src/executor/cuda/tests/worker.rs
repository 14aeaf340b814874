//! The worker over pipes of memory, on a fake driver: what it does, in which order, and what it says where a step fails.

use crate::executor::StopReason;
use crate::executor::cuda::driver::fake::{Fake, device};
use crate::executor::cuda::failure::{self, End};
use crate::executor::cuda::plan::Plan;
use crate::executor::cuda::wire::{self, Kind, Order, Said, Step, data, message, piece, read, write};
use crate::executor::cuda::worker::serve;

use super::{add, request};

/// What a provider sends for the job of these tests.
fn told(change: impl FnOnce(&mut wire::Run)) -> Vec<u8> {
    let run = add();
    let plan = Plan::new(&run, &request(&run, &[1, 2, 250])).unwrap();
    let mut order = plan.order;
    change(&mut order);
    let mut bytes = Vec::new();
    write(&mut bytes, Kind::Hello, &[wire::HELLO]).unwrap();
    message(&mut bytes, &Order::Run(order)).unwrap();
    write(&mut bytes, Kind::Program, &[&plan.program]).unwrap();
    data(&mut bytes, 0, &[1, 2, 250]).unwrap();
    bytes
}

/// What the worker answers, and whether it was content with what it was told.
fn ask(told: &[u8], driver: &mut Fake) -> (Vec<Said>, Vec<u8>, bool) {
    let mut output = Vec::new();
    let content = serve(told, &mut output, driver).is_ok();
    let (mut said, mut saved) = (Vec::new(), Vec::new());
    let mut from = output.as_slice();
    assert_eq!(read(&mut from).unwrap().unwrap().bytes, wire::HELLO);
    while let Some(frame) = read(&mut from).unwrap() {
        match frame.kind {
            Kind::Message => said.push(Said::read(&frame.bytes).unwrap()),
            _ => saved.extend_from_slice(piece(&frame.bytes).unwrap().1),
        }
    }
    (said, saved, content)
}

#[test]
fn kernels_run_on_what_was_sent_and_what_is_saved_comes_back() {
    let mut driver = Fake::default();
    let (said, saved, content) = ask(&told(|_| {}), &mut driver);
    let begins = [Step::Driver, Step::Load, Step::Fill, Step::Launch(0)].map(Said::Begins);
    let expected = [&begins[..], &[Said::Ran(5_000), Said::Begins(Step::Save), Said::Done]].concat();
    assert_eq!((said, saved, content), (expected, vec![4, 5, 253], true));
    let done = driver.done.lock().unwrap().join("\n");
    assert_eq!(
        done,
        "devices \nopen 0\nload .version 7.8\nfind add\nallocate 3\nallocate 3\nwrite 3\nlaunch add [1, 1, 1] [4, 1, 1]\nread 3"
    );
}

#[test]
fn cuda_c_is_compiled_first() {
    let mut driver = Fake::default();
    let (said, ..) = ask(&told(|order| order.source = true), &mut driver);
    assert_eq!(said[1], Said::Begins(Step::Compile));
    assert!(driver.done.lock().unwrap().contains(&"load .version 7.8 of .version 7.8".to_owned()));
}

#[test]
fn the_devices_are_told() {
    let mut bytes = Vec::new();
    write(&mut bytes, Kind::Hello, &[wire::HELLO]).unwrap();
    message(&mut bytes, &Order::Devices).unwrap();
    let (said, ..) = ask(&bytes, &mut Fake::default());
    assert_eq!(said, [Said::Begins(Step::Driver), Said::Devices(vec![device()])]);
    let (said, ..) = ask(&bytes, &mut Fake::refusing("devices", 100));
    let Some(Said::Failed(failed)) = said.last() else { panic!("{said:?}") };
    let End::Error(error) = failure::of(failed, None) else { panic!("{failed:?}") };
    assert_eq!(error.code(), "E_CUDA_NO_DEVICE");
    assert!(error.message().starts_with("no device"), "{error}");
}

/// What is refused, how the driver says it, and what that makes of the job.
#[test]
fn a_step_that_fails_is_the_last_and_says_whose_fault_it_is() {
    let cases = [
        ("devices", 100, Step::Driver, "E_CUDA_NO_DEVICE"),
        ("devices", 803, Step::Driver, "E_CUDA_NO_DEVICE"),
        ("open", 2, Step::Driver, "E_CUDA"),
        ("load", 218, Step::Load, "E_CUDA_PTX"),
        ("load", 222, Step::Load, "E_CUDA_PTX"),
        ("load", 2, Step::Load, "E_CUDA"),
        ("find", 500, Step::Load, "E_CUDA_PTX"),
        ("allocate", 2, Step::Fill, "E_CUDA"),
        ("write", 999, Step::Fill, "E_CUDA"),
        ("launch", 700, Step::Launch(0), "trapped"),
        ("launch", 701, Step::Launch(0), "trapped"),
        ("launch", 214, Step::Launch(0), "E_CUDA"),
        ("read", 4, Step::Save, "E_CUDA"),
    ];
    for (what, code, step, expected) in cases {
        let (said, _, content) = ask(&told(|_| {}), &mut Fake::refusing(what, code));
        assert!(content, "{what}: it was told properly");
        let Some(Said::Failed(failed)) = said.last() else { panic!("{what}: {said:?}") };
        assert_eq!((failed.step, failed.code), (step, code), "{what}");
        let got = match failure::of(failed, Some("add")) {
            End::Error(error) => error.code(),
            End::Stopped(StopReason::Trapped(text)) => {
                assert!(text.contains("in the kernel \"add\" (CUDA error"), "{text}");
                "trapped"
            }
            End::Stopped(other) => panic!("{other:?}"),
        };
        assert_eq!(got, expected, "{what} {code}");
    }
    let (said, ..) = ask(&told(|order| order.source = true), &mut Fake::refusing("compile", 10_002));
    let Some(Said::Failed(failed)) = said.last() else { panic!("{said:?}") };
    assert!(matches!(failure::of(failed, None), End::Error(error) if error.code() == "E_CUDA_COMPILE"));
}

#[test]
fn a_provider_that_breaks_off_anywhere_ends_the_worker() {
    let whole = told(|_| {});
    for length in 0..whole.len() {
        let (said, _, content) = ask(&whole[..length], &mut Fake::default());
        assert!(!content && !said.contains(&Said::Done), "{length}");
    }
}

#[test]
fn orders_that_break_the_rules_are_not_followed() {
    let hello = || {
        let mut bytes = Vec::new();
        write(&mut bytes, Kind::Hello, &[wire::HELLO]).unwrap();
        bytes
    };
    let mut other_version = Vec::new();
    write(&mut other_version, Kind::Hello, &[b"lilypad-cuda 2"]).unwrap();
    let mut no_order = hello();
    write(&mut no_order, Kind::Message, &[b"{\"run\": 1}"]).unwrap();
    let mut wrong_kind = hello();
    write(&mut wrong_kind, Kind::Data, &[b"{}"]).unwrap();
    let cases = [
        other_version,
        no_order,
        wrong_kind,
        told(|order| order.memory_bytes = 1),
        // More of the program than was announced, and a piece that is longer than its buffer.
        told(|order| order.program_bytes = 3),
        told(|order| order.buffers[0].bytes = 2),
    ];
    for (number, told) in cases.iter().enumerate() {
        let mut driver = Fake::default();
        let (said, _, content) = ask(told, &mut driver);
        assert!(!content && !said.contains(&Said::Done), "case {number}");
        assert!(!driver.done.lock().unwrap().iter().any(|step| step.starts_with("launch")), "case {number}");
    }
}

//! Frames: what is written is read, and no bytes of a hostile side are more than an error.

use std::io::ErrorKind;

use proptest::prelude::*;

use crate::executor::cuda::wire::{
    Arg, Buffer, Device, Failure, Frame, Kind, LONGEST, Launch, Order, Run, Said, Step, data, message, piece,
    read, shortened, write,
};

fn order() -> Run {
    Run {
        device: 0,
        source: false,
        program_bytes: 4,
        memory_bytes: 100,
        buffers: vec![
            Buffer { bytes: 60, given: true, saved: false },
            Buffer { bytes: 40, given: false, saved: true },
        ],
        launches: vec![Launch {
            kernel: "k".into(),
            grid: [1; 3],
            block: [1; 3],
            shared: 0,
            args: vec![Arg::Buffer(1), Arg::Bytes(vec![1])],
        }],
    }
}

#[test]
fn frames_and_messages_are_read_as_they_were_written() {
    let mut bytes = Vec::new();
    write(&mut bytes, Kind::Hello, &[b"one", b"two"]).unwrap();
    message(&mut bytes, &Order::Run(order())).unwrap();
    data(&mut bytes, 7, &[9; (1 << 20) + 1]).unwrap();
    let from = &mut bytes.as_slice();
    assert_eq!(read(from).unwrap(), Some(Frame { kind: Kind::Hello, bytes: b"onetwo".to_vec() }));
    let said = read(from).unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Order>(&said.bytes).unwrap(), Order::Run(order()));
    let (one, two) = (read(from).unwrap().unwrap().bytes, read(from).unwrap().unwrap().bytes);
    assert_eq!((piece(&one).unwrap().0, piece(&one).unwrap().1.len()), (7, 1 << 20));
    assert_eq!(piece(&two).unwrap(), (7, &[9][..]));
    assert_eq!(read(from).unwrap(), None);
    assert!(piece(&[1, 2, 3]).is_err());
}

#[test]
fn what_is_too_long_or_of_no_kind_or_breaks_off_is_refused() {
    let kind = |bytes: &[u8]| read(&mut &*bytes).unwrap_err().kind();
    let long = u32::try_from(LONGEST + 1).unwrap().to_le_bytes();
    assert_eq!(kind(&[&long[..], &[2]].concat()), ErrorKind::InvalidData);
    assert_eq!(kind(&[0, 0, 0, 0, 0]), ErrorKind::InvalidData);
    assert_eq!(kind(&[0, 0, 0, 0, 5]), ErrorKind::InvalidData);
    assert_eq!(kind(&[3, 0, 0]), ErrorKind::UnexpectedEof);
    assert_eq!(kind(&[3, 0, 0, 0, 1, b'a', b'b']), ErrorKind::UnexpectedEof);
    // A length of 4 MiB with nothing behind it takes no memory, and is told from a whole frame.
    let most = u32::try_from(LONGEST).unwrap().to_le_bytes();
    assert_eq!(kind(&[&most[..], &[4]].concat()), ErrorKind::UnexpectedEof);
    assert!(write(&mut Vec::new(), Kind::Data, &[&vec![0; LONGEST + 1]]).is_err());
}

#[test]
fn orders_out_of_bounds_are_refused() {
    assert!(order().is_sound());
    type Case = (&'static str, fn(&mut Run));
    let wrong: [Case; 9] = [
        ("memory", |run| run.memory_bytes = 99),
        ("sum", |run| run.buffers[0].bytes = u64::MAX),
        ("empty", |run| run.buffers[0].bytes = 0),
        ("buffers", |run| {
            run.memory_bytes = u64::MAX;
            run.buffers = vec![run.buffers[0].clone(); 65];
        }),
        ("launches", |run| run.launches = vec![run.launches[0].clone(); 1_025]),
        ("argument", |run| run.launches[0].args = vec![Arg::Buffer(2)]),
        ("number", |run| run.launches[0].args = vec![Arg::Bytes(vec![0; 9])]),
        ("grid", |run| run.launches[0].grid[2] = 0),
        ("name", |run| run.launches[0].kernel = "a\0b".into()),
    ];
    for (what, change) in wrong {
        let mut run = order();
        change(&mut run);
        assert!(!run.is_sound(), "{what}");
    }
}

#[test]
fn answers_out_of_bounds_are_refused() {
    let device = |name: &str| Device {
        ordinal: 0,
        name: name.into(),
        memory_bytes: 1,
        capability: [9, 0],
        cuda: 12_000,
    };
    let failed = |text: String| Said::Failed(Failure { step: Step::Launch(3), code: 700, text });
    let read = |said: &Said| Said::read(&serde_json::to_vec(said).unwrap());
    for good in [
        Said::Devices(vec![device("H100")]),
        failed(shortened("é".repeat(5_000))),
        Said::Ran(u64::MAX),
        Said::Done,
    ] {
        assert_eq!(read(&good).unwrap(), good);
    }
    for bad in [
        Said::Devices(vec![device("H100"); 65]),
        Said::Devices(vec![device(&"x".repeat(257))]),
        failed("x".repeat(4_097)),
    ] {
        assert!(read(&bad).is_err());
    }
    for bad in [
        "",
        "{}",
        "\"done\" 1",
        "{\"ran\":-1}",
        "{\"ran\":1,\"done\":null}",
        "{\"begins\":\"x\"}",
        &"[".repeat(100_000),
    ] {
        assert!(Said::read(bad.as_bytes()).is_err(), "{bad:.20}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let mut from = bytes.as_slice();
        while let Ok(Some(frame)) = read(&mut from) {
            let _ = Said::read(&frame.bytes);
            let _ = piece(&frame.bytes);
        }
        let _ = Said::read(&bytes);
        let _ = serde_json::from_slice::<Order>(&bytes).map(|order| matches!(order, Order::Run(run) if run.is_sound()));
    }
}

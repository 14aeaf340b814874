//! Arrays: what NumPy writes is read, what is written NumPy reads, and what is neither is refused.

use proptest::prelude::*;

use crate::executor::cuda::npy::{Array, read, write};
use crate::model::CudaType;

fn with_header(version: u8, header: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    match version {
        1 => file.extend(u16::try_from(header.len()).unwrap().to_le_bytes()),
        _ => file.extend(u32::try_from(header.len()).unwrap().to_le_bytes()),
    }
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

#[test]
fn the_header_is_that_of_the_format() {
    let file = write(CudaType::F32, &[2, 3], &[0; 24]);
    let mut expected =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".to_vec();
    expected.resize(127, b' ');
    expected.push(b'\n');
    expected.extend([0; 24]);
    assert_eq!(file, expected);
    assert!(
        write(CudaType::U8, &[5], &[0; 5]).starts_with(
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }"
        )
    );
}

#[test]
fn headers_of_every_version_and_style_are_read() {
    let cases = [
        (1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n", CudaType::I16, vec![2]),
        (2, "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2), }", CudaType::I16, vec![1, 2]),
        (3, "{\"shape\": (2L, 1L), \"fortran_order\": False, \"descr\": \"<u2\"}", CudaType::U16, vec![2, 1]),
        (1, "{'descr': '<f4', 'fortran_order': True, 'shape': (), }", CudaType::F32, vec![]),
        (1, "{'descr': '|b1', 'fortran_order': True, 'shape': (4,), }", CudaType::U8, vec![4]),
    ];
    for (version, header, element, shape) in cases {
        let file = with_header(version, header, &[1, 2, 3, 4]);
        assert_eq!(read("a", &file).unwrap(), Array { element, shape, bytes: &[1, 2, 3, 4] }, "{header}");
    }
}

#[test]
fn what_is_no_array_is_refused() {
    let good = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
    let cases = [
        ("", "a header that is none"),
        ("[1]", "a header that is none"),
        ("{'descr': '<i2', 'fortran_order': False}", "without descr"),
        ("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", "\">i2\""),
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", "\"<c8\""),
        ("{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (2,), }", "a header that is none"),
        ("{'descr': '<i2', 'fortran_order': True, 'shape': (1, 2), }", "column by column"),
        ("{'descr': '<i2', 'fortran_order': 0, 'shape': (2,), }", "a header that is none"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }", "says otherwise"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (-2,), }", "a header that is none"),
        (
            "{'descr': '<i2', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2), }",
            "says otherwise",
        ),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }", "a header that is none"),
        (
            "{'descr': '<i2', 'descr': '<i2', 'fortran_order': False, 'shape': (2,), }",
            "a header that is none",
        ),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), 'x': 1}", "a header that is none"),
        ("{'descr': '<i2' 'fortran_order': False, 'shape': (2,)}", "a header that is none"),
    ];
    for (header, why) in cases {
        let error = read("a.npy", &with_header(1, header, &[1, 2, 3, 4])).expect_err(header);
        assert_eq!(error.code(), "E_NPY");
        assert!(error.message().contains(why), "{header}: {error}");
    }
    let whole = with_header(1, good, &[1, 2, 3, 4]);
    assert!(read("a", &whole).is_ok());
    for length in 0..whole.len() {
        assert_eq!(read("a", &whole[..length]).unwrap_err().code(), "E_NPY", "{length}");
    }
    assert!(read("a", &with_header(4, good, &[1, 2, 3, 4])).is_err());
    assert!(read("a", &with_header(1, &" ".repeat(5_000), &[])).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        kind in prop::sample::select(CudaType::ALL),
        shape in prop::collection::vec(0_u64..5, 0..8),
    ) {
        let count = shape.iter().product::<u64>() * kind.size();
        let bytes: Vec<u8> = (0..count).map(|at| at as u8).collect();
        let file = write(kind, &shape, &bytes);
        prop_assert_eq!((file.len() - bytes.len()) % 64, 0);
        prop_assert_eq!(read("a", &file).unwrap(), Array { element: kind, shape, bytes: &bytes });
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, header in "[-{}'\"a-z:<0-9(), L]{0,60}") {
        let _ = read("a", &bytes);
        let _ = read("a", &with_header(1, &header, &bytes));
    }
}

/// NumPy reads what we write and we read what it writes, every type and some shapes.
#[test]
fn numpy_agrees() {
    let Ok(python) = std::env::var("LILYPAD_PYTHON") else {
        println!("SKIP what NumPy says of .npy files: LILYPAD_PYTHON is not set");
        return;
    };
    let has = std::process::Command::new(&python).args(["-c", "import numpy"]).output().unwrap();
    if !has.status.success() {
        println!("SKIP what NumPy says of .npy files: numpy is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let shapes: [&[u64]; 4] = [&[], &[7], &[3, 4], &[2, 1, 5]];
    let mut cases = Vec::new();
    for kind in CudaType::ALL {
        for (number, shape) in shapes.iter().enumerate() {
            let count = shape.iter().product::<u64>() * kind.size();
            let bytes: Vec<u8> = (0..count).map(|at| (at % 120) as u8).collect();
            let name = format!("{kind}-{number}.npy");
            std::fs::write(folder.path().join(&name), write(*kind, shape, &bytes)).unwrap();
            cases.push((name, *kind, shape.to_vec(), bytes));
        }
    }
    // NumPy's own bytes of the same arrays, beside its words for what it read.
    let script = "
import sys, os, numpy
for name in sorted(os.listdir('.')):
    array = numpy.load(name, allow_pickle=False)
    print(name, array.dtype.str, list(array.shape), array.tobytes().hex())
    numpy.save('numpy-' + name, array)
";
    let ran = std::process::Command::new(python).args(["-c", script]).current_dir(&folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    for (name, kind, shape, bytes) in cases {
        let line = format!("{name} {} {shape:?} {}", kind.numpy(), hex::encode(&bytes));
        assert!(said.lines().any(|said| said == line), "{line} is not in\n{said}");
        let saved = std::fs::read(folder.path().join(format!("numpy-{name}"))).unwrap();
        assert_eq!(
            read(&name, &saved).unwrap(),
            Array { element: kind, shape: shape.clone(), bytes: &bytes }
        );
        assert_eq!(saved, write(kind, &shape, &bytes), "{name}: the same file to the byte");
    }
}

//! GPU kernels through the command: its worker is a process of its own, and a library with the driver's name stands in for a GPU.
//!
//! `LILYPAD_GPU=1 cargo test -p lilypad-cli --features executor-cuda --test it cuda` runs the example modules on this machine's own
//! GPU too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{PROVIDER_KEY, Role, creator};
use crate::tool::{Outcome, User, repository, skipped};

/// The folder with the driver's stand-in; `None` where no compiler can make it.
fn driver(test: &str) -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("libcuda-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let source = repository().join("lilypad-cli/tests/it/cuda/libcuda.cc");
        let mut compiler = Command::new("c++");
        compiler.args(["-shared", "-fPIC", "-O1", "-ffp-contract=off", "-w"]).arg(&source);
        for module in ["matmul", "edges"] {
            compiler.arg("-I").arg(repository().join("examples/modules").join(module));
        }
        let made = compiler.arg("-o").arg(folder.join("libcuda.so.1")).output().ok()?;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(folder)
    });
    if folder.is_none() {
        skipped(test, "no C++ compiler (c++) makes the driver's stand-in");
    }
    folder.as_deref()
}

/// A call that finds the stand-in, with these variables.
fn call(user: &User, driver: &Path, args: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = user.command(args);
    command.env("LD_LIBRARY_PATH", driver).envs(variables.iter().copied());
    command
}

fn run(user: &User, driver: &Path, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let args = [&["run"], args, &["--json"]].concat();
    Outcome::of(call(user, driver, &args, variables).output().unwrap())
}

/// A module of one kernel on twelve bytes, in a folder of its own.
fn module(user: &User, kernel: &str, ptx: &str) -> String {
    let folder = user.path(kernel);
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        r#"module.name = "{kernel}"
machine.gpu = 1
limits.timeout = "60s"
outputs = [{{ name = "outputs", path = "/outputs" }}]
inputs.Number = {{ type = "integer", default = 5 }}
[run.cuda]
module = "{kernel}.ptx"
buffers.sums = {{ type = "u8", shape = [12], save = "/outputs/sums" }}
[[run.cuda.launches]]
kernel = "{kernel}"
grid = [{{ buffer = "sums", axis = 0, per = 8 }}]
block = [8]
args = [{{ buffer = "sums" }}, {{ type = "u32", buffer = "sums", axis = 0 }}, {{ type = "u8", input = "Number" }}]
"#
    );
    std::fs::write(folder.join("lilypad.toml"), text).unwrap();
    std::fs::write(folder.join(format!("{kernel}.ptx")), ptx).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn error(outcome: Outcome, exit: i32, code: &str) -> String {
    let said = outcome.ends_with(exit).json();
    assert_eq!(said["error"]["code"], code, "{said:#}");
    format!("{}: {}", said["error"]["message"], said["error"]["hint"])
}

const PTX: &str = ".version 7.8\n.target sm_60\n";

#[test]
fn a_kernel_leaves_its_buffer_and_is_paid_by_gpu_time() {
    let Some(driver) = driver("a_kernel_leaves_its_buffer_and_is_paid_by_gpu_time") else { return };
    let user = User::new();
    let (module, results) = (module(&user, "add", PTX), user.path("results"));
    let args = [&module, "-i", "Number=7", "--output-dir", results.to_str().unwrap(), "--executor", "cuda"];
    let said = run(&user, driver, &args, &[]).ends_with(0).json();
    assert_eq!((&said["exit_code"], &said["receipt_verified"]), (&0.into(), &true.into()), "{said:#}");
    // 250 ms by the driver's own clock, at 0.01 LP a second.
    assert_eq!(
        (&said["instruction_count"], &said["cost"]),
        (&250_000_000.into(), &"2500000000000000".into())
    );
    let file = |name: &str| std::fs::read(results.join(name)).unwrap();
    assert_eq!(file("outputs/sums"), [7; 12], "memory holds zeros at first");
    assert_eq!(file("stderr"), b"launch 1: add, grid 2 x 1 x 1, block 8 x 1 x 1\n");
    let receipt = user.path("results.receipt.json");
    let checked = user.lilypad(&["receipt", "verify", receipt.to_str().unwrap()]).ends_with(0);
    assert!((checked.stdout + &checked.stderr).contains("0.250 s of GPU time"));
}

#[test]
fn what_kernels_print_is_the_jobs_output() {
    let Some(driver) = driver("what_kernels_print_is_the_jobs_output") else { return };
    let user = User::new();
    let module = module(&user, "print", PTX);
    let said = run(&user, driver, &[&module], &[]).ends_with(0).json();
    assert_eq!(said["stdout"], "a kernel speaks\n");
}

#[test]
fn the_module_needs_no_flag_and_the_driver_is_named() {
    let Some(driver) = driver("the_module_needs_no_flag_and_the_driver_is_named") else { return };
    let user = User::new();
    let module = module(&user, "add", PTX);
    let outcome = Outcome::of(call(&user, driver, &["run", &module], &[]).output().unwrap()).ends_with(0);
    assert!(outcome.stderr.contains("Pretend H100 (81920 MiB, 9.0); CUDA 12.4"), "{}", outcome.stderr);
}

#[test]
fn a_machine_without_a_gpu_says_so() {
    let user = User::new();
    let module = module(&user, "add", PTX);
    let empty = user.path("empty");
    std::fs::create_dir(&empty).unwrap();
    if std::env::var_os("LILYPAD_GPU").is_some() {
        skipped("a_machine_without_a_gpu_says_so", "this machine has a GPU");
    } else {
        for args in [&["run", &module][..], &["run", &module, "--executor", "cuda"]] {
            let outcome =
                Outcome::of(call(&user, &empty, &[args, &["--json"]].concat(), &[]).output().unwrap());
            let said = error(outcome, 4, "E_CUDA_NO_DEVICE");
            assert!(said.contains("no device: libcuda.so.1: cannot open"), "{said}");
            assert!(said.contains("NVIDIA GPU and its driver"), "{said}");
        }
    }
    let Some(driver) = driver("a_machine_without_a_gpu_says_so") else { return };
    // A driver without devices; one that is too new for what was built against (803 is no code of CUDA 8); one that breaks.
    for (variable, value) in [
        ("CUDA_FAKE_DEVICES", "0"),
        ("CUDA_FAKE_ANSWER", "cuInit=100"),
        ("CUDA_FAKE_ANSWER", "cuInit=803"),
        ("CUDA_FAKE_ANSWER", "cuDeviceGetCount=999"),
    ] {
        let said = error(run(&user, driver, &[&module], &[(variable, value)]), 4, "E_CUDA_NO_DEVICE");
        assert!(
            said.contains(value.split('=').next_back().filter(|code| *code != "0").unwrap_or("100")),
            "{said}"
        );
    }
}

/// A provider's fault is no result: the job ends as one that nobody could run, and nothing is charged.
#[test]
fn a_worker_that_dies_at_any_stage_takes_only_the_job_along() {
    let Some(driver) = driver("a_worker_that_dies_at_any_stage_takes_only_the_job_along") else { return };
    let user = User::new();
    let module = module(&user, "add", PTX);
    for stage in ["cuInit", "cuDeviceGetName"] {
        error(run(&user, driver, &[&module], &[("CUDA_FAKE_DIE", stage)]), 4, "E_CUDA_WORKER");
    }
    for (stage, doing) in [
        ("cuCtxCreate_v2", "open a device"),
        ("cuModuleLoadDataEx", "load the program"),
        ("cuMemAlloc_v2", "fill the buffers"),
        ("cuLaunchKernel", "run a kernel"),
        ("cuMemcpyDtoH_v2", "read the buffers"),
    ] {
        let outcome = run(&user, driver, &[&module], &[("CUDA_FAKE_DIE", stage)]);
        assert_ne!(outcome.code, Some(0), "{stage}");
        let said = outcome.json();
        let text = said["error"].to_string();
        assert!(text.contains("E_CUDA_WORKER") && text.contains(doing), "{stage}: {said:#}");
        assert_eq!(said["error"]["fault"], "Provider", "{stage}: {said:#}");
    }
}

#[test]
fn a_kernel_that_faults_is_a_trap_and_pays_for_what_it_took() {
    let Some(driver) = driver("a_kernel_that_faults_is_a_trap_and_pays_for_what_it_took") else { return };
    let user = User::new();
    let module = module(&user, "fault", PTX);
    let said = run(&user, driver, &[&module], &[]).ends_with(6).json();
    assert_eq!(said["exit_code"], 134, "{said:#}");
    assert!(said["instruction_count"].as_u64().unwrap() >= 1_000, "{said:#}");
}

#[test]
fn a_program_that_the_driver_refuses_is_the_modules_fault() {
    let Some(driver) = driver("a_program_that_the_driver_refuses_is_the_modules_fault") else { return };
    let user = User::new();
    let broken = module(&user, "add", ".version 7.8 broken");
    let said = run(&user, driver, &[&broken], &[]).json()["error"].to_string();
    assert!(said.contains("E_CUDA_PTX") && said.contains("ptxas: line 3: syntax error"), "{said}");
    let unknown = module(&user, "nowhere", PTX);
    let said = run(&user, driver, &[&unknown], &[]).json()["error"].to_string();
    assert!(said.contains("E_CUDA_PTX") && said.contains("nowhere"), "{said}");
}

#[test]
fn kernels_that_do_not_end_are_killed_at_their_limit() {
    let Some(driver) = driver("kernels_that_do_not_end_are_killed_at_their_limit") else { return };
    let user = User::new();
    let child = user.path("child");
    let variables = [("CUDA_FAKE_CHILD", child.to_str().unwrap())];
    for (kernel, limit) in [("hang", "0.000000001 LP"), ("slow", "0.000000001 LP")] {
        let module = module(&user, kernel, PTX);
        let said = run(&user, driver, &[&module, "--price-cap", limit], &variables).ends_with(6).json();
        assert_eq!(said["exit_code"], 137, "{kernel}: {said:#}");
        // It pays the limit and no more: a nanosecond costs 10^7 wei.
        assert_eq!(said["cost"], "1000000000", "{kernel}: {said:#}");
        assert!(!is_alive(&child), "{kernel}: its worker is gone");
    }
    let module = module(&user, "flood", PTX);
    let said = run(&user, driver, &[&module], &variables).ends_with(6).json();
    assert_eq!(said["exit_code"], 137, "{said:#}");
    assert!(!is_alive(&child));
}

#[test]
fn a_job_whose_time_is_up_is_killed_with_its_worker() {
    let Some(driver) = driver("a_job_whose_time_is_up_is_killed_with_its_worker") else { return };
    let user = User::new();
    let (module, child) = (module(&user, "hang", PTX), user.path("child"));
    let variables = [("CUDA_FAKE_CHILD", child.to_str().unwrap())];
    run(&user, driver, &[&module, "--timeout", "1s"], &variables).ends_with(8);
    assert!(!is_alive(&child));
}

#[test]
fn a_worker_does_not_outlive_a_provider_that_is_killed() {
    let Some(driver) = driver("a_worker_does_not_outlive_a_provider_that_is_killed") else { return };
    let user = User::new();
    let (module, child) = (module(&user, "hang", PTX), user.path("child"));
    let mut provider =
        call(&user, driver, &["run", &module], &[("CUDA_FAKE_CHILD", child.to_str().unwrap())])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    // The launch is told once the worker is in it.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(provider.stderr.take().unwrap()));
    let launched = lines.by_ref().map_while(Result::ok).any(|line| line.contains("launch 1: hang"));
    assert!(launched);
    provider.kill().unwrap();
    provider.wait().unwrap();
    let killed = Instant::now();
    while is_alive(&child) {
        assert!(killed.elapsed() < Duration::from_secs(30), "the worker lives on");
        std::thread::yield_now();
    }
}

/// True where the process whose number is in a file runs, and is no zombie.
fn is_alive(file: &Path) -> bool {
    let number = std::fs::read_to_string(file).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    status.rsplit(')').next().and_then(|rest| rest.split(' ').nth(1)).is_some_and(|state| state != "Z")
}

#[test]
fn kernels_run_on_another_process_with_the_gpus_of_its_machine() {
    let Some(driver) = driver("kernels_run_on_another_process_with_the_gpus_of_its_machine") else { return };
    let user = User::new();
    let solver = Role::start(
        &user,
        None,
        &["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--match-timeout", "120s"],
    );
    let url = solver.ready["url"].as_str().unwrap().to_owned();
    let provider = |variables: &[(&str, &str)]| {
        let args =
            ["provider", "--network", &url, "--ram", "8000", "--executor", "cuda", "--cuda-device", "1"];
        call(&user, driver, &args, variables)
    };
    let refused =
        Outcome::of(provider(&[]).env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY).arg("--json").output().unwrap());
    assert!(error(refused, 2, "E_CUDA_DEVICE").contains("there is no device 1"));
    let shared = provider(&[])
        .args(["--executor", "docker", "--json"])
        .env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY)
        .output();
    error(Outcome::of(shared.unwrap()), 2, "E_GPU_SHARED");
    let role = Role::begin_call(&mut provider(&[("CUDA_FAKE_DEVICES", "2")]), Some(PROVIDER_KEY));
    let machine = &role.ready["machine"];
    let gpu = serde_json::json!([{ "name": "Pretend H200", "vendor": "NVIDIA", "vram": 81_920 }]);
    assert_eq!((&machine["gpu"], &machine["gpus"]), (&1.into(), &gpu));
    let module = module(&user, "add", PTX);
    let ask = |args: &[&str]| creator(&user, &[args, &["--network", &url, "--json"]].concat());
    let said = ask(&["run", &module]).ends_with(0).json();
    assert_eq!((&said["receipt_verified"], &said["instruction_count"]), (&true.into(), &250_000_000.into()));
    // Programs of another kind find no machine here.
    ask(&["quote", "examples/modules/cowsay"]).ends_with(9);
}

/// An array as NumPy saves it, with a header of version 1.0.
fn array(kind: &str, shape: [usize; 2], bytes: &[u8]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}, {}), }}", shape[0], shape[1]);
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()
}

fn elements(file: &[u8]) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([file[8], file[9]]));
    &file[10 + length..]
}

/// Numbers that look like none of their neighbours.
fn noise(seed: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(seed), |last| Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
        .map(|number| number >> 16)
}

/// Runs an example on the stand-in, and on the machine's own GPU where LILYPAD_GPU says that there is one; the result's file.
fn example(name: &str, inputs: &[(&str, Vec<u8>)], more: &[&str], output: &str) -> Vec<(Value, Vec<u8>)> {
    let mut drivers = Vec::new();
    drivers.extend(driver(name));
    match std::env::var_os("LILYPAD_GPU") {
        Some(_) => drivers.push(Path::new("")),
        None => skipped(&format!("the example {name} on a GPU"), "LILYPAD_GPU is not set"),
    }
    let run_on = |driver: &&Path| {
        let user = User::new();
        let (folder, results) = (user.path("inputs"), user.path("results"));
        std::fs::create_dir(&folder).unwrap();
        for (name, bytes) in inputs {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        let module = format!("examples/modules/{name}");
        let folders = ["--inputs-path", folder.to_str().unwrap(), "--output-dir", results.to_str().unwrap()];
        let said = run(&user, driver, &[&[module.as_str()], &folders[..], more].concat(), &[]);
        (said.json(), std::fs::read(results.join(output)).unwrap_or_default())
    };
    drivers.iter().map(run_on).collect()
}

#[test]
fn matmul_multiplies() {
    // No multiples of a block's sides.
    let (rows, inner, columns) = (37, 53, 41);
    let numbers = |seed, count| noise(seed).take(count).map(|number| (number % 200) as f32 / 100.0 - 1.0);
    let (a, b): (Vec<f32>, Vec<f32>) =
        (numbers(1, rows * inner).collect(), numbers(2, inner * columns).collect());
    let bytes = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let files = [
        ("a.npy", array("<f4", [rows, inner], &bytes(&a))),
        ("b.npy", array("<f4", [inner, columns], &bytes(&b))),
    ];
    for (said, file) in example("matmul", &files, &[], "outputs/c.npy") {
        assert_eq!(said["exit_code"], 0, "{said:#}");
        assert_eq!(file, array("<f4", [rows, columns], elements(&file)));
        let found = elements(&file).chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        for (at, found) in found.enumerate() {
            let (row, column) = (at / columns, at % columns);
            let product = |k| f64::from(a[row * inner + k]) * f64::from(b[k * columns + column]);
            let expected: f64 = (0..inner).map(product).sum();
            assert!((f64::from(found) - expected).abs() < 1e-4, "{row}, {column}: {found}, not {expected}");
        }
    }
}

#[test]
fn matmul_of_matrices_that_do_not_fit_is_a_trap() {
    let files = [("a.npy", array("<f4", [2, 3], &[0; 24])), ("b.npy", array("<f4", [2, 2], &[0; 16]))];
    for (said, _) in example("matmul", &files, &[], "outputs/c.npy") {
        assert_eq!(said["exit_code"], 134, "{said:#}");
    }
}

#[test]
fn edges_finds_edges() {
    let (height, width) = (45_i32, 70_i32);
    let picture: Vec<u8> = noise(3).take((height * width) as usize).map(|number| number as u8).collect();
    let at = |y: i32, x: i32| {
        i32::from(picture[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize])
    };
    let edge = |y: i32, x: i32| {
        let column = |x| at(y - 1, x) + 2 * at(y, x) + at(y + 1, x);
        let row = |y| at(y, x - 1) + 2 * at(y, x) + at(y, x + 1);
        let sum = (column(x + 1) - column(x - 1)).abs() + (row(y + 1) - row(y - 1)).abs();
        (sum as f32 * 0.125).min(255.0) as u8
    };
    let expected: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| edge(y, x)).collect();
    let shape = [height as usize, width as usize];
    let files = [("picture.npy", array("|u1", shape, &picture))];
    for (said, file) in example("edges", &files, &["-i", "Strength=0.125"], "outputs/edges.npy") {
        assert_eq!(said["exit_code"], 0, "{said:#}");
        assert!(file == array("|u1", shape, &expected));
    }
}

/// CUDA C is compiled only where the provider says so.
#[test]
fn cuda_c_needs_the_providers_word_and_a_compiler() {
    let Some(driver) = driver("cuda_c_needs_the_providers_word_and_a_compiler") else { return };
    let user = User::new();
    let folder = module(&user, "add", PTX);
    let manifest = user.path("add/lilypad.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("add.ptx", "add.cu");
    std::fs::write(manifest, text).unwrap();
    std::fs::write(user.path("add/add.cu"), "extern \"C\" __global__ void add() {}").unwrap();
    let said = run(&user, driver, &[&folder], &[]).json()["error"].to_string();
    assert!(said.contains("E_CUDA_COMPILER") && said.contains("does not compile CUDA C"), "{said}");
    let compile = [&folder, "--cuda-compile"];
    let Some(nvrtc) = nvrtc() else {
        let said = run(&user, driver, &compile, &[]);
        // The system may have one of its own.
        assert!(said.code == Some(0) || said.stdout.contains("libnvrtc is not installed"), "{}", said.stdout);
        skipped("CUDA C that NVRTC compiles", "LILYPAD_PYTHON has no nvidia-cuda-nvrtc-cu11");
        return;
    };
    let path = format!("{}:{nvrtc}", driver.display());
    let variables = [("LD_LIBRARY_PATH", path.as_str())];
    run(&user, driver, &compile, &variables).ends_with(0);
    std::fs::write(user.path("add/add.cu"), "extern \"C\" __global__ void add() { nonsense }").unwrap();
    let said = run(&user, driver, &compile, &variables).json()["error"].to_string();
    assert!(said.contains("E_CUDA_COMPILE") && said.contains("\\\"nonsense\\\" is undefined"), "{said}");
}

/// The folder of NVRTC, where the tests' Python has it.
fn nvrtc() -> Option<String> {
    let script = "import nvidia.cuda_nvrtc as n, os; print(os.path.join(list(n.__path__)[0], 'lib'))";
    let said = Command::new(std::env::var_os("LILYPAD_PYTHON")?).args(["-c", script]).output().ok()?;
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

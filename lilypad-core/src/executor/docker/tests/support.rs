//! An image made from nothing but busybox, and an executor on a scratch folder of its own.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use bollard::query_parameters::{CreateImageOptionsBuilder, ListContainersOptionsBuilder};
use futures_util::StreamExt;
use tokio::sync::{OnceCell, mpsc};

use crate::executor::docker::{DockerConfig, DockerExecutor, PullPolicy, spec};
use crate::executor::{EventSink, Executor, Limits, RunOutcome, RunRequest};
use crate::model::{DockerRun, FileSet, NetworkPolicy, RunSpec};
use crate::rt::CancelToken;

/// The image that all tests run.
pub(super) const IMAGE: &str = "lilypad-test/busybox:1";

/// An executor for one test.
pub(super) struct Bench {
    pub(super) docker: DockerExecutor,
    pub(super) config: DockerConfig,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// `None` where there is no engine to test with.
    pub(super) async fn start(test: &str) -> Option<Self> {
        Self::configured(test, |_| {}).await
    }

    pub(super) async fn configured(test: &str, change: impl FnOnce(&mut DockerConfig)) -> Option<Self> {
        let Some(socket) = std::env::var_os("LILYPAD_DOCKER") else {
            println!("SKIP {test}: LILYPAD_DOCKER is not set");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut config = DockerConfig::new(folder.path().join("scratch"));
        config.socket = Some(socket.into());
        config.pull = PullPolicy::Never;
        change(&mut config);
        let docker = DockerExecutor::connect(config.clone()).await.unwrap();
        static MADE: OnceCell<()> = OnceCell::const_new();
        MADE.get_or_init(|| make_image(&docker)).await;
        Some(Self { docker, config, _folder: folder })
    }

    /// Runs a job to its end; what came of it, and what was told meanwhile.
    pub(super) async fn run(&self, request: RunRequest) -> crate::Result<(RunOutcome, Vec<String>)> {
        let (events, mut told) = channel();
        let outcome = self.docker.run(request, events, CancelToken::new()).await?;
        let mut lines = Vec::new();
        while let Ok(line) = told.try_recv() {
            lines.push(line);
        }
        Ok((outcome, lines))
    }

    pub(super) fn image(&self, request: &mut RunRequest, name: &str) {
        let RunSpec::Docker(run) = &mut request.run else { unreachable!() };
        run.image = name.to_owned();
    }

    /// The containers that are marked as this bench's, in whatever state.
    pub(super) async fn containers(&self) -> usize {
        let engine = &self.docker.0;
        let owner = format!("{}={}", spec::OWNER, engine.scratch.owner());
        let filters = HashMap::from([("label".to_owned(), vec![owner])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        engine.docker.list_containers(Some(options)).await.unwrap().len()
    }

    /// No container, no folder, no control group, no mount.
    pub(super) async fn nothing_is_left(&self) {
        assert_eq!(self.containers().await, 0, "containers");
        let jobs = std::fs::read_dir(self.config.scratch.join("jobs"));
        let left: Vec<_> = jobs.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "folders: {left:?}");
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(self.config.scratch.to_str().unwrap()), "mounts:\n{mounts}");
        let owner = self.docker.0.scratch.owner();
        let groups = Command::new("find")
            .args(["/sys/fs/cgroup", "-maxdepth", "3", "-name", &format!("lilypad-{owner}-*")])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&groups.stdout), "", "control groups");
    }
}

/// What is told, as text.
pub(super) fn channel() -> (EventSink, mpsc::UnboundedReceiver<String>) {
    let (tell, told) = mpsc::unbounded_channel();
    let events = EventSink::new(move |event| {
        let _ = tell.send(format!("{event:?}"));
    });
    (events, told)
}

/// A job that runs a shell script.
pub(super) fn sh(script: &str) -> RunRequest {
    let entrypoint = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    RunRequest {
        job_id: "QmJob".to_owned(),
        run: RunSpec::Docker(DockerRun {
            image: IMAGE.to_owned(),
            entrypoint: Some(entrypoint),
            parameters: Vec::new(),
            env: Vec::new(),
            working_directory: None,
        }),
        bundle: FileSet::new(),
        inputs: FileSet::new(),
        outputs: BTreeMap::from([("outputs".to_owned(), "/outputs".to_owned())]),
        network: NetworkPolicy::None,
        gpus: Vec::new(),
        seed: [0; 32],
        limits: Limits { memory_bytes: 64 << 20, milli_cpus: 2_000, ..Limits::default() },
    }
}

/// An image of busybox under all its names. Needs a busybox that links to nothing (`apt-get install busybox-static`).
async fn make_image(docker: &DockerExecutor) {
    let folder = tempfile::tempdir().unwrap();
    let script = "set -e; mkdir -p bin etc; cp \"$(command -v busybox)\" bin/busybox; \
                  for name in $(bin/busybox --list); do [ -e bin/$name ] || ln -s busybox bin/$name; done; \
                  echo root:x:0:0:root:/root:/bin/sh > etc/passwd; tar -cf image.tar bin etc";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder.path()).status().unwrap();
    assert!(made.success());
    let tar = std::fs::read(folder.path().join("image.tar")).unwrap();
    let (repo, tag) = IMAGE.split_once(':').unwrap();
    let changes = vec!["ENV PATH=/bin".to_owned(), "CMD [\"/bin/echo\",\"the image's own\"]".to_owned()];
    let options =
        CreateImageOptionsBuilder::default().from_src("-").repo(repo).tag(tag).changes(changes).build();
    let mut steps = docker.0.docker.create_image(Some(options), Some(bollard::body_full(tar.into())), None);
    while let Some(step) = steps.next().await {
        step.unwrap();
    }
}

//! A whole job through a local network, from submission to a verified receipt, beside running its program alone.

use std::collections::BTreeMap;
use std::path::Path;

use criterion::Criterion;
use lilypad_core::client::SubmitOptions;
use lilypad_core::executor::wasm::WasmExecutor;
use lilypad_core::executor::{EventSink, Executor, Limits, RunRequest};
use lilypad_core::model::FileSet;
use lilypad_core::module::{Module, PinSource, folder_tree};
use lilypad_core::network::Network;
use lilypad_core::rt::CancelToken;

use crate::pair::pair;

pub(crate) fn all(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/modules/cowsay");
    let module = Module::load(PinSource::local(), &folder_tree(folder).expect("a folder")).expect("a module");
    let inputs = BTreeMap::from([("Message".to_owned(), "hello, pond".to_owned())]);

    let executor = WasmExecutor::new().expect("an executor");
    let job = module.render(&inputs).expect("inputs that fit").into_runnable().expect("a job");
    let request = RunRequest {
        job_id: "bench".to_owned(),
        run: job.run,
        bundle: module.bundle().clone(),
        inputs: FileSet::new(),
        outputs: BTreeMap::new(),
        network: lilypad_core::model::NetworkPolicy::None,
        gpus: Vec::new(),
        seed: [0; 32],
        limits: Limits::default(),
    };
    let alone = || {
        let run = executor.run(request.clone(), EventSink::discard(), CancelToken::new());
        runtime.block_on(run).expect("a program that ends")
    };

    // A job costs a little; a long benchmark must not run out of money.
    let funds = lilypad_core::model::Amount::from_lp(1_000_000_000);
    let network = runtime.block_on(Network::local().seed(1).funds(funds).start()).expect("a network");
    let whole = || {
        let run = network.client().run(&module, &inputs, SubmitOptions::default());
        let result = runtime.block_on(run).expect("a result");
        assert_eq!(result.exit_code(), 0);
        result
    };
    pair(criterion, "a cowsay job", ("its program alone", alone), ("submit to verified receipt", whole));
    pair(
        criterion,
        "a network",
        ("start a runtime", || {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")
        }),
        ("start and stop", || {
            let network = runtime.block_on(Network::local().seed(2).start()).expect("a network");
            runtime.block_on(network.shutdown());
        }),
    );
}

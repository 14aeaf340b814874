//! Runs a module on a whole network inside this process, and checks the receipt.
//!
//! `cargo run -p lilypad-core --all-features --example quickstart`

use std::collections::BTreeMap;

use lilypad_core::client::SubmitOptions;
use lilypad_core::module;
use lilypad_core::network::Network;

#[tokio::main]
async fn main() -> lilypad_core::Result<()> {
    let cowsay = module::load("examples/modules/cowsay", &module::LoadOptions::default())?;
    let inputs = BTreeMap::from([("Message".to_owned(), "hello, pond".to_owned())]);

    let network = Network::local().start().await?;
    let result = network.client().run(&cowsay, &inputs, SubmitOptions::default()).await?;

    print!("{}", result.stdout());
    println!("{} instructions, {}", result.instruction_count(), result.cost());
    result.receipt().verify()?;
    println!("the receipt verifies");

    network.shutdown().await;
    Ok(())
}

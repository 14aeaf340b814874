//! Says hello and never stops, so that it can be seen what does stop it: a limit, a timeout, ctrl-C.

fn main() {
    println!("round and round it goes; nothing in here will stop it");
    let mut rounds: u64 = 0;
    loop {
        rounds = std::hint::black_box(rounds.wrapping_add(1));
    }
}

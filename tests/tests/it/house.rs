//! The house rules that a machine can read off the sources: sizes, and what a file says first.

use lilypad_tests::{Source, sources};

/// Folders with our own Rust code.
const FOLDERS: [&str; 6] = ["lilypad-core", "lilypad-cli", "lilypad-py", "tests", "examples", "fuzz"];
/// Most lines in a file.
const MOST_LINES: usize = 600;

fn all() -> impl Iterator<Item = (String, Source)> {
    let present = FOLDERS.iter().filter(|folder| lilypad_tests::repository().join(folder).is_dir());
    present.flat_map(|folder| {
        sources(folder).into_iter().map(move |source| (format!("{folder}/{}", source.path), source))
    })
}

/// Files with nothing but tests may be as long as their cases.
fn only_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MOST_LINES && !only_tests(path)).then(|| format!("{path}: {lines} lines, at most {MOST_LINES}"))
}

fn silent(path: &str, text: &str) -> Option<String> {
    (!text.starts_with("//! "))
        .then(|| format!("{path}: the first line is no `//!` that says what it is for"))
}

#[test]
fn no_file_is_too_long() {
    let faults: Vec<String> = all().filter_map(|(path, source)| too_long(&path, &source.text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let faults: Vec<String> = all().filter_map(|(path, source)| silent(&path, &source.text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_rules_can_fail() {
    let long = "\n".repeat(MOST_LINES + 1);
    assert!(too_long("src/a.rs", &long).is_some());
    assert!(too_long("src/a.rs", &long[1..]).is_none());
    assert!(too_long("src/a/tests.rs", &long).is_none());
    assert!(silent("src/a.rs", "use b;\n").is_some());
    assert!(all().count() > 30, "the sources are found");
}

#[test]
fn the_readme_shows_the_example_that_is_run() {
    let read = |path: &str| std::fs::read_to_string(lilypad_tests::repository().join(path)).unwrap();
    let example = read("examples/quickstart.rs");
    let (_about, code) = example.split_once("\n\n").unwrap();
    assert!(read("README.md").contains(&format!("```rust\n{code}```\n")), "README.md: copy {code}");
    let example = read("examples/provider.rs");
    let (_before, share) = example.split_once("async fn share").unwrap();
    let share = format!("async fn share{}}}\n", share.split_once("\n}\n").unwrap().0.to_owned() + "\n");
    assert!(read("README.md").contains(&format!("```rust\n{share}```\n")), "README.md: copy {share}");
    assert!(share.lines().count() <= 12, "ten lines and their frame");
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "examples/modules/README.md"]
    {
        let path = lilypad_tests::repository().join(document);
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            assert!(file.contains("://") || path.with_file_name(file).exists(), "{document}: {link}");
        }
    }
}

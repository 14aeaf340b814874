//! Arrows point down only: the table in `ARCHITECTURE.md` says on which level each module of the core lies and which
//! crates only it may name; the sources say who names whom.

mod paths;
mod table;
mod tokens;

use lilypad_tests::{Source, repository, sources};
use paths::{Path, paths};
use table::Table;

/// Everything in one source that goes against the table.
fn faults(table: &Table, source: &Source) -> Vec<String> {
    if only_tests(&source.path) || source.path == "lib.rs" {
        return Vec::new();
    }
    let module = source.path.split(['/', '.']).next().unwrap_or_default();
    let Some(level) = table.level(module) else {
        return vec![format!("{}: module `{module}` is not in the table of ARCHITECTURE.md", source.path)];
    };
    let fault = |path: Path| {
        let why = match target(&source.path, &path) {
            Some(name) => arrow(table, module, level, &name),
            None => outsider(table, module, &path.names),
        }?;
        Some(format!("{}:{}: `{}`: {why}", source.path, path.line, path.names.join("::")))
    };
    paths(&source.text).into_iter().filter_map(fault).collect()
}

fn only_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The module of the core that a path leads to, where it leads out of its own: `crate::x`, or `super`s up to the root.
fn target(file: &str, path: &Path) -> Option<String> {
    let name = |at: usize| Some(path.names.get(at).cloned().unwrap_or_default());
    match path.names.first()?.as_str() {
        "crate" => name(1),
        "super" => {
            let parts = file.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").count();
            let ups = path.names.iter().take_while(|name| *name == "super").count();
            if ups == parts + path.nested { name(ups) } else { None }
        }
        _ => None,
    }
}

fn arrow(table: &Table, module: &str, level: u32, to: &str) -> Option<String> {
    if to == module || to.is_empty() {
        return None;
    }
    match table.level(to) {
        None => Some(format!("`{to}` is no module of the table; name the module in which it lives")),
        Some(other) if other < level => None,
        Some(other) => Some(format!("`{module}` (level {level}) must not know `{to}` (level {other})")),
    }
}

/// A crate that only other modules may name.
fn outsider(table: &Table, module: &str, names: &[String]) -> Option<String> {
    let owners = table.owners(names);
    (!owners.is_empty() && !owners.contains(&module))
        .then(|| format!("only `{}` may name it", owners.join("`, `")))
}

fn architecture() -> Table {
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    Table::read(&text)
}

#[test]
fn arrows_point_down() {
    let table = architecture();
    let found: Vec<String> =
        sources("lilypad-core/src").iter().flat_map(|source| faults(&table, source)).collect();
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_module_has_a_level() {
    let table = architecture();
    let lib = std::fs::read_to_string(repository().join("lilypad-core/src/lib.rs")).unwrap();
    let modules: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(modules.len() > 10, "the modules of lib.rs are found");
    for module in modules {
        assert!(table.level(module).is_some(), "`{module}` is not in the table of ARCHITECTURE.md");
    }
}

const SMALL: &str = "
| level | module | what | the only one to name |
|---|---|---|---|
| 0 | `low` | x | `heavy`, `git*` |
| 1 | `left`, `right` | x | `engine::run` |
";

fn found(path: &str, text: &str) -> Vec<String> {
    faults(&Table::read(SMALL), &Source { path: path.to_owned(), text: text.to_owned() })
}

#[test]
fn an_upward_or_sideways_arrow_is_found() {
    assert_eq!(
        found("low.rs", "use crate::left::A;"),
        ["low.rs:1: `crate::left::A`: `low` (level 0) must not know `left` (level 1)"]
    );
    assert_eq!(
        found("left/deep/file.rs", "\nfn f() { crate::right::g() }"),
        ["left/deep/file.rs:2: `crate::right::g`: `left` (level 1) must not know `right` (level 1)"]
    );
    assert_eq!(found("left/mod.rs", "use super::right::A;").len(), 1);
    assert_eq!(found("left/file.rs", "mod m { use super::super::super::right::A; }").len(), 1);
    assert_eq!(found("left/file.rs", "use crate::{low::A, right::B};").len(), 1);
    assert_eq!(found("left.rs", "use crate::Shortcut;").len(), 1);
    assert_eq!(found("unknown.rs", "").len(), 1);
}

#[test]
fn a_downward_arrow_and_ones_own_parts_are_fine() {
    assert!(
        found("left/file.rs", "use crate::low::A; use crate::left::B; use super::C; use super::right::D;")
            .is_empty()
    );
    assert!(found("left/tests.rs", "use crate::right::A;").is_empty());
    assert!(found("low.rs", "#[cfg(test)] mod tests { use crate::left::A; }").is_empty());
    assert!(found("low.rs", "/// [`crate::left::A`]\nconst X: &str = \"crate::left::A\";").is_empty());
}

#[test]
fn a_crate_outside_its_module_is_found() {
    assert_eq!(found("left.rs", "use heavy::A;"), ["left.rs:1: `heavy::A`: only `low` may name it"]);
    assert_eq!(found("left.rs", "fn f() { gitoxide::open() }").len(), 1);
    assert_eq!(
        found("low.rs", "use engine::{run, stop};"),
        ["low.rs:1: `engine::run`: only `left`, `right` may name it"]
    );
    assert!(found("low.rs", "use heavy::A; use gitoxide; use engine::stop;").is_empty());
    assert!(found("right.rs", "use engine::run; mod heavyweight;").is_empty());
}

//! The table of levels in `ARCHITECTURE.md`.

/// One row: modules of one level, and the crates that only they may name.
#[derive(Debug)]
struct Row {
    level: u32,
    modules: Vec<String>,
    crates: Vec<String>,
}

/// Who lies where, and who may name which crate.
#[derive(Debug)]
pub(super) struct Table(Vec<Row>);

impl Table {
    /// Reads the rows that start with a number: level, modules, what lives there, crates.
    pub(super) fn read(text: &str) -> Self {
        Self(text.lines().filter_map(row).collect())
    }

    /// The level of a module.
    pub(super) fn level(&self, module: &str) -> Option<u32> {
        let row = self.0.iter().find(|row| row.modules.iter().any(|name| name == module))?;
        Some(row.level)
    }

    /// The modules that alone may name this path; none where everybody may.
    pub(super) fn owners(&self, path: &[String]) -> Vec<&str> {
        let rows = self.0.iter().filter(|row| row.crates.iter().any(|name| covers(name, path)));
        rows.flat_map(|row| row.modules.iter().map(String::as_str)).collect()
    }
}

fn row(line: &str) -> Option<Row> {
    let mut columns = line.strip_prefix('|')?.split('|');
    let level = columns.next()?.trim().parse().ok()?;
    let modules = quoted(columns.next()?);
    let crates = quoted(columns.nth(1)?);
    Some(Row { level, modules, crates })
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `a::b` covers `a::b` and all below it; `a*` covers every crate that starts so.
fn covers(pattern: &str, path: &[String]) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return path.first().is_some_and(|first| first.starts_with(start));
    }
    let mut names = path.iter();
    pattern.split("::").all(|part| names.next().is_some_and(|name| name == part))
}

//! Counts the words of the files in `/inputs` and writes what it found to `/outputs`:
//! `counts.json` (totals, file by file), `words.csv` (each word, most frequent first), `report.txt` (for people).
//!
//! Usage: `wordcount [SHORTEST]`. Words with fewer letters than SHORTEST are not listed. Words that stand in
//! `/inputs/stopwords.txt`, where that file is given, are not listed either.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

/// A file of words to leave out, one on a line.
const STOPWORDS: &str = "stopwords.txt";
/// Most words in the report.
const LISTED: usize = 10;

struct Counts {
    name: String,
    bytes: usize,
    lines: usize,
    words: usize,
}

fn main() -> ExitCode {
    let shortest = std::env::args().nth(1).and_then(|shortest| shortest.parse().ok()).unwrap_or(1);
    match count(shortest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wordcount: {error}");
            ExitCode::FAILURE
        }
    }
}

fn count(shortest: usize) -> io::Result<()> {
    let left_out = stopwords()?;
    let mut files = Vec::new();
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for name in names()? {
        let bytes = std::fs::read(format!("/inputs/{name}"))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut counts = Counts { name, bytes: bytes.len(), lines: text.lines().count(), words: 0 };
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()) {
            counts.words += 1;
            let word = word.to_lowercase();
            if word.chars().count() >= shortest && !left_out.contains(&word) {
                *words.entry(word).or_default() += 1;
            }
        }
        files.push(counts);
    }
    let mut ranked: Vec<(String, usize)> = words.into_iter().collect();
    // The words are in order already, and a stable sort keeps equal counts so.
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    std::fs::write("/outputs/counts.json", json(&files, ranked.len()))?;
    std::fs::write("/outputs/words.csv", csv(&ranked))?;
    let report = report(&files, &ranked);
    std::fs::write("/outputs/report.txt", &report)?;
    print!("{report}");
    Ok(())
}

/// The files to count, in the order of their names.
fn names() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir("/inputs")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != STOPWORDS {
            names.push(name);
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(io::Error::other("there is no file in /inputs"));
    }
    Ok(names)
}

fn stopwords() -> io::Result<BTreeSet<String>> {
    match std::fs::read(format!("/inputs/{STOPWORDS}")) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).split_whitespace().map(str::to_lowercase).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

fn json(files: &[Counts], different: usize) -> String {
    let mut out = String::from("{\n  \"files\": [");
    for (at, file) in files.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let Counts { name, bytes, lines, words } = file;
        let name = quoted(name);
        let _ = write!(
            out,
            "{comma}\n    {{\"name\": {name}, \"bytes\": {bytes}, \"lines\": {lines}, \"words\": {words}}}"
        );
    }
    let words: usize = files.iter().map(|file| file.words).sum();
    let _ = write!(out, "\n  ],\n  \"words\": {words},\n  \"different\": {different}\n}}\n");
    out
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Words hold letters, digits and apostrophes only, so no field needs quotes.
fn csv(ranked: &[(String, usize)]) -> String {
    let mut out = String::from("word,count\n");
    for (word, count) in ranked {
        let _ = writeln!(out, "{word},{count}");
    }
    out
}

fn report(files: &[Counts], ranked: &[(String, usize)]) -> String {
    let mut out = String::new();
    for Counts { name, bytes, lines, words } in files {
        let _ = writeln!(out, "{name}: {words} words, {lines} lines, {bytes} bytes");
    }
    let most = ranked.first().map_or(1, |(_, count)| *count);
    for (word, count) in ranked.iter().take(LISTED) {
        let _ = writeln!(out, "{word:>16} {count:>6} {}", "#".repeat((count * 30).div_ceil(most)));
    }
    out
}

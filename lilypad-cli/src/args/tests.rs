//! What the help of every command says, read from clap's own tree: a new command without it fails here.

use super::*;

/// Every command that does something, with its name.
fn leaves(command: &clap::Command, name: &str) -> Vec<(String, clap::Command)> {
    if !command.has_subcommands() {
        return vec![(name.to_owned(), command.clone())];
    }
    command.get_subcommands().flat_map(|sub| leaves(sub, &format!("{name} {}", sub.get_name()))).collect()
}

/// The examples in a help, each as what a shell makes of it.
fn examples(help: &str) -> Vec<Vec<String>> {
    let text = help.replace("\\\n", " ");
    let calls = text.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("Example: ");
        let at = line.find("lilypad ")?;
        let only_variables = line[..at].split_whitespace().all(|word| word.contains('='));
        only_variables.then(|| words(&line[at..]))
    });
    calls.collect()
}

/// Up to a pipe or a file.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in line.chars() {
        match (letter, quote) {
            ('|' | '>' | '<', None) => break,
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_has_json_an_example_and_its_exit_codes() {
    let tree = documented(Cli::command());
    let leaves = leaves(&tree, "lilypad");
    assert!(leaves.len() >= 25, "{}", leaves.len());
    for (name, command) in leaves {
        assert!(command.get_arguments().any(|arg| arg.get_long() == Some("json")), "{name} has no --json");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let own = examples(&help).into_iter().filter(|words| words.join(" ").starts_with(&name)).count();
        assert!(own > 0, "{name} --help has no example of it:\n{help}");
        assert!(help.ends_with(EXIT_CODES), "{name} --help does not say its exit codes:\n{help}");
        for arg in command.get_arguments() {
            assert!(
                arg.get_help().is_some() || arg.is_hide_set(),
                "{name}: {} is not explained",
                arg.get_id()
            );
        }
    }
}

#[test]
fn every_example_can_be_typed() {
    let mut tree = vec![documented(Cli::command())];
    let mut seen = 0;
    while let Some(command) = tree.pop() {
        tree.extend(command.get_subcommands().cloned());
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for words in examples(&help) {
            seen += 1;
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{words:?}: {error}");
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

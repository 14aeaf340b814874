//! Renders the same templates with our engine and with Go's own, and compares class and bytes.

mod random;

use std::collections::BTreeMap;

use lilypad_core::module::template::Template;
use lilypad_tests::GoProgram;
use serde_json::{Value, json};

/// One template and the inputs it is rendered with.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) template: String,
    pub(super) inputs: BTreeMap<String, String>,
}

fn ours(case: &Case) -> (String, String) {
    let template = match Template::parse(&case.template) {
        Ok(template) => template,
        Err(error) => return (class(&error), error.to_string()),
    };
    match template.render(&case.inputs) {
        Ok(text) => ("ok".to_owned(), text),
        Err(error) => (class(&error), error.to_string()),
    }
}

fn class(error: &lilypad_core::Error) -> String {
    match error.code() {
        "E_TEMPLATE_PARSE" => "parse-error".to_owned(),
        "E_TEMPLATE_EXEC" => "exec-error".to_owned(),
        other => other.to_owned(),
    }
}

fn short(text: &str) -> String {
    text.chars().take(400).collect()
}

fn compare(name: &str, cases: &[Case]) {
    let Some(go) = GoProgram::build(name, "template") else { return };
    let requests: Vec<String> = cases
        .iter()
        .map(|case| json!({"template": case.template, "inputs": case.inputs}).to_string())
        .collect();
    let answers = go.ask(&requests);
    let mut wrong = Vec::new();
    let mut classes = BTreeMap::<String, usize>::new();
    for (case, answer) in cases.iter().zip(&answers) {
        let answer: Value = serde_json::from_str(answer).expect("Go answers in JSON");
        let (class, text) = ours(case);
        let expected = answer["outcome"].as_str().unwrap_or_default();
        *classes.entry(expected.to_owned()).or_default() += 1;
        if class != expected || (class == "ok" && answer["output"].as_str() != Some(&text)) {
            let (answer, text) = (short(&answer.to_string()), short(&text));
            wrong.push(format!("{case:?}\n   go: {answer}\n ours: {class}: {text:?}"));
        }
    }
    println!("{name}: {} cases, {classes:?}, {} differ", cases.len(), wrong.len());
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ:\n{shown}", wrong.len(), cases.len());
}

#[test]
fn random_templates_render_as_in_go() {
    let seeds: &[u64] = &[1, 2, 3, 5, 8];
    let cases: Vec<Case> = seeds.iter().flat_map(|seed| random::cases(*seed, 1_000)).collect();
    compare("random_templates_render_as_in_go", &cases);
}

#[test]
fn random_formats_print_as_in_go() {
    let cases: Vec<Case> = [13, 21].iter().flat_map(|seed| random::formats(*seed, 2_000)).collect();
    compare("random_formats_print_as_in_go", &cases);
}

#[test]
fn broken_templates_are_refused_as_in_go() {
    let cases: Vec<Case> = [34, 55].iter().flat_map(|seed| random::broken(*seed, 1_500)).collect();
    compare("broken_templates_are_refused_as_in_go", &cases);
}

/// The vectors are what every language is held to, so they must still be what Go answers.
#[test]
fn the_vectors_are_what_go_answers() {
    let Some(go) = GoProgram::build("the_vectors_are_what_go_answers", "template") else { return };
    let vectors = crate::vectors::vectors("templates.json");
    let answers = go.ask(&vectors.iter().map(|case| case["input"].to_string()).collect::<Vec<_>>());
    for (case, answer) in vectors.iter().zip(&answers) {
        let answer: Value = serde_json::from_str(answer).expect("Go answers in JSON");
        let (expected, outcome) = match case["error"].as_str() {
            Some("E_TEMPLATE_PARSE") => ("", "parse-error"),
            Some(_) => ("", "exec-error"),
            None => (case["expect"].as_str().expect("a text"), "ok"),
        };
        assert_eq!(
            (&answer["outcome"], &answer["output"]),
            (&json!(outcome), &json!(expected)),
            "{}",
            case["name"]
        );
    }
}

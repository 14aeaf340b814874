//! Which modules a policy lets run, and that no spelling gets round a rule.

use crate::error::ErrorKind;
use crate::market::{ModulePolicy, ModuleRule};
use crate::model::{Cid, ContentId, ModulePin};

fn content(text: &str) -> ContentId {
    ContentId(Cid::of_block(text.as_bytes()))
}

fn git(repo: &str) -> ModulePin {
    ModulePin::Git {
        repo: repo.to_owned(),
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        path: "lilypad.toml".to_owned(),
        content: content("bundle"),
    }
}

fn rule(text: &str) -> ModuleRule {
    text.parse().unwrap()
}

#[test]
fn the_default_decides_where_no_rule_fits() {
    let folder = ModulePin::Content { content: content("bundle") };
    for module in [git("https://github.com/o/r"), folder] {
        assert!(ModulePolicy::allow_all().check(&module).is_ok());
        let error = ModulePolicy::deny_all().check(&module).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "E_POLICY"));
    }
}

#[test]
fn no_spelling_gets_round_a_denied_repository_or_author() {
    for text in ["repo:github.com/Evil/Miner", "author:https://GitHub.com/evil"] {
        let policy = ModulePolicy::allow_all().deny(rule(text));
        for repo in [
            "https://github.com/evil/miner",
            "https://github.com/evil/miner.git",
            "https://GitHub.com/Evil/MINER/",
            "https://github.com:443/evil//miner",
            "https://user@github.com/evil/miner",
        ] {
            let error = policy.check(&git(repo)).unwrap_err();
            assert!(error.context().any(|(key, rule)| key == "rule" && rule.contains("denied")), "{error:?}");
        }
        assert!(policy.check(&git("https://github.com/evil2/miner")).is_ok());
    }
    let repo_only = ModulePolicy::allow_all().deny(rule("repo:github.com/evil/miner"));
    assert!(repo_only.check(&git("https://github.com/evil/other")).is_ok());
}

#[test]
fn an_allowed_path_counts_case_where_the_host_does() {
    let policy = ModulePolicy::deny_all().allow(rule("repo:git.example/Team/tool"));
    assert!(policy.check(&git("https://GIT.example/Team/tool.git")).is_ok());
    assert!(policy.check(&git("https://git.example/team/tool")).is_err());
    let policy = ModulePolicy::deny_all().allow(rule("repo:github.com/Team/tool"));
    assert!(policy.check(&git("https://github.com/team/Tool")).is_ok());
}

#[test]
fn deny_wins_and_content_is_content_wherever_it_comes_from() {
    let policy = ModulePolicy::allow_all()
        .allow(rule("author:github.com/o"))
        .deny(ModuleRule::Content(content("bundle")));
    assert!(policy.check(&git("https://github.com/o/r")).is_err());
    assert!(policy.check(&ModulePin::Content { content: content("bundle") }).is_err());
    assert!(policy.check(&ModulePin::Content { content: content("other") }).is_ok());
    let policy = ModulePolicy::deny_all().allow(rule("author:github.com/o"));
    assert!(policy.check(&ModulePin::Content { content: content("bundle") }).is_err());
}

#[test]
fn a_policy_and_its_rules_survive_json_and_nonsense_is_refused() {
    let policy = ModulePolicy::deny_all()
        .allow(rule("author:github.com/lilypad-tech"))
        .deny(rule("repo:https://github.com/Lilypad-Tech/x.git"));
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(
        text,
        r#"{"default":"deny","allow":["author:github.com/lilypad-tech"],"deny":["repo:github.com/lilypad-tech/x"]}"#
    );
    assert_eq!(serde_json::from_str::<ModulePolicy>(&text).unwrap(), policy);
    let long = format!("repo:github.com/o/{}", "x".repeat(600));
    for text in
        ["", "github.com/o/r", "repo:github.com/o", "author:o", "author:github.com/o/r", "content:Qm", &long]
    {
        assert_eq!(text.parse::<ModuleRule>().unwrap_err().code(), "E_POLICY_RULE", "{text:?}");
    }
}

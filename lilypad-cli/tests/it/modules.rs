//! `lilypad module`: scaffold, check, render, schema.

use std::fs;

use crate::tool::User;

#[test]
fn a_new_module_passes_its_check() {
    let user = User::new();
    for (name, kind) in [("frog-counter", "wasm"), ("frog-box", "docker")] {
        let folder = user.path(name).to_string_lossy().into_owned();
        user.lilypad(&["module", "new", name, "--path", &folder, "--kind", kind]).ends_with(0);
        let manifest = fs::read_to_string(format!("{folder}/lilypad.toml")).unwrap();
        assert!(manifest.contains(name), "{manifest}");
        user.lilypad(&["module", "new", name, "--path", &folder]).ends_with(2);
    }
    let checked =
        user.lilypad(&["module", "check", &user.path("frog-box").to_string_lossy(), "--json"]).ends_with(0);
    assert_eq!(checked.json()["errors"], 0);
    let unbuilt =
        user.lilypad(&["module", "check", &user.path("frog-counter").to_string_lossy()]).ends_with(2);
    assert!(unbuilt.stderr.contains("build it"), "{}", unbuilt.stderr);
    user.lilypad(&["module", "new", "../escape"]).ends_with(2);
}

#[test]
fn every_example_passes_its_check() {
    let user = User::new();
    for name in ["cowsay", "wordcount", "mandelbrot", "fail", "forever"] {
        let folder = format!("examples/modules/{name}");
        let checked = user.lilypad(&["module", "check", &folder, "--json"]).ends_with(0).json();
        assert_eq!(checked["findings"].as_array().unwrap().len(), 0, "{checked:#}");
    }
}

#[test]
fn the_schema_is_a_schema() {
    let schema = User::new().lilypad(&["module", "schema"]).ends_with(0).json();
    assert!(schema["properties"]["run"].is_object(), "{schema:#}");
}

#[test]
fn a_template_is_rendered_raw_and_as_json() {
    let user = User::new();
    let folder = user.path("t");
    fs::create_dir(&folder).unwrap();
    let template = "{\"machine\": {\"cpu\": 1000}, \"job\": {\"Spec\": {\"Engine\": \"Docker\", \"PublisherSpec\": \
                    {\"Type\": \"IPFS\"}, \"Docker\": {\"Image\": \"busybox\", \"Entrypoint\": [{{.Word}}]}}}}";
    fs::write(folder.join("lilypad_module.json.tmpl"), template).unwrap();
    let path = folder.to_string_lossy().into_owned();
    let raw = user.lilypad(&["module", "render", &path, "-i", "Word=a\"<b", "--raw"]).ends_with(0);
    assert_eq!(raw.stdout, template.replace("{{.Word}}", "\"a\\\"\\u003cb\""));
    let parsed = user.lilypad(&["module", "render", &path, "-i", "Word=a\"<b", "--json"]).ends_with(0).json();
    assert_eq!(parsed["job"]["Spec"]["Docker"]["Entrypoint"][0], "a\"<b");
    assert_eq!(parsed["machine"]["cpu"], 1000);
    user.lilypad(&["module", "render", "examples/modules/cowsay", "--raw"]).ends_with(2);
}

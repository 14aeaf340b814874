//! Container image references: `[host[:port]/]path[:tag][@sha256:digest]`.

/// What an image reference says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageRef<'a> {
    /// Host and path.
    pub(crate) name: &'a str,
    /// The tag, where one is named.
    pub(crate) tag: Option<&'a str>,
    /// The digest, where one is named.
    pub(crate) digest: Option<&'a str>,
}

/// Reads an image reference.
///
/// # Errors
/// Why it is none, as a phrase after the reference.
pub(crate) fn parse(text: &str) -> Result<ImageRef<'_>, &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > 512 {
        return Err("is longer than 512 bytes");
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let path_start = rest.rfind('/').map_or(0, |at| at + 1);
    let tag_at = rest.get(path_start..).and_then(|last| last.find(':')).map(|at| path_start + at);
    let (name, tag) = match tag_at.and_then(|at| rest.split_at_checked(at)) {
        Some((name, tag)) => (name, tag.strip_prefix(':')),
        None => (rest, None),
    };
    if tag.is_some_and(|tag| tag.starts_with("sha256:")) {
        return Err("has `:sha256:` where a digest starts with `@sha256:`");
    }
    if !is_name(name) {
        return Err("is not an image name: lower-case letters, digits, `.`, `_`, `-` between slashes");
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err("has a malformed tag");
    }
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Err("has a malformed digest: `@sha256:` and 64 hex digits");
    }
    Ok(ImageRef { name, tag, digest })
}

fn is_name(name: &str) -> bool {
    let mut parts = name.split('/');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let host = !rest.is_empty() && (first.contains(['.', ':']) || first == "localhost");
    (if host { is_host(first) } else { is_part(first) }) && rest.iter().all(|part| is_part(part))
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    name.split('.').all(label) && port.parse::<u16>().is_ok()
}

fn is_part(part: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    part.starts_with(plain)
        && part.ends_with(plain)
        && part.chars().all(|letter| plain(letter) || matches!(letter, '.' | '_' | '-'))
        && !part.contains("..")
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !tag.starts_with(['.', '-'])
}

fn is_digest(digest: &str) -> bool {
    digest
        .strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:a8dc7aa48cb27af19d38c69b496c3c967e1d4fdee40e3b97d27b27cb87b40878";

    #[test]
    fn references_are_taken_apart() {
        let full = format!("public.ecr.aws/k8m6l9n3/ollama:llama3@{DIGEST}");
        let image = parse(&full).unwrap();
        assert_eq!(image.name, "public.ecr.aws/k8m6l9n3/ollama");
        assert_eq!((image.tag, image.digest), (Some("llama3"), Some(DIGEST)));
        assert_eq!(parse("localhost:5000/x").unwrap().tag, None);
        assert_eq!(
            parse("gromacs/gromacs").unwrap(),
            ImageRef { name: "gromacs/gromacs", tag: None, digest: None }
        );
    }

    #[test]
    fn malformed_references_are_refused() {
        for wrong in [
            "",
            "Upper/case",
            "a b",
            "a//b",
            "/a",
            "a:",
            "a@sha256:12",
            "a@md5:00",
            "name:sha256:54a6f7b377a7872c00869bdd5e5a38e39db27c255f8f33d93567bebc04972157",
            "dockerhubuser/image:tagversion@sha256:hash",
            "-x",
            "a/../b",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

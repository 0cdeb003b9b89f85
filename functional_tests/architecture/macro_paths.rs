//! Paths in the arguments of a macro, which are tokens rather than syntax.

/// The paths in a macro's tokens, whose text has a space between any two of them.
pub(super) fn paths_in(tokens: &str) -> Vec<Vec<String>> {
    let is_name = |word: &str| word.chars().all(|c| c.is_alphanumeric() || c == '_');
    let mut paths = Vec::new();
    let mut follows = false;
    for word in tokens.split([' ', '\n', '(', ')', '[', ']', '{', '}', ',', ';', '&', '<', '>', '!', '?', '.']) {
        for (index, name) in word.split("::").enumerate() {
            follows |= index > 0;
            if name.is_empty() {
                continue;
            }
            match paths.last_mut().filter(|_| follows && is_name(name)) {
                Some(path) => Vec::push(path, name.to_owned()),
                None => paths.push(vec![name.to_owned()]),
            }
            follows = false;
        }
    }
    paths
}

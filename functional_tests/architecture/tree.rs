//! The modules of a crate, and which file names which other: every `use` and path is resolved to the file that defines
//! what it names, through `super::super`, groups, globs and re-exports.
//!
//! It works on texts, so that a test can plant a violation. A method that is called names nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{self, Contents, Module, Scope};

/// A re-export of a re-export, and so on; deeper ones are taken for a loop.
const MAX_DEPTH: usize = 16;

/// A crate, by the paths of its files below its folder, without `.rs`.
pub(crate) struct Tree {
    files: BTreeMap<String, Contents>,
    /// The file and the scope of each module.
    modules: BTreeMap<Module, (String, usize)>,
}

/// One file names what another defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrow {
    /// The paths, as they are written.
    pub(crate) names: BTreeSet<String>,
    pub(crate) only_in_tests: bool,
}

impl Tree {
    /// The crate of these files; `root` is the one with the crate's root module.
    pub(crate) fn parse(root: &str, texts: &BTreeMap<String, String>) -> Self {
        let mut tree = Self { files: BTreeMap::new(), modules: BTreeMap::new() };
        let mut of_tests = BTreeSet::<Module>::new();
        // Parents come before their children, so that it is known which are for tests alone.
        let mut by_depth: Vec<_> = texts.iter().map(|(file, text)| (module(root, file), file, text)).collect();
        by_depth.sort_by_key(|(module, ..)| module.len());
        for (module, file, text) in by_depth {
            let is_test = (0..=module.len()).any(|length| of_tests.contains(&module[..length]));
            let contents = reader::read(&module, is_test, text).unwrap_or_else(|e| panic!("{file}.rs: {e}"));
            of_tests.extend(contents.test_modules.iter().cloned());
            for (number, scope) in contents.scopes.iter().enumerate() {
                tree.modules.insert(scope.module.clone(), (file.clone(), number));
            }
            tree.files.insert(file.clone(), contents);
        }
        tree
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The files without a single item.
    pub(crate) fn empty_files(&self) -> Vec<&str> {
        self.files.iter().filter(|(_, contents)| contents.is_empty).map(|(file, _)| file.as_str()).collect()
    }

    /// Every name in the code of a file, its tests left out.
    pub(crate) fn names(&self, file: &str) -> &BTreeSet<String> {
        &self.files[file].names
    }

    /// All arrows from one file to another.
    pub(crate) fn arrows(&self) -> BTreeMap<(&str, &str), Arrow> {
        let mut arrows = BTreeMap::<_, Arrow>::new();
        for (from, contents) in &self.files {
            for scope in &contents.scopes {
                for (path, in_test) in &scope.paths {
                    let Some(to) = self.resolve(&scope.module, path, 0) else { continue };
                    let to = self.modules[&to].0.as_str();
                    if to != from {
                        let new = Arrow { only_in_tests: true, ..Arrow::default() };
                        let arrow = arrows.entry((from.as_str(), to)).or_insert(new);
                        arrow.names.insert(path.join("::"));
                        arrow.only_in_tests &= *in_test || scope.is_test;
                    }
                }
            }
        }
        arrows
    }

    fn scope(&self, module: &[String]) -> Option<&Scope> {
        self.modules.get(module).map(|(file, number)| &self.files[file].scopes[*number])
    }

    /// The module that defines what `path` names, where `from` writes it; nothing for what is not of this crate.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Module> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            "super" => {
                let ups = path.iter().take_while(|name| *name == "super").count();
                (from.get(..from.len().checked_sub(ups)?)?.to_vec(), &path[ups..])
            }
            _ => (from.to_vec(), path),
        };
        if depth > MAX_DEPTH {
            return None;
        }
        let is_relative = rest.len() == path.len();
        while let Some((name, after)) = rest.split_first() {
            let child = [at.clone(), vec![name.clone()]].concat();
            if self.modules.contains_key(&child) {
                (at, rest) = (child, after);
                continue;
            }
            let scope = self.scope(&at)?;
            if scope.elsewhere.contains(name) {
                return None;
            }
            if scope.defined.contains(name) {
                return Some(at);
            }
            if let Some(found) = self.resolve_import(scope, name, after, depth) {
                return Some(found);
            }
            // An item that a macro makes belongs to the module; a first name that is unknown is another crate's.
            return (!is_relative || rest.len() < path.len()).then_some(at);
        }
        Some(at)
    }

    /// Follows a name that a module has from a `use`, by name or by a glob.
    fn resolve_import(&self, scope: &Scope, name: &String, after: &[String], depth: usize) -> Option<Module> {
        let by_name = scope.imports.iter().filter(|(imported, path)| imported == name && path.first() != Some(name));
        let mut by_name = by_name.map(|(_, path)| [path.as_slice(), after].concat());
        if let Some(found) = by_name.find_map(|path| self.resolve(&scope.module, &path, depth + 1)) {
            return Some(found);
        }
        let globs = scope.imports.iter().filter(|(imported, _)| imported == "*");
        globs.filter_map(|(_, path)| self.resolve(&scope.module, path, depth + 1)).find_map(|glob| {
            let child = [glob.clone(), vec![name.clone()]].concat();
            let inner = self.scope(&glob)?;
            let has_it = self.modules.contains_key(&child)
                || inner.defined.contains(name)
                || inner.imports.iter().any(|(imported, _)| imported == name);
            let path = [vec!["self".to_owned(), name.clone()], after.to_vec()].concat();
            has_it.then(|| self.resolve(&glob, &path, depth + 1)).flatten()
        })
    }
}

fn module(root: &str, file: &str) -> Module {
    if file == root { Vec::new() } else { file.split('/').map(str::to_owned).collect() }
}

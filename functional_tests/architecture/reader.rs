//! Reads one Rust file: the modules in it, what each defines and imports, and every path that it writes.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

use super::items::{attributes, is_for_tests, name};
use super::macro_paths::paths_in;

/// The names of a module from the crate's root on.
pub(super) type Module = Vec<String>;

/// A module that a file holds: the file itself, or one written inside of it.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) module: Module,
    /// Is it compiled for tests alone?
    pub(super) is_test: bool,
    /// The items that it defines.
    pub(super) defined: BTreeSet<String>,
    /// Its modules whose file is elsewhere (`#[path]`).
    pub(super) elsewhere: BTreeSet<String>,
    /// The name of each import (`*` of a glob) and its path.
    pub(super) imports: Vec<(String, Vec<String>)>,
    /// Paths of two names or more, with whether only a test has them.
    pub(super) paths: Vec<(Vec<String>, bool)>,
}

/// What a file holds.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) scopes: Vec<Scope>,
    /// Modules in files of their own that only tests have.
    pub(super) test_modules: Vec<Module>,
    /// Every name in code that is not a test's.
    pub(super) names: BTreeSet<String>,
    pub(super) is_empty: bool,
}

/// Reads the file that is `module`.
pub(super) fn read(module: &[String], is_test: bool, text: &str) -> syn::Result<Contents> {
    let file = syn::parse_file(text)?;
    let scope = Scope { module: module.to_vec(), is_test, ..Scope::default() };
    let contents = Contents { scopes: vec![scope], is_empty: file.items.is_empty(), ..Contents::default() };
    let mut reader = Reader { contents, open: vec![0], tests: usize::from(is_test), bodies: 0 };
    reader.visit_file(&file);
    Ok(reader.contents)
}

struct Reader {
    contents: Contents,
    /// The scopes around the current place; the last is the innermost.
    open: Vec<usize>,
    /// How many items around the current place are for tests alone.
    tests: usize,
    /// How many function bodies are around the current place: what they define, the module does not.
    bodies: usize,
}

impl Reader {
    fn scope(&mut self) -> &mut Scope {
        let innermost = self.open.last().copied().unwrap_or_default();
        &mut self.contents.scopes[innermost]
    }

    fn path(&mut self, path: Vec<String>) {
        let is_test = self.tests > 0;
        if !is_test {
            self.contents.names.extend(path.iter().cloned());
        }
        if path.len() > 1 {
            self.scope().paths.push((path, is_test));
        }
    }

    fn import(&mut self, name: &str, path: Vec<String>) {
        self.path(path.clone());
        self.scope().imports.push((name.to_owned(), path));
    }

    fn import_tree(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.import_tree(&inner.tree, path);
            }
            UseTree::Name(name) if name.ident == "self" => {
                let last = path.last().cloned().unwrap_or_default();
                self.import(&last, path);
            }
            UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.import(&name.ident.to_string(), path);
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    path.push(rename.ident.to_string());
                }
                self.import(&rename.rename.to_string(), path);
            }
            // The module itself is named, even if it is one word (`use super::*`).
            UseTree::Glob(_) => {
                let is_test = self.tests > 0;
                self.scope().paths.push((path.clone(), is_test));
                self.scope().imports.push(("*".to_owned(), path));
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import_tree(tree, path.clone())),
        }
    }

    fn within<T>(&mut self, attributes: &[Attribute], read: impl FnOnce(&mut Self) -> T) -> T {
        let tests = usize::from(is_for_tests(attributes));
        self.tests += tests;
        let result = read(self);
        self.tests -= tests;
        result
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Some(name) = name(item).filter(|_| self.bodies == 0) {
            self.scope().defined.insert(name);
        }
        self.within(attributes(item), |reader| visit::visit_item(reader, item));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.within(&function.attrs, |reader| visit::visit_impl_item_fn(reader, function));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.bodies += 1;
        visit::visit_block(self, block);
        self.bodies -= 1;
    }

    fn visit_item_mod(&mut self, inner: &'ast syn::ItemMod) {
        let is_test = self.tests > 0;
        let module = [self.scope().module.clone(), vec![inner.ident.to_string()]].concat();
        let Some((_, items)) = &inner.content else {
            if inner.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
                self.scope().elsewhere.insert(inner.ident.to_string());
            }
            self.contents.test_modules.extend(is_test.then_some(module));
            return;
        };
        self.open.push(self.contents.scopes.len());
        self.contents.scopes.push(Scope { module, is_test, ..Scope::default() });
        items.iter().for_each(|item| self.visit_item(item));
        self.open.pop();
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.import_tree(&import.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        paths_in(&call.tokens.to_string()).into_iter().for_each(|path| self.path(path));
        visit::visit_macro(self, call);
    }

    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        if self.tests == 0 {
            self.contents.names.insert(name.to_string());
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if self.tests == 0 && signature.asyncness.is_some() {
            self.contents.names.insert("async".to_owned());
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        if self.tests == 0 {
            self.contents.names.insert("async".to_owned());
        }
        visit::visit_expr_async(self, block);
    }

    /// `pub(in path)` only names the module itself or one around it.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

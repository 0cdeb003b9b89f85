//! What a provider's own OpenAPI document says of a call that looks a mail up.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::repository::read;
use crate::harness::{Request, skip};

/// The text of a document; none, and a counted skip, if it is not here.
pub(super) fn document(name: &str) -> Option<String> {
    let folder = std::env::var_os("SMSP_SPECS").map(PathBuf::from);
    let path = folder.map(|folder| folder.join(name)).filter(|path| path.exists());
    if path.is_none() {
        skip(&format!("{name} is not here: SMSP_SPECS names the folder of the providers' OpenAPI documents"));
    }
    path.map(|path| read(&path))
}

/// Method, path and the names in the query of a request.
pub(super) fn parts(request: &Request) -> (String, String, Vec<String>) {
    let (method, target) = request.target.split_once(' ').expect("a method and a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let names = query.split('&').filter(|pair| !pair.is_empty());
    let names = names.map(|pair| pair.split('=').next().unwrap_or_default().to_owned());
    (method.to_lowercase(), path.to_owned(), names.collect())
}

/// The names of the parameters that a document in YAML gives to this call; none, where it has no such call.
pub(super) fn parameters_in_yaml(document: &str, path: &str, method: &str) -> Option<Vec<String>> {
    let (_, rest) = document.split_once(&format!("\n  {path}:\n"))?;
    let call = rest.split("\n  /").next()?.split_once(&format!("    {method}:\n"))?.1;
    let names = call.lines().filter_map(|line| line.trim_start().strip_prefix("- name: "));
    Some(names.map(str::to_owned).collect())
}

/// The names of the parameters that a document in JSON gives to this call; none, where it has no such call.
pub(super) fn parameters_in_json(document: &str, path: &str, method: &str) -> Option<Vec<String>> {
    let document: Value = serde_json::from_str(document).expect("the document is JSON");
    let call = &document["paths"][path][method];
    let resolve = |parameter: &Value| match parameter["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).cloned().unwrap_or_default(),
        None => parameter.clone(),
    };
    let parameters = call["parameters"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(resolve);
    let names = parameters.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect();
    call.is_object().then_some(names)
}

//! Circles: files that name each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Arrow;

/// The arrows of every circle, a list for each: two files are in one if each is reached from the other.
pub(crate) fn circles<'a>(arrows: &BTreeMap<(&'a str, &'a str), Arrow>) -> Vec<Vec<String>> {
    let mut next = BTreeMap::<&str, Vec<&str>>::new();
    for (from, to) in arrows.keys() {
        next.entry(from).or_default().push(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|from| (*from, reached(from, &next))).collect();
    let (mut circles, mut known) = (Vec::new(), BTreeSet::new());
    for (file, reach) in reached.iter().filter(|(file, reach)| reach.contains(*file)) {
        let circle: BTreeSet<_> =
            reach.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(file))).collect();
        if known.insert(circle.clone()) {
            let inside = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
            circles.push(inside.map(|((from, to), arrow)| format!("{from} -> {to}: {:?}", arrow.names)).collect());
        }
    }
    circles
}

/// All files to which a chain of arrows leads from `from`.
fn reached<'a>(from: &'a str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let (mut reached, mut ahead) = (BTreeSet::new(), vec![from]);
    while let Some(file) = ahead.pop() {
        let new = next.get(file).into_iter().flatten().filter(|other| reached.insert(**other));
        ahead.extend(new.collect::<Vec<_>>());
    }
    reached
}

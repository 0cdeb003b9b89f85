//! Which mail goes where: `SMSP_ROUTES`, or the file of `SMSP_ROUTES_FILE`, which can be read again while the node serves.

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::ExposeSecret;

use super::names::PREFIX;
use super::providers::UpstreamSpec;
use crate::delivery::dispatch::settings::ROUTES;
use crate::delivery::routing::rules::{DEFAULT, MX, Problem, Rule, Rules, Target};
use crate::runtime::settings::{Section, Source};

/// The rules of a start.
pub struct RoutesConfig {
    /// As they are now.
    pub rules: Rules,
    /// Where they came from; `None`: there are none.
    pub source: Option<RouteSource>,
    /// What rules may name, in the order of `SMSP_PROVIDERS`.
    upstreams: Vec<Arc<str>>,
}

/// Where rules stand, and what they may name.
#[derive(Clone)]
pub struct RouteSource {
    source: Source,
    upstreams: Vec<Arc<str>>,
    /// Why no rule may name `mx`; `None`: one may.
    no_mx: Option<String>,
    /// Does the operator's list end with `mx`?
    list_is_direct: bool,
    /// What was read last, and what it came to: to parse 500 rules each second would take a part of a processor.
    last: Arc<Mutex<Option<LastRead>>>,
}

/// A text of rules, and what it came to.
struct LastRead {
    text: String,
    rules: Result<Rules, Vec<String>>,
}

impl RouteSource {
    /// Can they change while the node serves?
    pub fn may_change(&self) -> bool {
        self.source.is_file()
    }

    /// The rules as they are now, all of them or none; an error names their variable.
    pub fn read(&self) -> Result<Rules, String> {
        self.rules().map_err(|problems| format!("{PREFIX}{}: {}", self.source.variable(), problems.join("; ")))
    }

    fn rules(&self) -> Result<Rules, Vec<String>> {
        let text = self.source.text().map_err(|problem| vec![problem])?;
        let text = text.expose_secret();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.text == *text) {
            return known.rules.clone();
        }
        let told = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect();
        let rules = Rules::read(text, &self.upstreams).map_err(told).and_then(|rules| self.checked(rules));
        *last = Some(LastRead { text: text.to_owned(), rules: rules.clone() });
        rules
    }

    /// Those of a start that may name `mx`, or name it nowhere.
    fn checked(&self, rules: Rules) -> Result<Rules, Vec<String>> {
        match (rules.first_direct(), &self.no_mx) {
            (Some(rule), Some(why)) => Err(vec![of_rule(rule, why)]),
            _ => Ok(rules.beside_list(self.list_is_direct)),
        }
    }
}

fn of_rule(rule: &Rule, why: &str) -> String {
    format!("the rule `{}` {why}", rule.name())
}

/// `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section, specs: &[UpstreamSpec]) -> Option<RoutesConfig> {
    let upstreams: Vec<Arc<str>> = specs.iter().map(|spec| spec.name.as_str().into()).collect();
    let Some(source) = section.source(&ROUTES)? else {
        return Some(RoutesConfig { rules: Rules::default(), source: None, upstreams });
    };
    let source =
        RouteSource { source, upstreams: upstreams.clone(), no_mx: None, list_is_direct: false, last: Arc::default() };
    let rules = source.rules().map_err(|problems| {
        problems.iter().for_each(|problem| section.error(source.source.variable(), problem));
    });
    let rules = rules.ok()?;
    section.in_force(ROUTES.name, &rules.to_string());
    if specs.iter().any(|spec| spec.idle) {
        // The upstreams that they name are not there.
        section.warning(ROUTES.name, "is not looked at while the mock takes all mail");
        return Some(RoutesConfig { rules: Rules::default(), source: None, upstreams });
    }
    warn_of_pins(section, &rules);
    Some(RoutesConfig { rules, source: Some(source), upstreams })
}

/// The outage of a provider is the outage of the mail that is pinned to it.
fn warn_of_pins(section: &mut Section, rules: &Rules) {
    for rule in rules.iter().filter(|rule| rule.is_pinned() && !rule.targets().is_empty()) {
        let targets: Vec<_> = rule.targets().iter().map(|target| &*target.name).collect();
        let when = if targets.len() == 1 { "while that takes none" } else { "while none of them takes any" };
        let problem = format!(
            "the rule `{}` pins its mail to {} (`!`): {when}, this mail is answered 503",
            rule.name(),
            targets.join(", ")
        );
        section.warning(ROUTES.name, &problem);
    }
}

impl RoutesConfig {
    /// Does a rule name `mx`?
    pub(super) fn name_mx(&self) -> bool {
        self.rules.first_direct().is_some()
    }

    /// Beside a list that ends with `mx` or does not, where no rule may name `mx` for this reason, if there is one. What is
    /// wrong is recorded.
    pub(super) fn beside_list(self, section: &mut Section, is_direct: bool, no_mx: Option<String>) -> Self {
        if let (Some(rule), Some(why), Some(source)) = (self.rules.first_direct(), &no_mx, &self.source) {
            section.error(source.source.variable(), &of_rule(rule, why));
        }
        let rules = self.rules.beside_list(is_direct);
        let source =
            self.source.map(|source| RouteSource { no_mx, list_is_direct: is_direct, last: Arc::default(), ..source });
        Self { rules, source, ..self }
    }

    /// May mail go to its recipients' own servers, now or after the rules were read again?
    pub(super) fn may_be_direct(&self) -> bool {
        let may_come = self.source.as_ref().is_some_and(|source| source.may_change() && source.no_mx.is_none());
        self.is_direct() || may_come
    }

    /// May mail go to its recipients' own servers now?
    pub(super) fn is_direct(&self) -> bool {
        self.rules.list_is_direct() || self.name_mx()
    }

    /// The rules as lines of a table, for people; none without rules.
    pub fn table(&self) -> Vec<String> {
        let head = ["rule", "mail", "upstreams"].map(str::to_owned);
        let rule = |(place, rule): (usize, &Arc<Rule>)| {
            [rule.name().to_string(), rule.conditions(), self.upstreams_of(rule) + self.behind(Some(place))]
        };
        let rest =
            if self.upstreams.is_empty() { MX.to_owned() } else { format!("by SMSP_ROUTING{}", self.behind(None)) };
        let rest = [DEFAULT.to_owned(), "all other".to_owned(), rest];
        let rows: Vec<_> = std::iter::once(head).chain(self.rules.iter().enumerate().map(rule)).chain([rest]).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths = [width(0), width(1)];
        let line =
            |[name, mail, upstreams]: &[String; 3]| format!("{name:0$}  {mail:1$}  {upstreams}", widths[0], widths[1]);
        rows.iter().filter(|_| self.rules.iter().len() > 0).map(line).collect()
    }

    /// What comes behind all upstreams of the rule at this place.
    fn behind(&self, place: Option<usize>) -> &'static str {
        if self.rules.is_direct(place) && !self.is_mx_alone(place) { ", then mx" } else { "" }
    }

    fn is_mx_alone(&self, place: Option<usize>) -> bool {
        place.and_then(|place| self.rules.get(place)).is_some_and(|rule| rule.targets().is_empty())
    }

    fn upstreams_of(&self, rule: &Rule) -> String {
        if rule.targets().is_empty() {
            return format!("{MX}, no other");
        }
        let targets = rule.targets();
        let all: u32 = targets.iter().filter_map(|target| target.weight).map(|weight| u32::from(weight.get())).sum();
        let target = |target: &Target| match target.weight {
            Some(weight) => format!("{} {:.0} %", target.name, 100.0 * f64::from(weight.get()) / f64::from(all)),
            None => target.name.to_string(),
        };
        let chosen = targets.iter().map(target).collect::<Vec<_>>().join(", ");
        let is_target = |index: usize| targets.iter().any(|target| target.upstream == index);
        let others = self.upstreams.iter().enumerate().filter(|(index, _)| !is_target(*index));
        let others: Vec<_> = others.map(|(_, name)| &**name).collect();
        match (rule.is_pinned(), others.is_empty()) {
            (true, _) => format!("{chosen}, no other"),
            (false, true) => chosen,
            (false, false) => format!("{chosen}, then {}", others.join(", ")),
        }
    }
}

//! Settings that are set under a former name: taken, listed under the present name, and named as deprecated.

use super::{effective, errors, with};

const PORTS: (&str, &str) = ("SMSP_OPS_PORT", "SMSP_ADMIN_PORT");

#[test]
fn a_former_name_is_taken_and_deprecated() {
    let config = with(&[("SMSP_OPS_HOST", "127.0.0.1"), (PORTS.0, "9999")]).expect("a start");
    assert_eq!(config.listen.admin.to_string(), "127.0.0.1:9999");
    let shown = ["SMSP_ADMIN_HOST", PORTS.1].map(|name| effective(&config, name));
    assert_eq!(shown, ["127.0.0.1", "9999"]);
    assert!(config.effective.iter().all(|seen| !seen.name.starts_with("SMSP_OPS_")), "{:?}", config.effective);
    let deprecated = [
        "SMSP_OPS_HOST: is deprecated: rename it to SMSP_ADMIN_HOST; the next version refuses it",
        "SMSP_OPS_PORT: is deprecated: rename it to SMSP_ADMIN_PORT; the next version refuses it",
    ];
    assert_eq!(config.deprecated, deprecated);
    assert_eq!(
        with(&[(PORTS.1, "9999"), (PORTS.0, " ")]).map(|config| config.deprecated),
        Ok(vec![]),
        "empty is unset"
    );
}

#[test]
fn both_names_contradict_each_other_even_with_one_value() {
    for value in ["9999", "9998", "http"] {
        let said = errors(with(&[(PORTS.1, "9999"), (PORTS.0, value)]));
        let wanted = "SMSP_OPS_PORT: is the former name of SMSP_ADMIN_PORT, which is set too: remove SMSP_OPS_PORT";
        assert_eq!(said, [wanted], "{value}");
    }
}

#[test]
fn an_error_names_the_variable_that_is_set() {
    assert_eq!(errors(with(&[(PORTS.0, "http")])), ["SMSP_OPS_PORT: must be a port from 0 (any) to 65535"]);
    let shared = errors(with(&[(PORTS.0, "8080")]));
    assert!(shared.len() == 1 && shared[0].starts_with("SMSP_OPS_PORT: is the port of the API too"), "{shared:?}");
}

#[test]
fn no_suggestion_is_a_former_name() {
    let said = errors(with(&[("SMSP_OPS_PORTT", "1")]));
    assert!(said.len() == 1 && !said[0].contains("SMSP_OPS_PORT?"), "{said:?}");
}

//! Which keys are taken, and what is said of others.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::super::key::{CannotUse, Key, KeyKind};
use super::super::making::make;

/// RSA of 1024 bits, made for this test alone.
const SHORT: &str = "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAJ95tcZVMvD01VsiinbAGE4iJLAt70lVM6VqzudF+uqiRWgu9O4+\
    YqfAJGE6vyNwyRwXIYh/5nwKNIbrUP1R6ECGUT2kEahisUtCKd/Ix/awwxtnhkmWfmcg//Wm8y3wwegSo9c570uls6lfjv5YJZP+\
    8qR+W8UPZ2vtKIVfjvMHAgMBAAECgYEAmmKERBX08+nBprGApEeBABrzs480iKSwE+KbnK9VotInKR3URdQlQ8qyLWJm6dNlDgmi\
    j/dp1Qk4IqkqRaKGmHFu8OftDrcmmkFk/HELzYRZbelWsW3DmZUTu9oNmhfnnBiZ1dhBiWFwJe6Ir1VI3tD2aUIdkGf3tgNIzt5X\
    UEkCQQDM7UyDkbiJPDr9hTqe0tjSfG+aJJj/JD5hSL9SgHrsYPsVnh+m53b0OiJDe2AWJFmhmIuKkbHfNY9TXzJMn1A7AkEAxziG\
    Jtzy7WOLx3sU1g+br84nJyM1e1dWWol4y4wK33nNK+70MyAZRq65Pd8I5AJEw3TbTK9ZXulTJAWbTcHnpQJAAha5HO4zT1LJ1yOw\
    gUXs59hU2uFcnd0ktaEkMhcVKaujY4kFEZJyZ/LfvohXZmJgd4EyiusJQRkuqM7jmFxXWQJAFXt/49Lxky2n1gPstESMmkGVsT+3\
    tawuUKcAUpqwVXbR7AnhZV3xu9B9gzF4yPWBqr4AI93IulZYs8qy+4iMTQJAAjgqYCc8CttMB4ZaZ2Pwk6FYDKGjXLPaJUu8s+Ke\
    2L4cUGHsavTxAjEyF0Im8d66gu6v43cQaEiJ4ra36uMS0g==";

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn generated() -> String {
    let pair = KeyPair::generate(KeySize::Rsa3072).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

#[test]
fn each_file_that_no_receiver_could_verify_says_what_it_is_and_what_to_do() {
    let curve = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), "example.org", "s").unwrap();
    let good = std::fs::read_to_string(&made[0].file).unwrap();
    let public = pem("PUBLIC KEY", &STANDARD.decode(made[0].key.public()).unwrap());
    let short = pem("PRIVATE KEY", &STANDARD.decode(SHORT).unwrap());
    let broken = good.replacen("MII", "MIJ", 1);
    for (text, expected) in [
        ("", CannotUse::None),
        ("text", CannotUse::None),
        (&pem("OPENSSH PRIVATE KEY", b"0"), CannotUse::None),
        (&public, CannotUse::Public),
        (&pem("CERTIFICATE", b"0"), CannotUse::Public),
        (&pem("ENCRYPTED PRIVATE KEY", b"0"), CannotUse::Encrypted),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIE\n-----END RSA PRIVATE KEY-----\n",
            CannotUse::Encrypted,
        ),
        (&short, CannotUse::Short),
        (&curve, CannotUse::Other),
        (&pem("EC PRIVATE KEY", b"0"), CannotUse::Other),
        (&broken, CannotUse::Other),
    ] {
        let read = Key::read("s", text.as_bytes());
        assert_eq!(read.err(), Some(expected), "{text}");
        let said = expected.to_string();
        assert!(said.contains('`') || expected == CannotUse::Public, "what to do: {said}");
    }
}

#[test]
fn an_rsa_key_of_up_to_4096_bits_is_taken_in_either_form() {
    const VERSION_AND_ALGORITHM: usize = 26;
    let text = generated();
    let key = Key::read("s", text.as_bytes()).ok().unwrap();
    assert_eq!(key.kind(), KeyKind::Rsa(3072));
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).unwrap();
    let older = pem("RSA PRIVATE KEY", &der.secret_der()[VERSION_AND_ALGORITHM..]);
    let older = Key::read("s", older.as_bytes()).ok().unwrap();
    assert_eq!((older.kind(), older.record()), (key.kind(), key.record()));
    assert_eq!(KeyKind::rsa(4096), Ok(KeyKind::Rsa(4096)));
    assert_eq!(KeyKind::rsa(4097), Err(CannotUse::Long));
}

#[test]
fn a_key_of_ed25519_as_openssl_writes_it_has_the_public_key_that_openssl_shows() {
    // RFC 8410 10.3, and the public key of 10.1.
    let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let key = Key::read("s", private.as_bytes()).ok().unwrap();
    assert_eq!(key.record(), "v=DKIM1; k=ed25519; p=Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
}

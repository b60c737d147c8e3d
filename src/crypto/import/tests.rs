//! Keys of other people's tools, good and bad; `testdata/` has them as they were written.

use super::numbers::{Crt, Numbers, number};
use super::{ImportError, Kinship, form, import, kinship};
use crate::crypto::private_key::is_pair;
use crate::crypto::private_key::public_half;
use crate::crypto::rsa_key::KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use crypto_bigint::{BoxedUint, ConcatenatingSquare as _, Limb};
use pkcs8::der::Encode as _;
use pkcs8::der::asn1::UintRef;
use rsa::pkcs1::{RsaPrivateKey, RsaPrivateKeyRef};
use serde_json::{Map, Value, json};

macro_rules! testdata {
    ($name:literal) => {
        include_str!(concat!("testdata/", $name))
    };
}

const OPENSSL_2048: &str = testdata!("openssl_2048.pem");

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).unwrap()
}

/// The key as PKCS#1, after a change of its numbers.
fn changed(pem: &str, change: impl FnOnce(&mut Numbers)) -> Vec<u8> {
    let mut numbers = form::read(pem.as_bytes()).ok().unwrap();
    change(&mut numbers);
    let crt = numbers.crt.as_ref().unwrap();
    let bytes =
        [&numbers.modulus, &numbers.exponent, &numbers.private_exponent, &crt.p, &crt.q, &crt.dp, &crt.dq, &crt.qi]
            .map(|number| number.to_be_bytes());
    let [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] =
        bytes.each_ref().map(|bytes| UintRef::new(bytes).unwrap());
    let key = RsaPrivateKey {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
        other_prime_infos: None,
    };
    key.to_der().unwrap()
}

/// The key as a JWK, after a change of its members.
fn jwk(pem: &str, change: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    let der = der(pem);
    let key = RsaPrivateKeyRef::try_from(pkcs8::PrivateKeyInfoRef::try_from(&der[..]).unwrap().private_key).unwrap();
    let encode = |number: UintRef<'_>| URL_SAFE_NO_PAD.encode(number.as_bytes());
    let mut members = json!({
        "kty": "RSA",
        "n": encode(key.modulus),
        "e": encode(key.public_exponent),
        "d": encode(key.private_exponent),
        "p": encode(key.prime1),
        "q": encode(key.prime2),
        "dp": encode(key.exponent1),
        "dq": encode(key.exponent2),
        "qi": encode(key.coefficient),
    });
    change(members.as_object_mut().unwrap());
    members.to_string().into_bytes()
}

fn without_primes(members: &mut Map<String, Value>) {
    members.retain(|name, _| ["kty", "n", "e", "d"].contains(&name.as_str()));
}

fn zeros_in_front(members: &mut Map<String, Value>) {
    for (_, value) in members.iter_mut().filter(|(name, _)| *name != "kty") {
        let number = URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
        *value = json!(URL_SAFE_NO_PAD.encode([&[0, 0], &number[..]].concat()));
    }
}

fn imported(bytes: impl AsRef<[u8]>) -> KeyPair {
    import(bytes.as_ref()).unwrap_or_else(|error| panic!("the key {error}"))
}

fn refusal(bytes: impl AsRef<[u8]>) -> String {
    import(bytes.as_ref()).err().expect("the key is refused").to_string()
}

/// The size of a key that is taken.
fn bits(text: &str) -> usize {
    let pair = imported(text);
    assert_eq!(public_half(pair.pkcs8()).as_ref(), Ok(&pair.public_key));
    pair.public_key.bits()
}

#[test]
fn keys_of_many_tools_are_taken() {
    for (tool, text, expected) in [
        ("openssl genpkey", OPENSSL_2048, 2048),
        ("openssl pkey -traditional", testdata!("openssl_2048_pkcs1.pem"), 2048),
        ("openssl genpkey, an exponent of 32 bits", testdata!("openssl_exponent_32_bits.pem"), 2048),
        ("PyJWT", testdata!("pyjwt_2048.json"), 2048),
        ("jwcrypto", testdata!("jwcrypto_3072.json"), 3072),
        ("jose (Node)", testdata!("jose_2048.json"), 2048),
    ] {
        assert_eq!(bits(text), expected, "{tool}");
    }
}

#[test]
fn keys_of_all_sizes_are_taken() {
    assert_eq!(bits(testdata!("openssl_2056.pem")), 2056);
    assert_eq!(bits(testdata!("openssl_3072.pem")), 3072);
    assert_eq!(bits(testdata!("openssl_4096.pem")), 4096);
    assert_eq!(bits(testdata!("cryptography_4096_pkcs1.pem")), 4096);
}

#[test]
fn a_key_comes_out_the_same_in_whatever_form_it_came() {
    let expected = imported(OPENSSL_2048);
    assert_eq!(expected.pkcs8().len(), der(OPENSSL_2048).len());
    let pkcs1 = testdata!("openssl_2048_pkcs1.pem");
    let one_line =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(der(OPENSSL_2048)));
    for (form, bytes) in [
        ("PKCS#8, DER", der(OPENSSL_2048)),
        ("PKCS#1, PEM", pkcs1.into()),
        ("PKCS#1, DER", der(pkcs1)),
        ("JWK", jwk(OPENSSL_2048, |_| ())),
        ("JWK, zeros in front", jwk(OPENSSL_2048, zeros_in_front)),
        ("JWK without primes", jwk(OPENSSL_2048, without_primes)),
        (
            "the lines of Windows, and its byte order mark",
            format!("\u{FEFF}{}", OPENSSL_2048.replace('\n', "\r\n")).into(),
        ),
        ("all in one line", one_line.into()),
        ("explained", format!("Bag Attributes\n{OPENSSL_2048}\n").into()),
        ("before its certificate", [OPENSSL_2048, testdata!("certificate.pem")].concat().into()),
        ("after its public half", [testdata!("public.pem"), OPENSSL_2048].concat().into()),
    ] {
        assert!(imported(bytes).pkcs8() == expected.pkcs8(), "{form}");
    }
}

#[test]
fn primes_in_the_other_order_and_a_larger_private_exponent_make_no_difference() {
    let text = testdata!("smaller_prime_first.pem");
    let Numbers { private_exponent, crt, .. } = form::read(text.as_bytes()).ok().unwrap();
    let crt = crt.unwrap();
    assert!(*crt.p < *crt.q);
    let pair = imported(text);
    let written = form::read(pair.pkcs8()).ok().unwrap();
    let written_crt = written.crt.unwrap();
    assert!(*written_crt.p == *crt.q && *written_crt.q == *crt.p);
    assert!(*written.private_exponent < *private_exponent);
    assert!(imported(pair.pkcs8()).pkcs8() == pair.pkcs8());
}

#[test]
fn primes_that_were_left_out_are_found_again() {
    for pem in [testdata!("openssl_2056.pem"), testdata!("openssl_3072.pem"), testdata!("smaller_prime_first.pem")] {
        assert!(imported(jwk(pem, without_primes)).pkcs8() == imported(pem).pkcs8());
    }
}

#[test]
fn a_jwk_says_what_it_is_for() {
    for (name, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!(["sign", "verify"])),
        ("alg", json!("RS512")),
        ("alg", Value::Null),
        ("kid", json!("any")),
    ] {
        imported(jwk(OPENSSL_2048, |members| drop(members.insert(name.into(), value))));
    }
}

#[test]
fn what_is_no_rsa_private_key_is_refused_by_its_name() {
    let cut = |text: &str, length: usize| text[..length].to_owned().into_bytes();
    let key = der(OPENSSL_2048);
    for (bytes, expected) in [
        (b"".to_vec(), "is empty"),
        (b" \r\n\t".to_vec(), "is empty"),
        (vec![b'{'; 64 * 1024 + 1], "is longer than any private key"),
        (b"secret".to_vec(), "is neither PEM nor DER of PKCS#8 or PKCS#1, nor a JWK"),
        (b"0123456789".to_vec(), "is neither PEM nor DER of PKCS#8 or PKCS#1, nor a JWK"),
        (vec![0xFF; 1000], "is neither PEM nor DER of PKCS#8 or PKCS#1, nor a JWK"),
        (vec![0x30, 0], "is neither PEM nor DER of PKCS#8 or PKCS#1, nor a JWK"),
        (cut(OPENSSL_2048, 1000), "is cut off: its end is missing"),
        (key[..1000].to_vec(), "is cut off: its end is missing"),
        ([&key[..], b"more"].concat(), "has something behind its end"),
        (testdata!("public.pem").into(), "is only a public key"),
        (testdata!("public_pkcs1.pem").into(), "is only a public key"),
        (der(testdata!("public.pem")), "is only a public key"),
        (der(testdata!("public_pkcs1.pem")), "is only a public key"),
        (
            testdata!("certificate.pem").into(),
            "is a certificate, or a request for one; the private key is in another file",
        ),
        (
            der(testdata!("certificate.pem")),
            "is a certificate, or a request for one; the private key is in another file",
        ),
        (testdata!("ec.pem").into(), "is for elliptic curves (EC); only RSA signs calls"),
        (testdata!("ec_pkcs8.pem").into(), "is for elliptic curves (EC); only RSA signs calls"),
        (der(testdata!("ec_pkcs8.pem")), "is for elliptic curves (EC); only RSA signs calls"),
        (testdata!("ed25519.pem").into(), "is for Ed25519; only RSA signs calls"),
        (OPENSSL_2048.replace("PRIVATE KEY", "DSA PRIVATE KEY").into(), "is for DSA; only RSA signs calls"),
        (
            OPENSSL_2048.replace("PRIVATE KEY", "ANY PRIVATE KEY").into(),
            "is for an algorithm that the vault does not know; only RSA signs calls",
        ),
        (testdata!("pss.pem").into(), "may only sign with PSS (RFC 4055, clause 1.2); the vault signs with RS256"),
        (testdata!("encrypted.pem").into(), "is encrypted with a password; `openssl pkey -in FILE` takes it off"),
        (der(testdata!("encrypted.pem")), "is encrypted with a password; `openssl pkey -in FILE` takes it off"),
        (testdata!("encrypted_old.pem").into(), "is encrypted with a password; `openssl pkey -in FILE` takes it off"),
        (
            testdata!("openssh.pem").into(),
            "is in the format of OpenSSH; `ssh-keygen -p -m PKCS8 -f FILE` rewrites the file",
        ),
        (
            // A sequence of the version 3 and two sequences, of which one is empty.
            vec![0x30, 0x0B, 2, 1, 3, 0x30, 4, 2, 2, 0, 0xFF, 0x30, 0],
            "is in a PKCS#12 file; `openssl pkcs12 -in FILE -nocerts -noenc` takes it out",
        ),
        ([OPENSSL_2048, testdata!("openssl_3072.pem")].concat().into(), "is one of 2 in the file; pass one alone"),
        (testdata!("three_primes.pem").into(), "has more than two primes"),
        (testdata!("three_primes_pkcs1.pem").into(), "has more than two primes"),
        (
            OPENSSL_2048.replacen('M', "*", 1).into(),
            "is no well-formed PEM: what stands between its first and its last line is not base64",
        ),
        (
            // The tag of the inner sequence.
            key.iter().enumerate().map(|(index, byte)| if index == 26 { 0x31 } else { *byte }).collect(),
            "is no well-formed DER of a private key (RFC 8017, clause A.1.2)",
        ),
    ] {
        assert_eq!(refusal(&bytes), expected, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_jwk_that_is_no_rsa_private_key_for_signatures_is_refused_by_its_name() {
    type Change = fn(&mut Map<String, Value>);
    let cases: [(Change, &str); 20] = [
        (|m| drop(m.remove("kty")), "lacks the member `kty` (RFC 7518, clause 6.3)"),
        (|m| drop(m.remove("n")), "lacks the member `n` (RFC 7518, clause 6.3)"),
        (|m| drop(m.remove("e")), "lacks the member `e` (RFC 7518, clause 6.3)"),
        (|m| drop(m.remove("d")), "lacks the member `d` (RFC 7518, clause 6.3)"),
        (|m| drop(m.remove("dq")), "lacks the member `dq` (RFC 7518, clause 6.3)"),
        (
            |m| m.retain(|name, _| ["p", "n", "e", "kty", "d"].contains(&&name[..])),
            "lacks the member `q` (RFC 7518, clause 6.3)",
        ),
        (|m| m.retain(|name, _| ["n", "e", "kty"].contains(&&name[..])), "is only a public key"),
        (
            |m| m["d"] = json!(format!("{}=", m["d"].as_str().unwrap())),
            "has `=` at the end of its member `d`: base64url in a JWK has no padding (RFC 7515, clause 2)",
        ),
        (|m| m["p"] = json!("+/"), "has a member `p` that is not base64url"),
        (|m| m["e"] = json!(65537), "has a member `e` that is not base64url"),
        (|m| drop(m.insert("oth".into(), json!([]))), "has more than two primes"),
        (|m| drop(m.insert("keys".into(), json!([]))), "is in a set of JWKs; pass the JWK itself"),
        (|m| drop(m.insert("use".into(), json!("enc"))), "has a `use` other than `sig`"),
        (|m| drop(m.insert("key_ops".into(), json!(["decrypt"]))), "has `key_ops` without `sign`"),
        (|m| drop(m.insert("key_ops".into(), json!("sign"))), "has `key_ops` without `sign`"),
        (|m| drop(m.insert("alg".into(), json!("RSA-OAEP-256"))), "has an `alg` other than RS256, RS384 and RS512"),
        (|m| drop(m.insert("alg".into(), json!("PS256"))), "has an `alg` other than RS256, RS384 and RS512"),
        (|m| m["kty"] = json!("EC"), "is for elliptic curves (EC); only RSA signs calls"),
        (|m| m["kty"] = json!("OKP"), "is for Edwards curves (OKP); only RSA signs calls"),
        (|m| m["kty"] = json!("oct"), "is for shared secrets (oct); only RSA signs calls"),
    ];
    for (change, expected) in cases {
        assert_eq!(refusal(jwk(OPENSSL_2048, change)), expected);
    }
    for text in ["{", r#"{"kty":"RSA","kty":"RSA"}"#, "{} {}"] {
        assert_eq!(refusal(text), "is no well-formed JSON object, each of whose members is there once", "{text}");
    }
}

#[test]
fn a_weak_key_is_refused_by_its_weakness() {
    for (text, expected) in [
        (testdata!("bits_1024.pem"), "has 1024 bits; 2048 to 4096 are taken"),
        (testdata!("bits_2047.pem"), "has 2047 bits; 2048 to 4096 are taken"),
        (testdata!("bits_2050.pem"), "has 2050 bits, which are not whole bytes"),
        (testdata!("bits_4104.pem"), "has 4104 bits; 2048 to 4096 are taken"),
        (testdata!("exponent_3.pem"), "has an exponent below 65537 (FIPS 186-5, clause A.1.1)"),
        (
            testdata!("exponent_200_bits.pem"),
            "has an exponent of more than 32 bits, which many verifiers, and the vault, cannot use",
        ),
        (testdata!("exponent_257_bits.pem"), "has an exponent of more than 256 bits (FIPS 186-5, clause A.1.1)"),
        (testdata!("small_factor.pem"), "has a modulus that 743 divides"),
        (
            testdata!("roca.pem"),
            "was made by a faulty Infineon library, and others can compute it (ROCA, CVE-2017-15361)",
        ),
        (testdata!("unequal_primes.pem"), "has primes of different lengths (FIPS 186-5, clause A.1.1)"),
        (testdata!("close_primes.pem"), "has primes that are too close to each other (FIPS 186-5, clause A.1.1)"),
        // The product of a prime x and 2x - 1, which Miller-Rabin with the base 2 takes for a prime.
        (testdata!("composite_p.pem"), "has a `p` that is not prime"),
        (testdata!("composite_q.pem"), "has a `q` that is not prime"),
        (testdata!("exponent_without_inverse.pem"), "has the wrong `e`: it does not fit the other numbers"),
        // The primes are 4x + 1 and 6x + 1, so that everything repeats after 12x steps.
        (testdata!("small_d.pem"), "has so small a `d` that others can compute it (FIPS 186-5, clause A.1.1)"),
    ] {
        assert_eq!(refusal(text), expected);
    }
}

#[test]
fn numbers_that_do_not_fit_each_other_are_named() {
    fn add_two(number: &mut BoxedUint) {
        *number = number.wrapping_add(BoxedUint::from(2u8));
    }
    fn crt(key: &mut Numbers) -> &mut Crt {
        key.crt.as_mut().unwrap()
    }
    type Change = fn(&mut Numbers);
    let cases: [(Change, &str); 19] = [
        (|key| key.modulus.as_mut_limbs()[0] &= Limb(u64::MAX - 1), "has an even modulus"),
        (|key| key.exponent = number(&[1, 0, 0]), "has an even exponent"),
        (|key| key.exponent = number(&[]), "has an even exponent"),
        (|key| key.exponent = number(&[1]), "has the exponent 1: whoever knows the public half can sign"),
        (|key| key.exponent = number(&[1, 0, 3]), "has the wrong `d`: it does not fit the other numbers"),
        (|key| crt(key).p = crt(key).q.clone(), "has a modulus that is not the product of `p` and `q`"),
        (
            |key| {
                crt(key).p = crt(key).q.clone();
                key.modulus = crt(key).p.concatenating_square();
            },
            "has the same prime twice",
        ),
        (|key| add_two(&mut crt(key).p), "has a modulus that is not the product of `p` and `q`"),
        (|key| add_two(&mut crt(key).q), "has a modulus that is not the product of `p` and `q`"),
        (|key| *crt(key).q = number(&[]), "has a modulus that is not the product of `p` and `q`"),
        (
            |key| {
                *crt(key).p = key.modulus.clone();
                *crt(key).q = number(&[1]);
            },
            "has primes of different lengths (FIPS 186-5, clause A.1.1)",
        ),
        (|key| add_two(&mut key.private_exponent), "has the wrong `d`: it does not fit the other numbers"),
        (|key| *key.private_exponent = number(&[]), "has the wrong `d`: it does not fit the other numbers"),
        (|key| *key.private_exponent = key.modulus.clone(), "has the wrong `d`: it does not fit the other numbers"),
        (|key| add_two(&mut crt(key).dp), "has the wrong `dp`: it does not fit the other numbers"),
        (|key| *crt(key).dp = number(&[]), "has the wrong `dp`: it does not fit the other numbers"),
        (|key| add_two(&mut crt(key).dq), "has the wrong `dq`: it does not fit the other numbers"),
        (|key| add_two(&mut crt(key).qi), "has the wrong `qi`: it does not fit the other numbers"),
        (|key| *crt(key).qi = number(&[]), "has the wrong `qi`: it does not fit the other numbers"),
    ];
    for (change, expected) in cases {
        assert_eq!(refusal(changed(OPENSSL_2048, change)), expected);
    }
}

#[test]
fn a_private_exponent_that_finds_no_primes_is_not_that_of_the_key() {
    let cases: [fn(&mut Map<String, Value>); 4] = [
        |members| members["d"] = json!("AQAB"),
        |members| members["d"] = json!(""),
        |members| members["d"] = members["n"].clone(),
        |members| members["e"] = json!("AQAD"),
    ];
    for change in cases {
        let key = jwk(OPENSSL_2048, |members| {
            without_primes(members);
            change(members);
        });
        assert_eq!(refusal(key), "has the wrong `d`: it does not fit the other numbers");
    }
}

#[test]
fn whatever_byte_is_changed_or_missing_the_key_is_not_taken() {
    let key = der(OPENSSL_2048);
    for index in (0..key.len()).step_by(61) {
        let mut changed = key.clone();
        changed[index] ^= 0x55;
        assert!(import(&changed).is_err(), "byte {index}");
        assert_eq!(
            import(&key[..index]).err(),
            Some(if index == 0 { ImportError::Empty } else { ImportError::Truncated })
        );
    }
}

#[test]
fn one_half_does_not_verify_what_that_of_another_key_signs() {
    let [one, other] = [OPENSSL_2048, testdata!("openssl_3072.pem")].map(imported);
    assert!(is_pair(one.pkcs8(), &one.public_key));
    assert!(!is_pair(other.pkcs8(), &one.public_key));
    assert!(!is_pair(b"no key", &one.public_key));
}

#[test]
fn keys_with_a_prime_in_common_are_found_of_whatever_size() {
    let [one, common, larger] = [OPENSSL_2048, testdata!("common_prime.pem"), testdata!("openssl_4096.pem")]
        .map(|pem| import(pem.as_bytes()).unwrap());
    let [one, common, larger] = [&one, &common, &larger].map(|pair| &pair.public_key);
    let found = [(one, one), (one, common), (common, one), (one, larger), (larger, common)];
    let expected = [Some(Kinship::Same), Some(Kinship::CommonFactor), Some(Kinship::CommonFactor), None, None];
    assert_eq!(found.map(|(one, other)| kinship(one, other)), expected);
}

//! What was encrypted to a key of the vault: compact JWE (RFC 7516, clause 7.1) with RSA-OAEP-256 (RFC 7518, clause 4.3) and A256GCM
//! (RFC 7518, clause 5.3), as everybody's libraries write them.

use super::jws::UniqueMembers;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine as _};
use serde_json::Value;
use zeroize::Zeroizing;

const KEY_LENGTH: usize = 32;
const TAG_LENGTH: usize = 16;

/// Why a JWE does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    #[error("is no compact JWE: five parts of base64url, of which the first is a JSON object")]
    Form,
    #[error("is not encrypted with RSA-OAEP-256 and A256GCM")]
    Algorithm,
    #[error("has a header that asks for more than the vault can do (`zip` or `crit`)")]
    Extension,
    #[error("cannot be opened: the private key cannot be parsed")]
    NoPrivateKey,
    /// One for all: who sees which step has failed can decrypt without the key, one question after the other.
    #[error("was encrypted to another key, or was changed")]
    Decryption,
}

/// Opens a compact JWE with the private half of the key that it is encrypted to. Takes some 1 ms: not on an async worker.
///
/// # Errors
/// [`UnwrapError`].
pub fn unwrap(jwe: &str, private_key_pkcs8: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    let parts: Vec<_> = jwe.split('.').collect();
    let &[header, encrypted_key, nonce, ciphertext, tag] = &parts[..] else { return Err(UnwrapError::Form) };
    let [header_text, encrypted_key, nonce, ciphertext, tag] =
        [header, encrypted_key, nonce, ciphertext, tag].map(|part| URL_SAFE_NO_PAD.decode(part));
    check_header(&header_text?)?;
    let sealed = Sealed { header, nonce: nonce?, ciphertext: ciphertext?, tag: tag? };
    let key = PrivateDecryptingKey::from_pkcs8(private_key_pkcs8).map_err(|_| UnwrapError::NoPrivateKey)?;
    let content_key = content_key(key, &encrypted_key?);
    // Where there is none, another takes its place, so that both failures take the same time (RFC 7516, clause 11.5).
    let no_key = Zeroizing::new([0; KEY_LENGTH]);
    let opened = sealed.open(content_key.as_ref().unwrap_or(&no_key));
    content_key.and(opened).ok_or(UnwrapError::Decryption)
}

impl From<DecodeError> for UnwrapError {
    fn from(_: DecodeError) -> Self {
        Self::Form
    }
}

/// RFC 7516, clauses 4.1.1 to 4.1.3 and 4.1.13.
fn check_header(header: &[u8]) -> Result<(), UnwrapError> {
    let UniqueMembers(header) = serde_json::from_slice(header).map_err(|_| UnwrapError::Form)?;
    let member = |name: &str| header.get(name).and_then(Value::as_str);
    if member("alg") != Some("RSA-OAEP-256") || member("enc") != Some("A256GCM") {
        return Err(UnwrapError::Algorithm);
    }
    if header.contains_key("zip") || header.contains_key("crit") {
        return Err(UnwrapError::Extension);
    }
    Ok(())
}

fn content_key(key: PrivateDecryptingKey, encrypted: &[u8]) -> Option<Zeroizing<[u8; KEY_LENGTH]>> {
    let key = OaepPrivateDecryptingKey::new(key).ok()?;
    let mut buffer = Zeroizing::new(vec![0; key.min_output_size()]);
    let decrypted = key.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut buffer, None).ok()?;
    <[u8; KEY_LENGTH]>::try_from(&*decrypted).ok().map(Zeroizing::new)
}

/// The content and what protects it.
struct Sealed<'a> {
    header: &'a str,
    nonce: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl Sealed<'_> {
    fn open(self, key: &[u8; KEY_LENGTH]) -> Option<Zeroizing<Vec<u8>>> {
        // The library takes the last bytes for the tag: of a shorter one, some would come from the ciphertext.
        if self.tag.len() != TAG_LENGTH {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(&self.nonce).ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        let mut buffer = Zeroizing::new([self.ciphertext, self.tag].concat());
        let length = key.open_in_place(nonce, Aad::from(self.header), &mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::import::import;
    use crate::crypto::rsa_key::KeyPair;
    use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
    use pkcs8::Document;

    const PRIVATE: &str = include_str!("import/testdata/openssl_2048.pem");
    const PUBLIC: &str = include_str!("import/testdata/public.pem");
    const OTHER: &str = include_str!("import/testdata/openssl_3072.pem");

    /// Made with `jose` of Node.
    const OF_NODE: &str = "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoib25lIiwiY3R5IjoiandrK2pzb24ifQ.IXMw5Begl2ClhlF8rRNI6bqBNu1npgjUy14ScVSBE7-TOfiJ2Pv8_T62mdrvbPBIZ27PHjYCpT5G4fa2JVT3MRFSF8N5w5N2QVKmSTx4lyS-mefugajo_mr_QCShuSDcy3YaicRJEEFZo6Ft4v4YV9yR7b3Y8mfZnjhBKmrcfefSBGb53T7UbxeytqmVkdcdoHUGEfYdrZaBah2oEEJi54Kjo4sQxup1tcYG8xgQ3AzUK18A5Claj1IR-3U0nk7ddTWZ4bUXa7imeGHyG-bE-ANwJzWG-JX2FmD8mD3wGroHsYDOil-LMv_a8JRQxnf163tE2tt17qNkzcycjQ2LEA.vaS1mKiWiFqy9rKO.zku5Ao8lQ3WFBSSlxg.6BVzXbybRphhfhm3CQma3g";

    /// Made with `jwcrypto` of Python.
    const OF_PYTHON: &str = "eyJhbGciOiAiUlNBLU9BRVAtMjU2IiwgImVuYyI6ICJBMjU2R0NNIn0.MuIHyo2MLsSKvYAna6wGIqjZwbroz4svKRv6DGOaupR6wwah78qJX-pFfhIE57IioTN3Hro0Ejbq16MgpLAQjQoE5ruMg4XeYNIvCjPi2xiDTXUm19ZYu_oaPTOMBpJ-PhtXaYn2y0Zk0ihdCcoJtUg9Y-NTaYBeidqvmDjjocBGa9O1kR8m8zxm_UvKjVUzhHsb1PWfwWbsW_aIKLHNS1Czcf7LhRDF161WPymRscZ-wcjMuNPzZ31nuzxF8rr-YrbI7nNmWNJ1NS3Zqx1_0hTKET0Zy5hpvHrXFuamkNKJJMTKqzUnAK4E2hy_ZTNBzMSHAkRao-dJWGeCRSnXDg.1NWSBSMrT4qMAyO6.6yIEZBOSIosx7m_soyh-.VY5fYPfmfsSwnvU27AmHIw";

    const HEADER: &str = r#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#;

    fn key(pem: &str) -> KeyPair {
        import(pem.as_bytes()).ok().unwrap()
    }

    fn encode(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn encrypted(content_key: &[u8]) -> Vec<u8> {
        let (_, document) = Document::from_pem(PUBLIC).unwrap();
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(document.as_bytes()).unwrap()).unwrap();
        let mut buffer = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut buffer, None).unwrap();
        buffer
    }

    /// A JWE with `content` as its content, as other libraries make them.
    fn wrapped(header: &str, encrypted_key: &[u8], content_key: [u8; KEY_LENGTH]) -> String {
        let header = encode(header);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key).unwrap());
        let mut content = b"content".to_vec();
        let nonce = Nonce::assume_unique_for_key([5; 12]);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&header), &mut content).unwrap();
        let parts = [header, encode(encrypted_key), encode([5; 12]), encode(content), encode(tag)];
        parts.join(".")
    }

    fn refusal(jwe: &str) -> UnwrapError {
        unwrap(jwe, key(PRIVATE).pkcs8()).expect_err("it does not open")
    }

    #[test]
    fn what_others_have_encrypted_opens() {
        let key = key(PRIVATE);
        assert_eq!(unwrap(OF_NODE, key.pkcs8()).unwrap().as_slice(), b"a key of Node");
        assert_eq!(unwrap(OF_PYTHON, key.pkcs8()).unwrap().as_slice(), b"a key of Python");
        let ours = wrapped(HEADER, &encrypted(&[7; KEY_LENGTH]), [7; KEY_LENGTH]);
        assert_eq!(unwrap(&ours, key.pkcs8()).unwrap().as_slice(), b"content");
    }

    #[test]
    fn whatever_was_changed_it_is_the_same_error() {
        let parts: Vec<_> = OF_NODE.split('.').collect();
        for index in 1..parts.len() {
            let bytes = URL_SAFE_NO_PAD.decode(parts[index]).unwrap();
            for change in [
                [&[bytes[0] ^ 1], &bytes[1..]].concat(),
                bytes[1..].to_vec(),
                bytes[..bytes.len() - 1].to_vec(),
                [&bytes[..], &[0]].concat(),
                Vec::new(),
            ] {
                let mut parts = parts.clone();
                let part = encode(change);
                parts[index] = &part;
                assert_eq!(refusal(&parts.join(".")), UnwrapError::Decryption, "part {index}");
            }
        }
        let header = encode(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"two"}"#);
        assert_eq!(refusal(&[&[&header[..]], &parts[1..]].concat().join(".")), UnwrapError::Decryption);
        assert_eq!(unwrap(OF_NODE, key(OTHER).pkcs8()).err(), Some(UnwrapError::Decryption));
    }

    #[test]
    fn a_content_key_of_another_length_opens_nothing() {
        for length in [0, 16, 31, 33, 64] {
            let jwe = wrapped(HEADER, &encrypted(&vec![7; length]), [7; KEY_LENGTH]);
            assert_eq!(refusal(&jwe), UnwrapError::Decryption, "{length} bytes");
        }
    }

    #[test]
    fn what_takes_the_place_of_a_missing_content_key_opens_nothing() {
        let jwe = wrapped(HEADER, &[1; 256], [0; KEY_LENGTH]);
        assert_eq!(refusal(&jwe), UnwrapError::Decryption);
    }

    #[test]
    fn the_tag_is_not_taken_from_the_ciphertext() {
        let jwe = wrapped(HEADER, &encrypted(&[7; KEY_LENGTH]), [7; KEY_LENGTH]);
        let mut parts: Vec<_> = jwe.split('.').collect();
        let [content, tag] = [parts[3], parts[4]].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let moved = [encode([&content[..], &tag[..4]].concat()), encode(&tag[4..])];
        (parts[3], parts[4]) = (&moved[0], &moved[1]);
        assert_eq!(refusal(&parts.join(".")), UnwrapError::Decryption);
    }

    #[test]
    fn only_one_pair_of_algorithms_is_known() {
        for (header, expected) in [
            (r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, UnwrapError::Algorithm),
            (r#"{"alg":"RSA1_5","enc":"A256GCM"}"#, UnwrapError::Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM"}"#, UnwrapError::Algorithm),
            (r#"{"alg":"RSA-OAEP-256","enc":"A128GCM"}"#, UnwrapError::Algorithm),
            (r#"{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512"}"#, UnwrapError::Algorithm),
            (r#"{"enc":"A256GCM"}"#, UnwrapError::Algorithm),
            (r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}"#, UnwrapError::Extension),
            (r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["exp"]}"#, UnwrapError::Extension),
            (r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","alg":"RSA-OAEP-256"}"#, UnwrapError::Form),
            ("[]", UnwrapError::Form),
        ] {
            let jwe = wrapped(header, &encrypted(&[7; KEY_LENGTH]), [7; KEY_LENGTH]);
            assert_eq!(refusal(&jwe), expected, "{header}");
        }
    }

    #[test]
    fn what_is_no_compact_jwe_is_refused() {
        let four: Vec<_> = OF_NODE.split('.').take(4).collect();
        for text in
            ["", "....", &four.join("."), &format!("{OF_NODE}."), &format!("{OF_NODE}="), &OF_NODE.replace('.', " ")]
        {
            assert_eq!(refusal(text), UnwrapError::Form, "{text}");
        }
        assert_eq!(unwrap(OF_NODE, b"no key").err(), Some(UnwrapError::NoPrivateKey));
    }
}

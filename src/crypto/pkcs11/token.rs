//! A session with a PKCS#11 token, and why there is none.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How to reach a key of a token. There is no `Debug`: the PIN is in it.
pub struct TokenKey {
    /// The library of who made the token.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The label of the key on it.
    pub key: String,
    pub pin: Zeroizing<String>,
}

/// Why a token did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the PKCS#11 module {} cannot be loaded: {reason}", .module.display())]
    Module { module: PathBuf, reason: String },
    #[error("there is no token {label}: {}", listed(.known))]
    NoToken { label: String, known: Vec<String> },
    #[error("there are {count} tokens {label}")]
    TwoTokens { label: String, count: usize },
    #[error("the token {token} does not accept the PIN")]
    WrongPin { token: String },
    #[error("the PIN of the token {token} is locked")]
    PinLocked { token: String },
    #[error("the token {token} would lock itself if the PIN were wrong once more: it was not tried")]
    LastTry { token: String },
    #[error("the token {token} has no {what} key {label}")]
    NoKey { token: String, label: String, what: &'static str },
    #[error("the token {token} has {count} {what} keys {label}")]
    TwoKeys { token: String, label: String, what: &'static str, count: usize },
    #[error("the token {token} refuses {what}: {reason}")]
    Refused { token: String, what: String, reason: String },
    #[error("the token {token} does not open again what it has sealed with the key {label}")]
    Unlike { token: String, label: String },
    /// What it opened is no master key, or not that of the text; or the text is not ours.
    #[error("the token was given something else than what it had sealed")]
    Form,
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "the module has none".into() } else { format!("the module has {}", known.join(", ")) }
}

/// What went wrong, in the names of PKCS#11: its sentences are those of a standard, and as long.
fn reason(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{code:?} from C_{function:?}"),
        Error::LibraryLoading(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Which keys are looked for.
#[derive(Clone, Copy)]
pub enum Class {
    Aes,
    RsaPrivate,
    RsaPublic,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::Aes => "AES",
            Self::RsaPrivate => "private RSA",
            Self::RsaPublic => "public RSA",
        }
    }

    fn attributes(self) -> [Attribute; 2] {
        match self {
            Self::Aes => [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::KeyType(KeyType::AES)],
            Self::RsaPrivate => [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::RSA)],
            Self::RsaPublic => [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::RSA)],
        }
    }
}

/// A token that has accepted the PIN.
pub struct Token<'a> {
    session: Session,
    at: &'a TokenKey,
}

/// Works with a token, and leaves nothing of it open, whatever came of the work.
pub fn with_token<T>(at: &TokenKey, work: impl FnOnce(&Token<'_>) -> Result<T, TokenError>) -> Result<T, TokenError> {
    let module = load(&at.module)?;
    // The session is closed before the module is.
    let done = log_in(&module, at).and_then(|token| work(&token));
    // All is done; what a module has against its own end changes nothing.
    let _ = module.finalize();
    done
}

fn load(path: &Path) -> Result<Pkcs11, TokenError> {
    let unusable = |error: Error| TokenError::Module { module: path.to_owned(), reason: reason(&error) };
    let module = Pkcs11::new(path).map_err(unusable)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(unusable)?;
    Ok(module)
}

fn log_in<'a>(module: &Pkcs11, at: &'a TokenKey) -> Result<Token<'a>, TokenError> {
    let token = || at.token.clone();
    let refused =
        |error: Error| TokenError::Refused { token: token(), what: "a session".into(), reason: reason(&error) };
    let slot = find_slot(module, at)?;
    let flags = module.get_token_info(slot).map_err(refused)?;
    if flags.user_pin_locked() {
        return Err(TokenError::PinLocked { token: token() });
    }
    // Who starts the vault again when it fails would lock the token by that.
    if flags.user_pin_final_try() {
        return Err(TokenError::LastTry { token: token() });
    }
    let session = module.open_ro_session(slot).map_err(refused)?;
    match session.login(UserType::User, Some(&AuthPin::from(at.pin.as_str()))) {
        Ok(()) => Ok(Token { session, at }),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            Err(TokenError::WrongPin { token: token() })
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::PinLocked { token: token() }),
        Err(error) => Err(refused(error)),
    }
}

fn find_slot(module: &Pkcs11, at: &TokenKey) -> Result<Slot, TokenError> {
    let unusable = |error: Error| TokenError::Module { module: at.module.clone(), reason: reason(&error) };
    let mut known = Vec::new();
    let mut found = Vec::new();
    for slot in module.get_slots_with_initialized_token().map_err(unusable)? {
        let label = module.get_token_info(slot).map_err(unusable)?.label().to_owned();
        if label == at.token {
            found.push(slot);
        }
        known.push(label);
    }
    known.sort();
    match found[..] {
        [slot] => Ok(slot),
        [] => Err(TokenError::NoToken { label: at.token.clone(), known }),
        _ => Err(TokenError::TwoTokens { label: at.token.clone(), count: found.len() }),
    }
}

impl Token<'_> {
    /// Whether there is such a key, be it one or more.
    pub fn has(&self, class: Class) -> Result<bool, TokenError> {
        Ok(!self.keys(class)?.is_empty())
    }

    pub fn encrypt(&self, mechanism: &Mechanism<'_>, class: Class, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        let sealed = self.session.encrypt(mechanism, self.key(class)?, plain);
        sealed.map_err(|error| self.refused("to encrypt", &error))
    }

    pub fn decrypt(
        &self,
        mechanism: &Mechanism<'_>,
        class: Class,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let plain = self.session.decrypt(mechanism, self.key(class)?, sealed);
        plain.map(Zeroizing::new).map_err(|error| self.refused("to decrypt", &error))
    }

    fn key(&self, class: Class) -> Result<ObjectHandle, TokenError> {
        let (token, label, what) = (self.at.token.clone(), self.at.key.clone(), class.name());
        match self.keys(class)?[..] {
            [key] => Ok(key),
            [] => Err(TokenError::NoKey { token, label, what }),
            ref keys => Err(TokenError::TwoKeys { token, label, what, count: keys.len() }),
        }
    }

    fn keys(&self, class: Class) -> Result<Vec<ObjectHandle>, TokenError> {
        let [class, kind] = class.attributes();
        let label = Attribute::Label(self.at.key.as_bytes().to_vec());
        self.session.find_objects(&[class, kind, label]).map_err(|error| self.refused("to search", &error))
    }

    fn refused(&self, what: &str, error: &Error) -> TokenError {
        let TokenKey { token, key, .. } = self.at;
        TokenError::Refused { token: token.clone(), what: format!("{what} with the key {key}"), reason: reason(error) }
    }
}

//! Files that are encrypted to people, in the form of age (age-encryption.org/v1), so that its own program opens them.
//!
//! Recipients are public keys as `age-keygen` prints them (`age1…`, X25519), identities what it keeps (`AGE-SECRET-KEY-1…`). The file key
//! and what wraps it come from the library's own generator, which asks the operating system.

use age::armor::{ArmoredWriter, Format};
use age::x25519;
use age::{DecryptError, Decryptor, Encryptor};
use std::fmt;
use std::io::{self, BufRead, Read, Write};

/// What every such file begins with, when it is not armored.
pub const MAGIC: &[u8] = b"age-encryption.org/";

/// Why a text does not say who a file is for. It is not quoted: what stands in the place of a recipient may be an identity, or a master
/// key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRecipients {
    #[error("no recipient of age is named")]
    Nobody,
    #[error("{} is not a recipient of age (age1… as `age-keygen -y` prints it)", entry(*.number, *.line))]
    Other { number: usize, line: usize },
}

/// Which one it is. The line is named where there are several.
fn entry(number: usize, line: usize) -> String {
    if line == 1 { format!("the entry number {number}") } else { format!("the entry number {number}, in line {line},") }
}

/// A text is no identity. It is not quoted: it may be nearly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("holds no identity of age (AGE-SECRET-KEY-1… as `age-keygen` makes it)")]
pub struct NoIdentity;

/// Why a file does not open.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    #[error("it is encrypted to others than the identities that were given, or its first lines were changed")]
    OtherRecipients,
    #[error("the head of the encryption is not as it was written")]
    Head,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Those who may open a file; by default nobody is named.
#[derive(Clone, Default)]
pub struct Recipients(Vec<x25519::Recipient>);

impl Recipients {
    /// Reads recipients that stand in lines, or with commas or white space between them. A line that begins with `#` is a remark.
    ///
    /// # Errors
    /// [`NoRecipients`] for the first that is none, or where there is none at all: what should be encrypted would not be.
    pub fn parse(text: &str) -> Result<Self, NoRecipients> {
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with('#'));
        let words = lines
            .flat_map(|(at, line)| line.split(|c: char| c == ',' || c.is_whitespace()).map(move |word| (at, word)));
        let recipient = |(number, (line, word)): (usize, (usize, &str))| {
            word.parse().map_err(|_| NoRecipients::Other { number, line })
        };
        let words = (1..).zip(words.filter(|(_, word)| !word.is_empty()));
        let recipients: Vec<_> = words.map(recipient).collect::<Result<_, _>>()?;
        if recipients.is_empty() { Err(NoRecipients::Nobody) } else { Ok(Self(recipients)) }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and those.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self([self.0, others.0].concat())
    }

    /// These and whoever has this identity.
    #[must_use]
    pub fn with(&self, identity: &Identities) -> Self {
        Self(self.0.iter().cloned().chain(identity.0.iter().map(x25519::Identity::to_public)).collect())
    }

    /// Begins a file that each of them can open. What is written to it is encrypted as it goes on to `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn encrypt<W: Write>(&self, out: W) -> io::Result<Encrypted<W>> {
        let recipients = self.0.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        encryptor.wrap_output(out).map(Encrypted)
    }

    /// A short text, encrypted to each of them, as text that can be printed.
    ///
    /// # Errors
    /// None that is not told by the library: writing to memory does not fail.
    pub fn encrypt_text(&self, text: &str) -> io::Result<String> {
        let mut encrypted = self.encrypt(ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?)?;
        encrypted.write_all(text.as_bytes())?;
        let bytes = encrypted.finish()?.finish()?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(ToString::to_string)).finish()
    }
}

/// A file that is being encrypted.
pub struct Encrypted<W: Write>(age::stream::StreamWriter<W>);

impl<W: Write> Encrypted<W> {
    /// Writes what ends the file: without it, it does not open.
    ///
    /// # Errors
    /// Those of what it is written to.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for Encrypted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What opens files. There is no `Debug`; the library wipes them when they are dropped.
pub struct Identities(Vec<x25519::Identity>);

impl Identities {
    /// One that nobody else has, and that is gone when it is dropped.
    #[must_use]
    pub fn of_the_moment() -> Self {
        Self(vec![x25519::Identity::generate()])
    }

    /// Reads a file as `age-keygen` makes it: an identity a line, and remarks.
    ///
    /// # Errors
    /// [`NoIdentity`], also for one that only a plugin or a passphrase would open.
    pub fn parse(text: &str) -> Result<Self, NoIdentity> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities: Vec<_> = lines.map(|line| line.parse().map_err(|_| NoIdentity)).collect::<Result<_, _>>()?;
        if identities.is_empty() { Err(NoIdentity) } else { Ok(Self(identities)) }
    }

    /// # Errors
    /// [`AgeError`]. Whether the rest is as it was written shows while it is read.
    pub fn decrypt<R: BufRead>(&self, input: R) -> Result<impl Read + use<R>, AgeError> {
        let decryptor = Decryptor::new_buffered(input).map_err(age_error)?;
        let identities = self.0.iter().map(|identity| identity as &dyn age::Identity);
        decryptor.decrypt(identities).map_err(age_error)
    }
}

/// Whether a file begins as an encrypted one does.
///
/// # Errors
/// Those of reading.
pub fn is_encrypted(input: &mut impl BufRead) -> io::Result<bool> {
    input.fill_buf().map(|begin| begin.starts_with(MAGIC))
}

fn age_error(error: DecryptError) -> AgeError {
    match error {
        DecryptError::NoMatchingKeys => AgeError::OtherRecipients,
        DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => AgeError::Io(error),
        _ => AgeError::Head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipients(identities: &[&Identities]) -> Recipients {
        identities.iter().fold(Recipients(Vec::new()), |recipients, identity| recipients.with(identity))
    }

    fn opened(identity: &Identities, file: &[u8]) -> Result<Vec<u8>, AgeError> {
        let mut text = Vec::new();
        identity.decrypt(file)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn each_recipient_opens_it_and_nobody_else() {
        let (first, second) = (Identities::of_the_moment(), Identities::of_the_moment());
        let mut writer = recipients(&[&first, &second]).encrypt(Vec::new()).unwrap();
        writer.write_all(b"a backup").unwrap();
        let file = writer.finish().unwrap();
        assert!(is_encrypted(&mut file.as_slice()).unwrap());
        for identity in [&first, &second] {
            assert_eq!(opened(identity, &file).unwrap(), b"a backup");
        }
        assert!(matches!(opened(&Identities::of_the_moment(), &file), Err(AgeError::OtherRecipients)));
        for index in 0..file.len() {
            let mut changed = file.clone();
            changed[index] ^= 1;
            assert!(opened(&first, &changed).is_err() || opened(&second, &changed).is_err(), "byte {index}");
        }
    }

    #[test]
    fn lists_may_have_remarks_commas_and_lines() {
        let one = recipients(&[&Identities::of_the_moment()]).0[0].to_string();
        let parsed = Recipients::parse(&format!("# the safe\n{one}, {one}\n\n  {one}\n")).unwrap();
        assert_eq!(parsed.0.len(), 3);
        for nobody in ["", " \n", ",", "# the safe\n"] {
            assert_eq!(Recipients::parse(nobody).err(), Some(NoRecipients::Nobody), "{nobody}");
        }
        let refused = Recipients::parse(&format!("# the safe\n{one} AGE-SECRET-KEY-1SECRET\n{one}")).err().unwrap();
        assert_eq!(refused, NoRecipients::Other { number: 2, line: 2 });
        assert!(!refused.to_string().contains("SECRET"), "{refused}");
        assert_eq!(Identities::parse("# nothing\n").err(), Some(NoIdentity));
        assert_eq!(Identities::parse(&one).err(), Some(NoIdentity));
    }
}

//! Reads a backup line by line: the MAC first, and only then what the line says.

use super::decoding::{decode, described};
use super::error::BackupError;
use super::head::{Head, NoHead, end_of};
use super::input::Input;
use super::line::parts;
use super::writing::wrong_master_key;
use crate::crypto::line_macs::LineMacs;
use crate::repository::item::Item;
use crate::vault::custody::copying::Source;
use crate::vault::handle::Vault;
use async_trait::async_trait;
use std::io::{BufRead, Read as _};

/// How many items are in memory at a time.
const PAGE: usize = 500;

/// No line is longer, in bytes: an inline hook with all its headers, an entry of the trail.
const LONGEST: u64 = 1 << 20;

/// A backup that is being read.
pub(super) struct Reader {
    input: Input,
    macs: LineMacs,
    head: Head,
    /// Which was read last.
    line: u64,
    items: u64,
    is_over: bool,
}

impl Reader {
    /// Reads the first line, which says with which master key the others are to be checked.
    pub(super) fn begin(mut input: Input, vault: &Vault) -> Result<Self, BackupError> {
        let line = read_line(&mut input, 1)?.ok_or(BackupError::NoBackup)?;
        let (text, mac) = parts(&line).ok_or(BackupError::NoBackup)?;
        let head = Head::from_line(text).map_err(|reason| match reason {
            NoHead::Form => BackupError::NoBackup,
            NoHead::Later(format) => BackupError::LaterForm { format },
        })?;
        let macs = LineMacs::begin(&vault.envelope, head.master_key);
        let mut macs = macs.ok_or_else(|| wrong_master_key(&head, vault))?;
        let altered = |_| BackupError::Altered { line: 1, what: "the first of a backup".to_owned() };
        macs.check(text.as_bytes(), &mac).map_err(altered)?;
        Ok(Self { input, macs, head, line: 1, items: 0, is_over: false })
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The MAC of the line that was read last.
    pub(super) fn last_mac(&self) -> [u8; LineMacs::LENGTH] {
        self.macs.last()
    }

    /// The next items; `None` once all was read to the last line, after which there is nothing.
    fn page(&mut self) -> Result<Option<Vec<Item>>, BackupError> {
        if self.is_over {
            return Ok(None);
        }
        let mut items = Vec::new();
        while items.len() < PAGE && !self.is_over {
            let line = self.line + 1;
            let bytes = read_line(&mut self.input, line)?.ok_or(BackupError::CutOff { line })?;
            let altered = |what| BackupError::Altered { line, what };
            let Some((text, mac)) = parts(&bytes) else {
                return Err(altered("which cannot be read".to_owned()));
            };
            self.macs.check(text.as_bytes(), &mac).map_err(|_| altered(described(text)))?;
            self.line = line;
            match end_of(text) {
                Some(count) if count == self.items => self.end()?,
                Some(_) => return Err(altered("the last".to_owned())),
                None => {
                    let no_item = |reason| BackupError::NoItem { line, what: described(text), reason };
                    items.push(decode(text).map_err(no_item)?);
                    self.items += 1;
                }
            }
        }
        Ok(Some(items))
    }

    /// That nothing follows.
    fn end(&mut self) -> Result<(), BackupError> {
        let line = self.line;
        let rest = self.input.fill_buf().map_err(|source| BackupError::Read { line: line + 1, source })?;
        if !rest.is_empty() {
            return Err(BackupError::More { line });
        }
        self.is_over = true;
        Ok(())
    }
}

/// A line with its line feed; `None` at the end of the file.
fn read_line(input: &mut impl BufRead, line: u64) -> Result<Option<Vec<u8>>, BackupError> {
    let mut bytes = Vec::new();
    let read = input.take(LONGEST).read_until(b'\n', &mut bytes);
    match read.map_err(|source| BackupError::Read { line, source })? as u64 {
        0 => Ok(None),
        _ if bytes.ends_with(b"\n") => Ok(Some(bytes)),
        LONGEST => Err(BackupError::TooLong { line }),
        _ => Err(BackupError::CutOff { line }),
    }
}

/// The items of a backup, page by page, read off the async workers. `None` only while a page is read.
pub(super) struct Reading(Option<Reader>);

impl Reading {
    pub(super) fn of(reader: Reader) -> Self {
        Self(Some(reader))
    }

    /// The reader, unless a page of it could not be read.
    pub(super) fn into_reader(self) -> Option<Reader> {
        self.0
    }
}

#[async_trait]
impl Source for Reading {
    type Error = BackupError;

    async fn next(&mut self) -> Result<Option<Vec<Item>>, BackupError> {
        let Some(mut reader) = self.0.take() else { return Ok(None) };
        let (reader, page) = tokio::task::spawn_blocking(move || {
            let page = reader.page();
            (reader, page)
        })
        .await?;
        self.0 = Some(reader);
        page
    }
}

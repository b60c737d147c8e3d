//! Writes a backup: everything, in one view of the store, while others write.

use super::encoding::encode;
use super::error::BackupError;
use super::head::{Head, end_line};
use super::line::line;
use crate::crypto::line_macs::LineMacs;
use crate::crypto::random::Purpose;
use crate::repository::error::StoreError;
use crate::repository::item::Item;
use crate::repository::store::ReadTx;
use crate::vault::custody::copying::{Source as _, Walk};
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::{self, Write};

/// A backup that is being written.
pub(super) struct Writer<W> {
    out: W,
    macs: LineMacs,
    items: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, macs: LineMacs, head: &Head) -> io::Result<Self> {
        let mut writer = Self { out, macs, items: 0 };
        writer.line(&head.to_line())?;
        Ok(writer)
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        let mac = self.macs.next(text.as_bytes());
        self.out.write_all(&line(text, &mac))
    }

    fn items(&mut self, items: &[Item]) -> io::Result<()> {
        self.items += items.len() as u64;
        items.iter().try_for_each(|item| self.line(&encode(item)))
    }

    /// Writes the last line. Returns its MAC, which stands for all of the file.
    fn end(mut self) -> io::Result<(W, [u8; LineMacs::LENGTH])> {
        self.line(&end_line(self.items))?;
        Ok((self.out, self.macs.last()))
    }
}

/// Why a view could not be written down.
pub(super) enum PourError {
    View(VaultError),
    Out(io::Error),
    Task(tokio::task::JoinError),
}

/// Writes all that a view has, and the last line. Encoding and writing are off the async workers.
pub(super) async fn pour<W: Write + Send + 'static>(
    view: &mut dyn ReadTx,
    mut writer: Writer<W>,
) -> Result<(W, [u8; LineMacs::LENGTH]), PourError> {
    let mut walk = Walk::of(view);
    while let Some(items) = walk.next().await.map_err(|error| PourError::View(error.into()))? {
        let written = tokio::task::spawn_blocking(move || writer.items(&items).map(|()| writer));
        writer = written.await.map_err(PourError::Task)?.map_err(PourError::Out)?;
    }
    let ended = tokio::task::spawn_blocking(move || writer.end());
    ended.await.map_err(PourError::Task)?.map_err(PourError::Out)
}

impl Vault {
    /// Writes everything as lines, as it is at one moment; others go on writing meanwhile. Changes nothing. The inner error is that of
    /// `out`.
    ///
    /// # Errors
    /// [`BackupError::Vault`].
    pub(super) async fn backup_write<W: Write + Send + 'static>(
        &self,
        out: W,
    ) -> Result<io::Result<(W, Head)>, BackupError> {
        let mut view = self.registry.store.read().await.map_err(vault_error)?;
        let told = view.master_keys().await.map_err(vault_error)?.ok_or(BackupError::Vault(VaultError::Empty))?;
        // In the midst of a rotation the next one: it opens what the old one has sealed, and goes on being of use.
        let record = told.current();
        let head = Head {
            id: URL_SAFE_NO_PAD.encode(self.registry.random.bytes::<16>(Purpose::Backup)),
            made: self.registry.clock.now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            master_key: record.id,
            master_key_since: record.created,
        };
        let macs = LineMacs::begin(&self.envelope, head.master_key).ok_or_else(|| wrong_master_key(&head, self))?;
        let writer = match Writer::begin(out, macs, &head) {
            Ok(writer) => writer,
            Err(error) => return Ok(Err(error)),
        };
        match pour(&mut *view, writer).await {
            Ok((out, _)) => Ok(Ok((out, head))),
            Err(PourError::Out(error)) => Ok(Err(error)),
            Err(PourError::View(error)) => Err(BackupError::Vault(error)),
            Err(PourError::Task(error)) => Err(error.into()),
        }
    }
}

fn vault_error(error: StoreError) -> BackupError {
    BackupError::Vault(error.into())
}

/// That a backup was made with another master key than the one in use.
pub(super) fn wrong_master_key(head: &Head, vault: &Vault) -> BackupError {
    BackupError::WrongMasterKey {
        made_with: head.master_key,
        since: head.master_key_since,
        given: vault.envelope.key_id(),
    }
}

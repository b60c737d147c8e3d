//! API tokens: made, listed, revoked. Only their hash is kept.

use crate::crypto::token_secret::TokenSecret;
use crate::domain::actor::Actor;
use crate::domain::api_token::{ApiToken, TokenStatus};
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ApiTokenId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::repository::store::{ReadTx, Serial};
use crate::vault::access::pick::{SEVERAL, absent, only};
use crate::vault::access::removal::{is_removable, org_of};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::Registry;

impl Registry {
    /// Returns the token itself too: this is the only time that it can be seen.
    ///
    /// # Errors
    /// [`VaultError::Conflict`] of the name, or one of the store.
    pub async fn api_token_create(
        &self,
        actor: &Actor,
        org: &OrgId,
        name: Name,
        scopes: Scopes,
        expires: Option<Timestamp>,
    ) -> Result<(ApiToken, TokenSecret), VaultError> {
        let secret = TokenSecret::generate(&self.random);
        let token = self.api_token_register(actor, org, name, scopes, expires, &secret).await?;
        Ok((token, secret))
    }

    /// As [`Self::api_token_create`], for a token that was generated before.
    ///
    /// # Errors
    /// [`VaultError::Conflict`] of the name, also where this very token is registered already; or one of the store.
    pub async fn api_token_register(
        &self,
        actor: &Actor,
        org: &OrgId,
        name: Name,
        scopes: Scopes,
        expires: Option<Timestamp>,
        secret: &TokenSecret,
    ) -> Result<ApiToken, VaultError> {
        let token = ApiToken {
            id: self.random.id(),
            org_id: org.clone(),
            user_id: self.random.id(),
            name,
            scopes,
            created: self.clock.now(),
            expires,
            revoked: None,
        };
        let hash = secret.hash();
        let mut tx = self.store.write(actor, Serial::No).await?;
        tx.api_token_insert(&token, &hash).await??;
        self.commit(tx, record(EventKind::ApiTokenCreated, &token)).await?;
        Ok(token)
    }

    /// The tokens of all orgs, in order of creation; in the place of one that cannot be read, why not.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn api_token_list(&self) -> Result<Vec<Result<ApiToken, VaultError>>, VaultError> {
        let listed = self.store.read().await?.api_token_list().await?;
        Ok(listed.into_iter().map(|token| token.map_err(VaultError::from)).collect())
    }

    /// What has become of a token; `None` for one that was never registered.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn api_token_status(&self, secret: &TokenSecret) -> Result<Option<TokenStatus>, VaultError> {
        let found = self.store.read().await?.api_token_find_by_hash(&secret.hash()).await?;
        Ok(found.map(|token| token.status(self.clock.now())))
    }

    /// Gives an active token of this name these scopes, where it has others.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn api_token_rescope(
        &self,
        actor: &Actor,
        secret: &TokenSecret,
        name: &str,
        scopes: &Scopes,
    ) -> Result<(), VaultError> {
        let now = self.clock.now();
        let found = self.store.read().await?.api_token_find_by_hash(&secret.hash()).await?;
        let concerned = |token: &ApiToken| {
            token.name.as_str() == name && token.status(now) == TokenStatus::Active && token.scopes != *scopes
        };
        if let Some(token) = found.filter(concerned) {
            let mut tx = self.store.write(actor, Serial::No).await?;
            tx.api_token_rescope(&token.id, scopes).await?;
            let token = ApiToken { scopes: scopes.clone(), ..token };
            self.commit(tx, record(EventKind::ApiTokenUpdated, &token)).await?;
        }
        Ok(())
    }

    /// Revokes the one token with this id, or with this name, that is not revoked yet. One that cannot be read is removed, by its id
    /// alone: then the answer is `None`.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] where there is none, [`VaultError::Ambiguous`] where several orgs have one of that
    /// name, or one of the store.
    pub async fn api_token_revoke(&self, actor: &Actor, id_or_name: &str) -> Result<Option<ApiToken>, VaultError> {
        let now = self.clock.now();
        let mut tx = self.store.write(actor, Serial::No).await?;
        let token = match find(&mut *tx, id_or_name).await {
            Err(error) if is_removable::<ApiTokenId>(&error, "api_token", id_or_name) => {
                let named = tx.api_token_remove(id_or_name).await?.ok_or(error)?;
                let org = org_of(&mut *tx, &named).await?;
                let target = Target::of("Token", id_or_name, None).with("damaged", true);
                let events = vec![Event::new(EventKind::ApiTokenRevoked, [target])];
                return self.commit(tx, Record::Of(&org, events)).await.map(|()| None);
            }
            found => found?,
        };
        tx.api_token_revoke(&token.id, now).await?;
        self.commit(tx, record(EventKind::ApiTokenRevoked, &token)).await?;
        Ok(Some(ApiToken { revoked: Some(now), ..token }))
    }
}

fn record(kind: EventKind, token: &ApiToken) -> Record<'_> {
    let target = Target::new("Token", &token.id, Some(&token.name))
        .with("scopes", &token.scopes)
        .with("expires", token.expires.map_or_else(|| "never".to_owned(), Timestamp::to_wire));
    Record::Of(&token.org_id, vec![Event::new(kind, [target])])
}

/// The token with this id, or else the only one with this name, of those that are not revoked.
async fn find(tx: &mut (impl ReadTx + ?Sized), id_or_name: &str) -> Result<ApiToken, VaultError> {
    if let Ok(id) = ApiTokenId::parse(id_or_name)
        && let Some(token) = tx.api_token_find(&id).await?.filter(|token| token.revoked.is_none())
    {
        return Ok(token);
    }
    let named = match Name::known(id_or_name) {
        Ok(name) => tx.api_token_list_by_name(&name, SEVERAL).await?,
        Err(_) => Vec::new(),
    };
    match only(named, Kind::ApiToken, id_or_name) {
        Err(VaultError::NotFound { .. }) => Err(absent(tx.api_token_list().await?, Kind::ApiToken, id_or_name)),
        found => found,
    }
}

use super::quirk::Quirk;
use super::{PkceSupport, Provider};
use crate::error::{Error, ErrorKind};

/// A widely used server whose metadata is missing or incomplete. The facts about it have a date and a source. For other
/// servers use `Provider::discover` or [`Provider::new`].
///
/// ```
/// use proofkey::{KnownProvider, Provider, Quirk};
///
/// let github = Provider::known(KnownProvider::GitHub)?;
/// assert_eq!(github.quirks(), [Quirk::ScopeSeparatedByComma]);
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KnownProvider<'a> {
    /// Dropbox. For a refresh token add [`Quirk::OfflineByTokenAccessType`]. Without a redirect URI it shows the code
    /// to the user ([`Login::accept_pasted_code`](crate::Login::accept_pasted_code)). Its response has `account_id` and
    /// `uid` as [extras](crate::Tokens::extra).
    Dropbox,
    /// GitHub, for OAuth apps and GitHub Apps. Its responses separate the scope by commas.
    GitHub,
    /// Google. For a refresh token add [`Quirk::OfflineByAccessType`]. Desktop clients have a secret that they must
    /// send, although it proves nothing.
    Google,
    /// Microsoft Entra ID. For a refresh token ask for the scope `offline_access`. The scope `openid` needs the id of
    /// the tenant: each tenant is an issuer of its own, which is named by that id.
    Microsoft {
        /// The id or the domain of a tenant, or `common`, `organizations` or `consumers`.
        tenant: &'a str,
    },
}

impl<'a> KnownProvider<'a> {
    /// The provider with this name: `dropbox`, `github`, `google`, or `microsoft` with a tenant. `None` for any other
    /// name, and for `microsoft` without a tenant.
    ///
    /// ```
    /// use proofkey::KnownProvider;
    /// assert_eq!(KnownProvider::from_name("google", None), Some(KnownProvider::Google));
    /// assert_eq!(KnownProvider::from_name("gitlab", None), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str, tenant: Option<&'a str>) -> Option<Self> {
        match (name, tenant) {
            ("dropbox", None) => Some(Self::Dropbox),
            ("github", None) => Some(Self::GitHub),
            ("google", None) => Some(Self::Google),
            ("microsoft", Some(tenant)) => Some(Self::Microsoft { tenant }),
            _ => None,
        }
    }

    /// Where the server documents these facts.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.facts().source
    }

    /// When these facts were last compared with the source: year and month.
    #[must_use]
    pub const fn as_of(&self) -> &'static str {
        self.facts().as_of
    }

    const fn facts(&self) -> &'static Facts {
        match self {
            Self::Dropbox => DROPBOX,
            Self::GitHub => GITHUB,
            Self::Google => GOOGLE,
            Self::Microsoft { .. } => MICROSOFT,
        }
    }
}

impl Provider {
    /// The provider for a widely used server.
    ///
    /// # Errors
    /// [`EndpointMalformed`](ErrorKind::EndpointMalformed) for a Microsoft tenant with anything but letters, digits,
    /// dots and hyphens.
    ///
    /// ```
    /// use proofkey::{KnownProvider, Provider};
    ///
    /// let entra = Provider::known(KnownProvider::Microsoft { tenant: "contoso.onmicrosoft.com" })?;
    /// assert!(entra.token_endpoint().starts_with("https://login.microsoftonline.com/contoso.onmicrosoft.com/"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn known(known: KnownProvider<'_>) -> Result<Self, Error> {
        let facts = known.facts();
        match known {
            KnownProvider::Microsoft { tenant } if !is_tenant(tenant) => Err(ErrorKind::EndpointMalformed.into()),
            KnownProvider::Microsoft { tenant } => {
                let provider = facts.provider(|text| text.replace("{tenant}", tenant))?;
                match is_guid(tenant) {
                    true => provider.with_issuer(format!("https://login.microsoftonline.com/{tenant}/v2.0")),
                    false => Ok(provider),
                }
            }
            _ => facts.provider(str::to_owned),
        }
    }
}

fn is_tenant(tenant: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !tenant.is_empty() && !tenant.starts_with('.') && tenant.bytes().all(is_name)
}

/// Whether this is the id of a tenant as the server writes it in its tokens: in lower case.
fn is_guid(tenant: &str) -> bool {
    tenant.len() == 36
        && tenant.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

struct Facts {
    as_of: &'static str,
    source: &'static str,
    authorization_endpoint: &'static str,
    token_endpoint: &'static str,
    revocation_endpoint: Option<&'static str>,
    device_authorization_endpoint: Option<&'static str>,
    #[cfg(feature = "id-token")]
    jwks_uri: Option<&'static str>,
    #[cfg(feature = "id-token")]
    userinfo_endpoint: Option<&'static str>,
    issuer: Option<&'static str>,
    quirks: &'static [Quirk],
}

impl Facts {
    fn provider(&self, fill: impl Fn(&str) -> String) -> Result<Provider, Error> {
        let mut provider = Provider::new(fill(self.authorization_endpoint), fill(self.token_endpoint))?;
        if let Some(issuer) = self.issuer {
            provider = provider.with_issuer(issuer)?;
        }
        if let Some(revocation_endpoint) = self.revocation_endpoint {
            provider = provider.with_revocation_endpoint(revocation_endpoint)?;
        }
        if let Some(endpoint) = self.device_authorization_endpoint {
            provider = provider.with_device_authorization_endpoint(fill(endpoint))?;
        }
        #[cfg(feature = "id-token")]
        {
            if let Some(jwks_uri) = self.jwks_uri {
                provider = provider.with_jwks_uri(fill(jwks_uri))?;
            }
            if let Some(userinfo_endpoint) = self.userinfo_endpoint {
                provider = provider.with_userinfo_endpoint(userinfo_endpoint)?;
            }
        }
        let provider = self.quirks.iter().fold(provider, |provider, quirk| provider.with_quirk(*quirk));
        Ok(provider.with_pkce_support(PkceSupport::S256))
    }
}

const DROPBOX: &Facts = &Facts {
    as_of: "2026-11",
    source: "https://www.dropbox.com/developers/reference/oauth-guide",
    authorization_endpoint: "https://www.dropbox.com/oauth2/authorize",
    token_endpoint: "https://api.dropboxapi.com/oauth2/token",
    revocation_endpoint: None,
    device_authorization_endpoint: None,
    #[cfg(feature = "id-token")]
    jwks_uri: None,
    #[cfg(feature = "id-token")]
    userinfo_endpoint: None,
    issuer: None,
    quirks: &[],
};

const GITHUB: &Facts = &Facts {
    as_of: "2026-11",
    source: "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
    authorization_endpoint: "https://github.com/login/oauth/authorize",
    token_endpoint: "https://github.com/login/oauth/access_token",
    revocation_endpoint: None,
    device_authorization_endpoint: Some("https://github.com/login/device/code"),
    #[cfg(feature = "id-token")]
    jwks_uri: None,
    #[cfg(feature = "id-token")]
    userinfo_endpoint: Some("https://api.github.com/user"),
    issuer: Some("https://github.com/login/oauth"),
    quirks: &[Quirk::ScopeSeparatedByComma],
};

const GOOGLE: &Facts = &Facts {
    as_of: "2026-11",
    source: "https://developers.google.com/identity/protocols/oauth2/native-app",
    authorization_endpoint: "https://accounts.google.com/o/oauth2/v2/auth",
    token_endpoint: "https://oauth2.googleapis.com/token",
    revocation_endpoint: Some("https://oauth2.googleapis.com/revoke"),
    device_authorization_endpoint: Some("https://oauth2.googleapis.com/device/code"),
    #[cfg(feature = "id-token")]
    jwks_uri: Some("https://www.googleapis.com/oauth2/v3/certs"),
    #[cfg(feature = "id-token")]
    userinfo_endpoint: Some("https://openidconnect.googleapis.com/v1/userinfo"),
    issuer: Some("https://accounts.google.com"),
    quirks: &[],
};

const MICROSOFT: &Facts = &Facts {
    as_of: "2026-11",
    source: "https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    authorization_endpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    token_endpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
    revocation_endpoint: None,
    device_authorization_endpoint: Some("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode"),
    #[cfg(feature = "id-token")]
    jwks_uri: Some("https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys"),
    #[cfg(feature = "id-token")]
    userinfo_endpoint: Some("https://graph.microsoft.com/oidc/userinfo"),
    issuer: None,
    quirks: &[],
};

#[cfg(test)]
mod tests {
    use super::{KnownProvider, Quirk};
    use crate::{Client, ErrorKind, Provider};

    #[test]
    fn every_known_provider_has_a_dated_source() {
        let all = [("dropbox", None), ("github", None), ("google", None), ("microsoft", Some("common"))];
        for known in all.map(|(name, tenant)| KnownProvider::from_name(name, tenant).unwrap()) {
            let provider = Provider::known(known).unwrap();
            assert!(known.source().starts_with("https://") && known.as_of().len() == 7, "{known:?}");
            assert!(!provider.token_endpoint().contains('{'));
        }
    }

    #[test]
    fn a_tenant_is_a_name() {
        for tenant in ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "é"] {
            let provider = Provider::known(KnownProvider::Microsoft { tenant });
            assert_eq!(provider.unwrap_err().kind(), ErrorKind::EndpointMalformed, "{tenant}");
        }
    }

    #[test]
    fn a_tenant_is_an_issuer_by_its_id() {
        let issuer = |tenant| Provider::known(KnownProvider::Microsoft { tenant }).unwrap().issuer().map(str::to_owned);
        let id = "6731de76-14a6-49ae-97bc-6eba6914391e";
        assert_eq!(issuer(id), Some(format!("https://login.microsoftonline.com/{id}/v2.0")));
        for tenant in ["common", "contoso.onmicrosoft.com", "6731DE76-14a6-49ae-97bc-6eba6914391e"] {
            assert_eq!(issuer(tenant), None, "{tenant}");
        }
    }

    #[test]
    fn what_the_application_asks_for_wins_over_a_quirk() {
        let google = Provider::known(KnownProvider::Google).unwrap().with_quirk(Quirk::OfflineByAccessType);
        let client = Client::new(google, "c").unwrap();
        let by_default = client.authorize().begin(0).unwrap();
        assert!(by_default.url().ends_with("&access_type=offline&prompt=consent"));
        let chosen = client.authorize().prompt("select_account").begin(0).unwrap();
        assert!(chosen.url().ends_with("&prompt=select_account&access_type=offline"));
    }
}

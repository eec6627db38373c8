use crate::{Error, ErrorKind, PkceSupport, Provider};

/// What is special about a server: it changes parameters or parsing, never a check. Each is switched on by its name, is
/// seen on the provider ([`Provider::quirks`]), and leaves a flag on the tokens ([`Tokens::quirks`](crate::Tokens::quirks)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// Its answers separate the tokens of the scope by commas (GitHub, Slack). Requests keep to spaces.
    ScopeSeparatedByComma,
    /// It gives a refresh token for `token_access_type=offline` (Dropbox).
    OfflineByTokenAccessType,
    /// It gives a refresh token for `access_type=offline`, and a second time only with `prompt=consent` (Google).
    OfflineByAccessType,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: &'static [Self] =
        &[Self::ScopeSeparatedByComma, Self::OfflineByTokenAccessType, Self::OfflineByAccessType];

    /// Its name, for example `scope_separated_by_comma`.
    ///
    /// ```
    /// assert_eq!(proofkey::Quirk::ScopeSeparatedByComma.as_str(), "scope_separated_by_comma");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ScopeSeparatedByComma => "scope_separated_by_comma",
            Self::OfflineByTokenAccessType => "offline_by_token_access_type",
            Self::OfflineByAccessType => "offline_by_access_type",
        }
    }

    /// What it adds to the authorization request.
    pub(crate) const fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::ScopeSeparatedByComma => &[],
            Self::OfflineByTokenAccessType => &[("token_access_type", "offline")],
            Self::OfflineByAccessType => &[("access_type", "offline"), ("prompt", "consent")],
        }
    }
}

/// What is known of a server that has no metadata, or whose metadata does not tell all: dated, with its source.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The server's name.
    pub name: &'static str,
    /// When this was last compared with the source, as year and month.
    pub as_of: &'static str,
    /// Where the server documents it.
    pub source: &'static str,
    authorization_endpoint: &'static str,
    token_endpoint: &'static str,
    revocation_endpoint: Option<&'static str>,
    jwks_uri: Option<&'static str>,
    userinfo_endpoint: Option<&'static str>,
    issuer: Option<&'static str>,
    quirks: &'static [Quirk],
}

impl Profile {
    fn provider(&'static self, fill: impl Fn(&str) -> String) -> Result<Provider, Error> {
        let mut provider = Provider::new(fill(self.authorization_endpoint), fill(self.token_endpoint))?;
        if let Some(issuer) = self.issuer {
            provider = provider.issuer(issuer)?;
        }
        if let Some(revocation_endpoint) = self.revocation_endpoint {
            provider = provider.revocation_endpoint(revocation_endpoint)?;
        }
        #[cfg(feature = "id-token")]
        {
            if let Some(jwks_uri) = self.jwks_uri {
                provider = provider.jwks_uri(fill(jwks_uri))?;
            }
            if let Some(userinfo_endpoint) = self.userinfo_endpoint {
                provider = provider.userinfo_endpoint(userinfo_endpoint)?;
            }
        }
        provider = self.quirks.iter().fold(provider, |provider, quirk| provider.with_quirk(*quirk));
        Ok(provider.of_profile(self, PkceSupport::S256))
    }
}

/// Servers that many applications use. Others are found by [`Provider::discover`], or described by [`Provider::new`].
impl Provider {
    /// Dropbox. For a refresh token add [`Quirk::OfflineByTokenAccessType`]; without a redirect URI it shows the code to
    /// the user ([`Login::accept_pasted_code`](crate::Login::accept_pasted_code)); `account_id` and `uid` are
    /// [extras](crate::Tokens::extra) of its answer.
    ///
    /// # Errors
    /// None: the data is checked by a test.
    ///
    /// ```
    /// use proofkey::{Client, Provider, Quirk};
    ///
    /// let dropbox = Provider::dropbox()?.with_quirk(Quirk::OfflineByTokenAccessType);
    /// let login = Client::new(dropbox, "app-key")?.authorize().begin(0)?;
    /// assert!(login.url().ends_with("&token_access_type=offline"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn dropbox() -> Result<Self, Error> {
        DROPBOX.provider(str::to_owned)
    }

    /// GitHub, for OAuth apps and GitHub Apps.
    ///
    /// # Errors
    /// None: the data is checked by a test.
    ///
    /// ```
    /// let github = proofkey::Provider::github()?;
    /// assert_eq!(github.quirks(), [proofkey::Quirk::ScopeSeparatedByComma]);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn github() -> Result<Self, Error> {
        GITHUB.provider(str::to_owned)
    }

    /// Google. For a refresh token add [`Quirk::OfflineByAccessType`]. Desktop clients have a secret that they must send,
    /// and that proves nothing.
    ///
    /// # Errors
    /// None: the data is checked by a test.
    ///
    /// ```
    /// assert_eq!(proofkey::Provider::google()?.profile().map(|profile| profile.name), Some("Google"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn google() -> Result<Self, Error> {
        GOOGLE.provider(str::to_owned)
    }

    /// Microsoft Entra ID, by the id or the domain of a tenant, or `common`, `organizations` or `consumers`. For a refresh
    /// token ask for the scope `offline_access`. The scope `openid` needs the id: each tenant is an issuer of its own, and
    /// only its id tells which.
    ///
    /// # Errors
    /// [`EndpointMalformed`](ErrorKind::EndpointMalformed) unless the tenant is letters, digits, dots and hyphens.
    ///
    /// ```
    /// let entra = proofkey::Provider::microsoft("contoso.onmicrosoft.com")?;
    /// assert!(entra.token_endpoint().starts_with("https://login.microsoftonline.com/contoso.onmicrosoft.com/"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn microsoft(tenant: &str) -> Result<Self, Error> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if tenant.is_empty() || tenant.starts_with('.') || !tenant.bytes().all(is_name) {
            return Err(ErrorKind::EndpointMalformed.into());
        }
        let provider = MICROSOFT.provider(|text| text.replace("{tenant}", tenant))?;
        match is_guid(tenant) {
            true => provider.issuer(format!("https://login.microsoftonline.com/{tenant}/v2.0")),
            false => Ok(provider),
        }
    }
}

/// As the server writes it in its tokens: in lower case.
fn is_guid(tenant: &str) -> bool {
    tenant.len() == 36
        && tenant.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

const DROPBOX: &Profile = &Profile {
    name: "Dropbox",
    as_of: "2026-11",
    source: "https://www.dropbox.com/developers/reference/oauth-guide",
    authorization_endpoint: "https://www.dropbox.com/oauth2/authorize",
    token_endpoint: "https://api.dropboxapi.com/oauth2/token",
    revocation_endpoint: None,
    jwks_uri: None,
    userinfo_endpoint: None,
    issuer: None,
    quirks: &[],
};

const GITHUB: &Profile = &Profile {
    name: "GitHub",
    as_of: "2026-11",
    source: "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
    authorization_endpoint: "https://github.com/login/oauth/authorize",
    token_endpoint: "https://github.com/login/oauth/access_token",
    revocation_endpoint: None,
    jwks_uri: None,
    userinfo_endpoint: Some("https://api.github.com/user"),
    issuer: Some("https://github.com/login/oauth"),
    quirks: &[Quirk::ScopeSeparatedByComma],
};

const GOOGLE: &Profile = &Profile {
    name: "Google",
    as_of: "2026-11",
    source: "https://developers.google.com/identity/protocols/oauth2/native-app",
    authorization_endpoint: "https://accounts.google.com/o/oauth2/v2/auth",
    token_endpoint: "https://oauth2.googleapis.com/token",
    revocation_endpoint: Some("https://oauth2.googleapis.com/revoke"),
    jwks_uri: Some("https://www.googleapis.com/oauth2/v3/certs"),
    userinfo_endpoint: Some("https://openidconnect.googleapis.com/v1/userinfo"),
    issuer: Some("https://accounts.google.com"),
    quirks: &[],
};

const MICROSOFT: &Profile = &Profile {
    name: "Microsoft Entra ID",
    as_of: "2026-11",
    source: "https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    authorization_endpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    token_endpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
    revocation_endpoint: None,
    jwks_uri: Some("https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys"),
    userinfo_endpoint: Some("https://graph.microsoft.com/oidc/userinfo"),
    issuer: None,
    quirks: &[],
};

#[cfg(test)]
mod tests {
    use super::{DROPBOX, GITHUB, GOOGLE, MICROSOFT, Quirk};
    use crate::{Client, ErrorKind, Provider};

    #[test]
    fn every_profile_is_a_provider_with_a_dated_source() {
        let providers = [Provider::dropbox(), Provider::github(), Provider::google(), Provider::microsoft("common")];
        for (provider, profile) in providers.into_iter().zip([DROPBOX, GITHUB, GOOGLE, MICROSOFT]) {
            let provider = provider.unwrap();
            assert_eq!(provider.profile(), Some(profile));
            assert_eq!(provider.quirks(), profile.quirks);
            assert!(profile.source.starts_with("https://") && profile.as_of.len() == 7, "{}", profile.name);
            assert!(!provider.token_endpoint().contains('{'));
        }
    }

    #[test]
    fn a_tenant_is_a_name() {
        for tenant in ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "é"] {
            assert_eq!(Provider::microsoft(tenant).unwrap_err().kind(), ErrorKind::EndpointMalformed, "{tenant}");
        }
    }

    #[test]
    fn a_tenant_is_an_issuer_by_its_id() {
        let issuer = |tenant| Provider::microsoft(tenant).unwrap().expected_issuer().map(str::to_owned);
        let id = "6731de76-14a6-49ae-97bc-6eba6914391e";
        assert_eq!(issuer(id), Some(format!("https://login.microsoftonline.com/{id}/v2.0")));
        for tenant in ["common", "contoso.onmicrosoft.com", "6731DE76-14a6-49ae-97bc-6eba6914391e"] {
            assert_eq!(issuer(tenant), None, "{tenant}");
        }
    }

    #[test]
    fn what_the_application_asks_for_wins_over_a_quirk() {
        let google = Provider::google().unwrap().with_quirk(Quirk::OfflineByAccessType);
        let client = Client::new(google, "c").unwrap();
        let by_default = client.authorize().begin(0).unwrap();
        assert!(by_default.url().ends_with("&access_type=offline&prompt=consent"));
        let chosen = client.authorize().prompt("select_account").begin(0).unwrap();
        assert!(chosen.url().ends_with("&prompt=select_account&access_type=offline"));
    }
}

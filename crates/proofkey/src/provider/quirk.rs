/// A peculiarity of a server. A quirk changes parameters or parsing, never a check. It is enabled by name, can be read
/// from the provider ([`Provider::quirks`](crate::Provider::quirks)), and is noted on the tokens
/// ([`Tokens::quirks`](crate::Tokens::quirks)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// Its responses separate the tokens of the scope by commas (GitHub, Slack). Requests use spaces.
    ScopeSeparatedByComma,
    /// It gives a refresh token for `token_access_type=offline` (Dropbox).
    OfflineByTokenAccessType,
    /// It gives a refresh token for `access_type=offline`, and a second time only with `prompt=consent` (Google).
    OfflineByAccessType,
    /// It refuses `resource` (RFC 8707) at the token endpoint, or takes it only in the authorization request.
    ResourceOnlyAtAuthorization,
    /// It calls a bearer token `User Access Token` (eBay).
    TokenTypeUserAccessToken,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: &'static [Self] = &[
        Self::ScopeSeparatedByComma,
        Self::OfflineByTokenAccessType,
        Self::OfflineByAccessType,
        Self::ResourceOnlyAtAuthorization,
        Self::TokenTypeUserAccessToken,
    ];

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
            Self::ResourceOnlyAtAuthorization => "resource_only_at_authorization",
            Self::TokenTypeUserAccessToken => "token_type_user_access_token",
        }
    }

    /// The parameters that it adds to the authorization request.
    pub(crate) const fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::ScopeSeparatedByComma | Self::ResourceOnlyAtAuthorization | Self::TokenTypeUserAccessToken => &[],
            Self::OfflineByTokenAccessType => &[("token_access_type", "offline")],
            Self::OfflineByAccessType => &[("access_type", "offline"), ("prompt", "consent")],
        }
    }
}

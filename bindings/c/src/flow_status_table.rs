// Generated from tests/vectors/errors.json by `make errors`. Do not edit.

/// The numbers, in the order of `TEXTS`.
pub(crate) static NUMBERS: [i32; 102] = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 300, 301, 302, 303, 304, 305, 306, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 414, 415, 416, 417, 418, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 513, 514, 515, 516, 517, 518, 521, 522, 600, 601, 602, 603, 604, 605, 606, 607, 608, 700, 701, 702, 703, 704, 705, 706, 707, 902];

/// Name, message, OAuth error and recovery of each, NUL-terminated. One literal, because a linker drops it as a
/// whole from a program that asks for no text.
pub(crate) static TEXTS: &str = "\
    endpoint_malformed\0\
an endpoint must be an absolute URL without a fragment\0\
\0\
fix_configuration\0\
    endpoint_insecure\0\
endpoints are https, except on loopback\0\
\0\
fix_configuration\0\
    redirect_uri_malformed\0\
a redirect URI must be absolute and have no fragment\0\
\0\
fix_configuration\0\
    redirect_uri_insecure\0\
http redirect URIs are for loopback only\0\
\0\
fix_configuration\0\
    client_id_invalid\0\
a client id is one or more visible ASCII characters\0\
\0\
fix_configuration\0\
    scope_invalid\0\
a scope is a list of tokens separated by single spaces, without quotes, backslashes or non-ASCII characters\0\
\0\
fix_call\0\
    parameter_reserved\0\
an extra parameter may not repeat or replace one that the flow sets\0\
\0\
fix_call\0\
    state_invalid\0\
a state is one or more visible ASCII characters\0\
\0\
fix_call\0\
    par_required\0\
this server only accepts pushed authorization requests, which are not supported\0\
\0\
fix_configuration\0\
    endpoint_missing\0\
the provider has no such endpoint\0\
\0\
fix_configuration\0\
    issuer_missing\0\
the scope openid needs the issuer of the provider\0\
\0\
fix_configuration\0\
    redirect_uri_not_loopback\0\
login_with_browser needs an http redirect URI on loopback\0\
\0\
fix_configuration\0\
    pkce_not_advertised\0\
the server's metadata does not list S256\0\
\0\
fix_configuration\0\
    nonce_invalid\0\
a nonce is one or more visible ASCII characters\0\
\0\
fix_call\0\
    data_too_large\0\
the application's data may be at most 256 bytes\0\
\0\
fix_call\0\
    ca_file_invalid\0\
the CA file has no certificate, or one that cannot be read\0\
\0\
fix_configuration\0\
    openid_scope_missing\0\
max_age, acr_values and nonce need the scope openid\0\
\0\
fix_call\0\
    openid_unsupported\0\
the scope openid needs the feature id-token of the crate\0\
\0\
fix_configuration\0\
    acr_values_invalid\0\
an acr value is one or more visible ASCII characters without a space\0\
\0\
fix_call\0\
    client_secret_empty\0\
the client secret is empty\0\
\0\
fix_configuration\0\
    issuer_well_known\0\
an issuer is given without /.well-known/ and what follows, which discovery adds\0\
\0\
fix_configuration\0\
    resource_invalid\0\
a resource is an absolute URI without a fragment\0\
\0\
fix_call\0\
    proxy_invalid\0\
a proxy is http:// or https://, a host, and perhaps a port, a user and a password\0\
\0\
fix_configuration\0\
    callback_malformed\0\
the callback is not form-encoded UTF-8\0\
\0\
restart_login\0\
    callback_duplicate\0\
the callback has a parameter twice\0\
\0\
restart_login\0\
    state_missing\0\
the callback has no state\0\
\0\
restart_login\0\
    state_mismatch\0\
the callback belongs to another login\0\
\0\
restart_login\0\
    iss_missing\0\
the server promises iss but did not send it\0\
\0\
restart_login\0\
    iss_mismatch\0\
the callback comes from another issuer\0\
\0\
do_not_retry\0\
    redirect_uri_mismatch\0\
the callback arrived at another redirect URI\0\
\0\
restart_login\0\
    code_missing\0\
the callback has neither code nor error\0\
\0\
restart_login\0\
    code_invalid\0\
the code contains characters that are not allowed\0\
\0\
restart_login\0\
    unexpected_token\0\
the callback contains tokens that were not requested\0\
\0\
do_not_retry\0\
    response_mode_unsupported\0\
the server used a response mode that was not requested\0\
\0\
fix_configuration\0\
    authorization_error\0\
the authorization server refused\0\
\0\
ask_user\0\
    login_already_used\0\
this login was already used\0\
\0\
restart_login\0\
    login_expired\0\
this login took too long\0\
\0\
restart_login\0\
    login_lost\0\
this browser has no such login\0\
\0\
restart_login\0\
    seal_malformed\0\
not a sealed text\0\
\0\
restart_login\0\
    seal_key_unknown\0\
sealed with a secret that is not in use\0\
\0\
restart_login\0\
    seal_forged\0\
the sealed text was changed\0\
\0\
restart_login\0\
    seal_context\0\
sealed for another context\0\
\0\
restart_login\0\
    seal_client\0\
sealed for another client or provider\0\
\0\
fix_configuration\0\
    secret_weak\0\
a sealing secret must be at least 16 bytes long\0\
\0\
fix_configuration\0\
    seal_too_large\0\
too long to be sealed: a login may have at most 8192 characters\0\
\0\
fix_call\0\
    response_malformed\0\
the response cannot be read\0\
\0\
fix_configuration\0\
    response_content_type\0\
the response is neither JSON nor a form\0\
\0\
fix_configuration\0\
    response_status\0\
the server answered with an HTTP error\0\
\0\
retry_later\0\
    response_redirect\0\
the server redirected, and redirects are not followed\0\
\0\
fix_configuration\0\
    response_duplicate\0\
the response has a member twice\0\
\0\
do_not_retry\0\
    access_token_missing\0\
the response has no access token\0\
\0\
fix_configuration\0\
    access_token_invalid\0\
the access token contains characters that are not allowed\0\
\0\
do_not_retry\0\
    refresh_token_invalid\0\
the refresh token is not a string\0\
\0\
do_not_retry\0\
    token_type_unsupported\0\
the token type is not Bearer\0\
\0\
fix_configuration\0\
    token_type_invalid\0\
the token type is not a string\0\
\0\
fix_configuration\0\
    token_error\0\
the server refused the request\0\
\0\
restart_login\0\
    refresh_token_absent\0\
there is no refresh token\0\
\0\
restart_login\0\
    refresh_under_way\0\
these tokens are being refreshed already\0\
\0\
retry_later\0\
    device_code_expired\0\
the device code expired before the user decided\0\
\0\
restart_login\0\
    device_code_invalid\0\
the device code is missing, or is no text\0\
\0\
do_not_retry\0\
    user_code_invalid\0\
the user code is missing, or cannot be shown\0\
\0\
do_not_retry\0\
    verification_uri_invalid\0\
the verification URI is missing, or not https\0\
\0\
do_not_retry\0\
    device_lifetime_invalid\0\
the lifetime or the polling interval cannot be used\0\
\0\
do_not_retry\0\
    id_token_missing\0\
openid was requested, but no ID token came\0\
\0\
do_not_retry\0\
    id_token_malformed\0\
the ID token is not a signed JWT\0\
\0\
do_not_retry\0\
    id_token_alg\0\
the ID token's algorithm is not accepted\0\
\0\
do_not_retry\0\
    id_token_signature\0\
the ID token's signature does not verify\0\
\0\
do_not_retry\0\
    id_token_iss\0\
the ID token comes from another issuer\0\
\0\
do_not_retry\0\
    id_token_aud\0\
the ID token is for another client\0\
\0\
do_not_retry\0\
    id_token_azp\0\
the ID token's authorized party is another client\0\
\0\
do_not_retry\0\
    id_token_sub\0\
the ID token's subject is missing or differs\0\
\0\
do_not_retry\0\
    id_token_exp\0\
the ID token has expired\0\
\0\
retry_later\0\
    id_token_iat\0\
the ID token's issue time is missing or in the future\0\
\0\
do_not_retry\0\
    id_token_nbf\0\
the ID token is not valid yet\0\
\0\
retry_later\0\
    id_token_nonce\0\
the ID token belongs to another login\0\
\0\
restart_login\0\
    id_token_crit\0\
the ID token needs an extension that is not understood\0\
\0\
do_not_retry\0\
    id_token_typ\0\
the token's type is not that of an ID token\0\
\0\
do_not_retry\0\
    id_token_at_hash\0\
the ID token was made for another access token\0\
\0\
do_not_retry\0\
    id_token_c_hash\0\
the ID token was made for another code\0\
\0\
do_not_retry\0\
    id_token_auth_time\0\
the user's sign-in is older than asked for\0\
\0\
restart_login\0\
    id_token_acr\0\
the sign-in was weaker than asked for\0\
\0\
restart_login\0\
    id_token_alg_unsupported\0\
ID tokens with this signature algorithm are not supported\0\
\0\
fix_configuration\0\
    userinfo_malformed\0\
the userinfo response is not a JSON object\0\
\0\
fix_configuration\0\
    userinfo_sub\0\
the userinfo response is about another user\0\
\0\
do_not_retry\0\
    metadata_malformed\0\
the metadata is not a JSON object, or a member has the wrong type or appears twice\0\
\0\
fix_configuration\0\
    metadata_issuer_missing\0\
the metadata names no issuer\0\
\0\
fix_configuration\0\
    metadata_issuer_mismatch\0\
the metadata belongs to another issuer\0\
\0\
do_not_retry\0\
    metadata_endpoint_insecure\0\
the metadata names an endpoint that is not https\0\
\0\
fix_configuration\0\
    metadata_endpoint_malformed\0\
the metadata names an endpoint that is not a usable URL\0\
\0\
fix_configuration\0\
    metadata_endpoint_missing\0\
the metadata names no token or authorization endpoint\0\
\0\
fix_configuration\0\
    keys_unavailable\0\
the server's keys for ID tokens could not be read\0\
\0\
retry_later\0\
    metadata_not_found\0\
no metadata at /.well-known/oauth-authorization-server nor at /.well-known/openid-configuration of this issuer\0\
\0\
fix_configuration\0\
    keys_unsupported\0\
the server has no key for ID tokens of a supported type and size\0\
\0\
fix_configuration\0\
    connect_failed\0\
could not connect, so nothing was sent\0\
\0\
retry_later\0\
    tls_failed\0\
no trusted TLS connection, so nothing was sent\0\
\0\
fix_configuration\0\
    timeout\0\
no response in time\0\
\0\
retry_later\0\
    response_interrupted\0\
the connection broke after the request was sent\0\
\0\
restart_login\0\
    response_too_large\0\
the response is too large\0\
\0\
do_not_retry\0\
    address_forbidden\0\
the address is not public\0\
\0\
do_not_retry\0\
    store_unavailable\0\
the store did not respond\0\
\0\
retry_later\0\
    store_reply_lost\0\
the reply of the replay store was lost: nothing was sent, but this login may count as used\0\
\0\
restart_login\0\
    text_invalid\0\
text must be UTF-8 without lone surrogates\0\
\0\
fix_call\0\
";

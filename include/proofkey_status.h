/* Generated from tests/vectors/errors.json by `make errors`. Do not edit. */

#ifndef PROOFKEY_STATUS_H
#define PROOFKEY_STATUS_H

/* Success. */
#define PROOFKEY_STATUS_OK 0

/* a code verifier has 43 to 128 characters */
#define PROOFKEY_STATUS_VERIFIER_LENGTH 1

/* a code verifier has only the characters A-Z a-z 0-9 - . _ ~ */
#define PROOFKEY_STATUS_VERIFIER_CHARACTER 2

/* entropy must be 32 to 96 bytes */
#define PROOFKEY_STATUS_ENTROPY_LENGTH 3

/* the operating system gave no random bytes */
#define PROOFKEY_STATUS_ENTROPY_UNAVAILABLE 4

/* this server requires a code_challenge */
#define PROOFKEY_STATUS_CHALLENGE_MISSING 10

/* the code_challenge does not fit its method: 43 base64url characters of a SHA-256 digest for S256 */
#define PROOFKEY_STATUS_CHALLENGE_MALFORMED 11

/* code_challenge_method must be S256 */
#define PROOFKEY_STATUS_METHOD_UNSUPPORTED 12

/* code_challenge_method was sent without code_challenge */
#define PROOFKEY_STATUS_METHOD_WITHOUT_CHALLENGE 13

/* relaxations contains an unknown bit */
#define PROOFKEY_STATUS_RELAXATION_UNKNOWN 14

/* a challenge is bound to this code: code_verifier is required */
#define PROOFKEY_STATUS_VERIFIER_MISSING 20

/* code_verifier does not match the challenge bound to this code */
#define PROOFKEY_STATUS_VERIFIER_MISMATCH 21

/* code_verifier was sent but no challenge is bound to this code */
#define PROOFKEY_STATUS_VERIFIER_UNEXPECTED 22

/* the stored binding cannot be read */
#define PROOFKEY_STATUS_BINDING_MALFORMED 23

/* a parameter was sent twice */
#define PROOFKEY_STATUS_PARAMETER_DUPLICATE 24

/* an endpoint must be an absolute URL without a fragment */
#define PROOFKEY_STATUS_ENDPOINT_MALFORMED 100

/* endpoints are https, except on loopback */
#define PROOFKEY_STATUS_ENDPOINT_INSECURE 101

/* a redirect URI must be absolute and have no fragment */
#define PROOFKEY_STATUS_REDIRECT_URI_MALFORMED 102

/* http redirect URIs are for loopback only */
#define PROOFKEY_STATUS_REDIRECT_URI_INSECURE 103

/* a client id is one or more visible ASCII characters */
#define PROOFKEY_STATUS_CLIENT_ID_INVALID 104

/* a scope is a list of tokens separated by single spaces, without quotes, backslashes or non-ASCII characters */
#define PROOFKEY_STATUS_SCOPE_INVALID 105

/* an extra parameter may not repeat or replace one that the flow sets */
#define PROOFKEY_STATUS_PARAMETER_RESERVED 106

/* a state is one or more visible ASCII characters */
#define PROOFKEY_STATUS_STATE_INVALID 107

/* this server only accepts pushed authorization requests, which are not supported */
#define PROOFKEY_STATUS_PAR_REQUIRED 108

/* the provider has no such endpoint */
#define PROOFKEY_STATUS_ENDPOINT_MISSING 109

/* the scope openid needs the issuer of the provider */
#define PROOFKEY_STATUS_ISSUER_MISSING 110

/* login_with_browser needs an http redirect URI on loopback */
#define PROOFKEY_STATUS_REDIRECT_URI_NOT_LOOPBACK 111

/* the server's metadata does not list S256 */
#define PROOFKEY_STATUS_PKCE_NOT_ADVERTISED 112

/* a nonce is one or more visible ASCII characters */
#define PROOFKEY_STATUS_NONCE_INVALID 113

/* the application's data may be at most 256 bytes */
#define PROOFKEY_STATUS_DATA_TOO_LARGE 114

/* the CA file has no certificate, or one that cannot be read */
#define PROOFKEY_STATUS_CA_FILE_INVALID 115

/* max_age, acr_values and nonce need the scope openid */
#define PROOFKEY_STATUS_OPENID_SCOPE_MISSING 116

/* the scope openid needs the feature id-token of the crate */
#define PROOFKEY_STATUS_OPENID_UNSUPPORTED 117

/* an acr value is one or more visible ASCII characters without a space */
#define PROOFKEY_STATUS_ACR_VALUES_INVALID 118

/* the client secret is empty */
#define PROOFKEY_STATUS_CLIENT_SECRET_EMPTY 119

/* an issuer is given without /.well-known/ and what follows, which discovery adds */
#define PROOFKEY_STATUS_ISSUER_WELL_KNOWN 120

/* a resource is an absolute URI without a fragment */
#define PROOFKEY_STATUS_RESOURCE_INVALID 121

/* a proxy is http:// or https://, a host, and perhaps a port, a user and a password */
#define PROOFKEY_STATUS_PROXY_INVALID 122

/* the callback is not form-encoded UTF-8 */
#define PROOFKEY_STATUS_CALLBACK_MALFORMED 200

/* the callback has a parameter twice */
#define PROOFKEY_STATUS_CALLBACK_DUPLICATE 201

/* the callback has no state */
#define PROOFKEY_STATUS_STATE_MISSING 202

/* the callback belongs to another login */
#define PROOFKEY_STATUS_STATE_MISMATCH 203

/* the server promises iss but did not send it */
#define PROOFKEY_STATUS_ISS_MISSING 204

/* the callback comes from another issuer */
#define PROOFKEY_STATUS_ISS_MISMATCH 205

/* the callback arrived at another redirect URI */
#define PROOFKEY_STATUS_REDIRECT_URI_MISMATCH 206

/* the callback has neither code nor error */
#define PROOFKEY_STATUS_CODE_MISSING 207

/* the code contains characters that are not allowed */
#define PROOFKEY_STATUS_CODE_INVALID 208

/* the callback contains tokens that were not requested */
#define PROOFKEY_STATUS_UNEXPECTED_TOKEN 209

/* the server used a response mode that was not requested */
#define PROOFKEY_STATUS_RESPONSE_MODE_UNSUPPORTED 210

/* the authorization server refused */
#define PROOFKEY_STATUS_AUTHORIZATION_ERROR 211

/* this login was already used */
#define PROOFKEY_STATUS_LOGIN_ALREADY_USED 212

/* this login took too long */
#define PROOFKEY_STATUS_LOGIN_EXPIRED 213

/* this browser has no such login */
#define PROOFKEY_STATUS_LOGIN_LOST 214

/* not a sealed text */
#define PROOFKEY_STATUS_SEAL_MALFORMED 300

/* sealed with a secret that is not in use */
#define PROOFKEY_STATUS_SEAL_KEY_UNKNOWN 301

/* the sealed text was changed */
#define PROOFKEY_STATUS_SEAL_FORGED 302

/* sealed for another context */
#define PROOFKEY_STATUS_SEAL_CONTEXT 303

/* sealed for another client or provider */
#define PROOFKEY_STATUS_SEAL_CLIENT 304

/* a sealing secret must be at least 16 bytes long */
#define PROOFKEY_STATUS_SECRET_WEAK 305

/* too long to be sealed: a login may have at most 8192 characters */
#define PROOFKEY_STATUS_SEAL_TOO_LARGE 306

/* the response cannot be read */
#define PROOFKEY_STATUS_RESPONSE_MALFORMED 400

/* the response is neither JSON nor a form */
#define PROOFKEY_STATUS_RESPONSE_CONTENT_TYPE 401

/* the server answered with an HTTP error */
#define PROOFKEY_STATUS_RESPONSE_STATUS 402

/* the server redirected, and redirects are not followed */
#define PROOFKEY_STATUS_RESPONSE_REDIRECT 403

/* the response has a member twice */
#define PROOFKEY_STATUS_RESPONSE_DUPLICATE 404

/* the response has no access token */
#define PROOFKEY_STATUS_ACCESS_TOKEN_MISSING 405

/* the access token contains characters that are not allowed */
#define PROOFKEY_STATUS_ACCESS_TOKEN_INVALID 406

/* the refresh token is not a string */
#define PROOFKEY_STATUS_REFRESH_TOKEN_INVALID 407

/* the token type is not Bearer */
#define PROOFKEY_STATUS_TOKEN_TYPE_UNSUPPORTED 408

/* the token type is not a string */
#define PROOFKEY_STATUS_TOKEN_TYPE_INVALID 409

/* the server refused the request */
#define PROOFKEY_STATUS_TOKEN_ERROR 410

/* there is no refresh token */
#define PROOFKEY_STATUS_REFRESH_TOKEN_ABSENT 411

/* these tokens are being refreshed already */
#define PROOFKEY_STATUS_REFRESH_UNDER_WAY 412

/* the device code expired before the user decided */
#define PROOFKEY_STATUS_DEVICE_CODE_EXPIRED 414

/* the device code is missing, or is no text */
#define PROOFKEY_STATUS_DEVICE_CODE_INVALID 415

/* the user code is missing, or cannot be shown */
#define PROOFKEY_STATUS_USER_CODE_INVALID 416

/* the verification URI is missing, or not https */
#define PROOFKEY_STATUS_VERIFICATION_URI_INVALID 417

/* the lifetime or the polling interval cannot be used */
#define PROOFKEY_STATUS_DEVICE_LIFETIME_INVALID 418

/* openid was requested, but no ID token came */
#define PROOFKEY_STATUS_ID_TOKEN_MISSING 500

/* the ID token is not a signed JWT */
#define PROOFKEY_STATUS_ID_TOKEN_MALFORMED 501

/* the ID token's algorithm is not accepted */
#define PROOFKEY_STATUS_ID_TOKEN_ALG 502

/* the ID token's signature does not verify */
#define PROOFKEY_STATUS_ID_TOKEN_SIGNATURE 503

/* the ID token comes from another issuer */
#define PROOFKEY_STATUS_ID_TOKEN_ISS 504

/* the ID token is for another client */
#define PROOFKEY_STATUS_ID_TOKEN_AUD 505

/* the ID token's authorized party is another client */
#define PROOFKEY_STATUS_ID_TOKEN_AZP 506

/* the ID token's subject is missing or differs */
#define PROOFKEY_STATUS_ID_TOKEN_SUB 507

/* the ID token has expired */
#define PROOFKEY_STATUS_ID_TOKEN_EXP 508

/* the ID token's issue time is missing or in the future */
#define PROOFKEY_STATUS_ID_TOKEN_IAT 509

/* the ID token is not valid yet */
#define PROOFKEY_STATUS_ID_TOKEN_NBF 510

/* the ID token belongs to another login */
#define PROOFKEY_STATUS_ID_TOKEN_NONCE 511

/* the ID token needs an extension that is not understood */
#define PROOFKEY_STATUS_ID_TOKEN_CRIT 512

/* the token's type is not that of an ID token */
#define PROOFKEY_STATUS_ID_TOKEN_TYP 513

/* the ID token was made for another access token */
#define PROOFKEY_STATUS_ID_TOKEN_AT_HASH 514

/* the ID token was made for another code */
#define PROOFKEY_STATUS_ID_TOKEN_C_HASH 515

/* the user's sign-in is older than asked for */
#define PROOFKEY_STATUS_ID_TOKEN_AUTH_TIME 516

/* the sign-in was weaker than asked for */
#define PROOFKEY_STATUS_ID_TOKEN_ACR 517

/* ID tokens with this signature algorithm are not supported */
#define PROOFKEY_STATUS_ID_TOKEN_ALG_UNSUPPORTED 518

/* the userinfo response is not a JSON object */
#define PROOFKEY_STATUS_USERINFO_MALFORMED 521

/* the userinfo response is about another user */
#define PROOFKEY_STATUS_USERINFO_SUB 522

/* the metadata is not a JSON object, or a member has the wrong type or appears twice */
#define PROOFKEY_STATUS_METADATA_MALFORMED 600

/* the metadata names no issuer */
#define PROOFKEY_STATUS_METADATA_ISSUER_MISSING 601

/* the metadata belongs to another issuer */
#define PROOFKEY_STATUS_METADATA_ISSUER_MISMATCH 602

/* the metadata names an endpoint that is not https */
#define PROOFKEY_STATUS_METADATA_ENDPOINT_INSECURE 603

/* the metadata names an endpoint that is not a usable URL */
#define PROOFKEY_STATUS_METADATA_ENDPOINT_MALFORMED 604

/* the metadata names no token or authorization endpoint */
#define PROOFKEY_STATUS_METADATA_ENDPOINT_MISSING 605

/* the server's keys for ID tokens could not be read */
#define PROOFKEY_STATUS_KEYS_UNAVAILABLE 606

/* no metadata at /.well-known/oauth-authorization-server nor at /.well-known/openid-configuration of this issuer */
#define PROOFKEY_STATUS_METADATA_NOT_FOUND 607

/* the server has no key for ID tokens of a supported type and size */
#define PROOFKEY_STATUS_KEYS_UNSUPPORTED 608

/* could not connect, so nothing was sent */
#define PROOFKEY_STATUS_CONNECT_FAILED 700

/* no trusted TLS connection, so nothing was sent */
#define PROOFKEY_STATUS_TLS_FAILED 701

/* no response in time */
#define PROOFKEY_STATUS_TIMEOUT 702

/* the connection broke after the request was sent */
#define PROOFKEY_STATUS_RESPONSE_INTERRUPTED 703

/* the response is too large */
#define PROOFKEY_STATUS_RESPONSE_TOO_LARGE 704

/* the address is not public */
#define PROOFKEY_STATUS_ADDRESS_FORBIDDEN 705

/* the store did not respond */
#define PROOFKEY_STATUS_STORE_UNAVAILABLE 706

/* the reply of the replay store was lost: nothing was sent, but this login may count as used */
#define PROOFKEY_STATUS_STORE_REPLY_LOST 707

/* a required pointer is NULL */
#define PROOFKEY_STATUS_NULL_POINTER 900

/* the buffer is too small; the size needed was written */
#define PROOFKEY_STATUS_BUFFER_TOO_SMALL 901

/* text must be UTF-8 without lone surrogates */
#define PROOFKEY_STATUS_TEXT_INVALID 902

/* there is no such result, or not yet */
#define PROOFKEY_STATUS_RESULT_ABSENT 903

/* this version has no quirk of this name */
#define PROOFKEY_STATUS_QUIRK_UNKNOWN 904

/* a bug in the library */
#define PROOFKEY_STATUS_INTERNAL 999

#endif

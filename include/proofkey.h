/*
 * proofkey: PKCE (RFC 7636) for C.
 *
 * The rules. All functions keep them; the comment on a function adds what is its own.
 *
 *  1. Ownership. Nothing is allocated, and no pointer is kept after the call. Buffers are the caller's. A returned text
 *     is static, ends in NUL, and is not to be freed or changed.
 *  2. Text and bytes. Text of the protocol is `char`, entropy is `uint8_t`. Each is a pointer followed by its length;
 *     a NUL is a byte like any other and ends nothing. The length of a literal is `sizeof literal - 1`.
 *  3. NULL and empty. NULL with length 0 is an absent value; only an argument that "may be NULL" can be absent, and any
 *     other is PROOFKEY_STATUS_NULL_POINTER. NULL with another length always is. Not NULL with length 0 is the empty
 *     value; in a parameter of a request it means the same as absent (RFC 6749 section 3.1).
 *  4. Lengths. A pointer that is not NULL leads to as many bytes as the length says, and no other thread writes to them
 *     during the call. Of an input longer than 128 bytes, which is never valid, none is read.
 *  5. Output. `out` leads to `capacity` bytes, `written` to one size_t; neither may be NULL, both may be uninitialised.
 *     `out` may overlap the inputs, `written` overlaps nothing. The text is not ended by a NUL. `*written` is set in
 *     every case: to the length of the text, with PROOFKEY_STATUS_BUFFER_TOO_SMALL to the length needed, with any other
 *     error to 0. On an error nothing is written to `out`. PROOFKEY_STATUS_BUFFER_TOO_SMALL is found last: with room
 *     enough the call would succeed.
 *  6. Secrets. Verifiers and entropy are secrets. The library erases its own copies; erase yours with
 *     proofkey_memzero() when the login is over. No branch and no memory address depends on their bytes; their lengths,
 *     and whether a check succeeded, are not hidden. A verifier goes into the body of the token request, never into a
 *     URL or a log.
 *  7. Threads. There is no state: any function may be called from any thread, and by any number of them at once.
 *  8. Statuses. PROOFKEY_STATUS_OK is 0, all else is a failure, and so is a number this header does not know. Numbers
 *     and names never change their meaning. To ignore a status is a security hole; compilers warn about it. A defect
 *     of the library is PROOFKEY_STATUS_INTERNAL and does not end the process; the embedded build calls abort().
 *  9. Versions. Functions and statuses are only added while PROOFKEY_ABI_VERSION stays the same. A program that loads
 *     the library at run time compares it with proofkey_abi_version().
 */


#ifndef PROOFKEY_H
#define PROOFKEY_H

/* Made by bindings/c/header.sh from bindings/c/src: do not edit. */

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define PROOFKEY_MUST_USE __attribute__((warn_unused_result))
#else
#define PROOFKEY_MUST_USE
#endif


/**
 * The length of the shortest verifier.
 */
#define PROOFKEY_VERIFIER_MIN_LEN 43

/**
 * The length of the longest verifier: a buffer of this size holds any.
 */
#define PROOFKEY_VERIFIER_MAX_LEN 128

/**
 * The length of what proofkey_verifier_generate() makes.
 */
#define PROOFKEY_VERIFIER_GENERATED_LEN 43

/**
 * The least entropy that proofkey_verifier_from_entropy() takes.
 */
#define PROOFKEY_ENTROPY_MIN_LEN 32

/**
 * The most entropy that proofkey_verifier_from_entropy() takes.
 */
#define PROOFKEY_ENTROPY_MAX_LEN 96

/**
 * The length of every S256 challenge.
 */
#define PROOFKEY_CHALLENGE_LEN 43

/**
 * The length of the longest binding: a buffer, or a column, of this size holds any.
 */
#define PROOFKEY_BINDING_MAX_LEN 49

/**
 * "ok": the call did what it says.
 */
#define PROOFKEY_STATUS_OK 0

/**
 * "verifier_length": a code verifier has 43 to 128 characters.
 */
#define PROOFKEY_STATUS_VERIFIER_LENGTH 1

/**
 * "verifier_character": a code verifier holds only A-Z a-z 0-9 - . _ ~.
 */
#define PROOFKEY_STATUS_VERIFIER_CHARACTER 2

/**
 * "entropy_length": 32 to 96 bytes of entropy.
 */
#define PROOFKEY_STATUS_ENTROPY_LENGTH 3

/**
 * "entropy_unavailable": the operating system gave no randomness.
 */
#define PROOFKEY_STATUS_ENTROPY_UNAVAILABLE 4

/**
 * "challenge_missing": this server requires a code_challenge.
 */
#define PROOFKEY_STATUS_CHALLENGE_MISSING 10

/**
 * "challenge_malformed": an S256 challenge is 43 base64url characters of a SHA-256 digest.
 */
#define PROOFKEY_STATUS_CHALLENGE_MALFORMED 11

/**
 * "method_unsupported": code_challenge_method must be S256.
 */
#define PROOFKEY_STATUS_METHOD_UNSUPPORTED 12

/**
 * "method_without_challenge": code_challenge_method was sent without code_challenge.
 */
#define PROOFKEY_STATUS_METHOD_WITHOUT_CHALLENGE 13

/**
 * "verifier_missing": a challenge is bound to this code: code_verifier is required.
 */
#define PROOFKEY_STATUS_VERIFIER_MISSING 20

/**
 * "verifier_mismatch": code_verifier does not match the challenge bound to this code.
 */
#define PROOFKEY_STATUS_VERIFIER_MISMATCH 21

/**
 * "verifier_unexpected": code_verifier was sent but no challenge is bound to this code.
 */
#define PROOFKEY_STATUS_VERIFIER_UNEXPECTED 22

/**
 * "binding_malformed": the stored binding is not readable.
 */
#define PROOFKEY_STATUS_BINDING_MALFORMED 23

/**
 * "parameter_duplicate": a parameter was sent twice.
 */
#define PROOFKEY_STATUS_PARAMETER_DUPLICATE 24

/**
 * "endpoint_malformed": an endpoint is an absolute URL without fragment.
 */
#define PROOFKEY_STATUS_ENDPOINT_MALFORMED 100

/**
 * "endpoint_insecure": endpoints are https, except on loopback.
 */
#define PROOFKEY_STATUS_ENDPOINT_INSECURE 101

/**
 * "redirect_uri_malformed": a redirect URI is absolute and has no fragment.
 */
#define PROOFKEY_STATUS_REDIRECT_URI_MALFORMED 102

/**
 * "redirect_uri_insecure": http redirect URIs are for loopback only.
 */
#define PROOFKEY_STATUS_REDIRECT_URI_INSECURE 103

/**
 * "client_id_invalid": a client id is one or more visible ASCII characters.
 */
#define PROOFKEY_STATUS_CLIENT_ID_INVALID 104

/**
 * "scope_invalid": a scope token holds no space, quote, backslash or non-ASCII.
 */
#define PROOFKEY_STATUS_SCOPE_INVALID 105

/**
 * "parameter_reserved": an extra parameter may not repeat or override one that the flow sets.
 */
#define PROOFKEY_STATUS_PARAMETER_RESERVED 106

/**
 * "state_invalid": a caller's state is one or more visible ASCII characters.
 */
#define PROOFKEY_STATUS_STATE_INVALID 107

/**
 * "par_required": this server accepts pushed authorization requests only.
 */
#define PROOFKEY_STATUS_PAR_REQUIRED 108

/**
 * "endpoint_missing": the provider has no such endpoint.
 */
#define PROOFKEY_STATUS_ENDPOINT_MISSING 109

/**
 * "issuer_missing": openid needs the provider's issuer.
 */
#define PROOFKEY_STATUS_ISSUER_MISSING 110

/**
 * "redirect_uri_not_loopback": a loopback login needs an http redirect URI on loopback.
 */
#define PROOFKEY_STATUS_REDIRECT_URI_NOT_LOOPBACK 111

/**
 * "pkce_not_advertised": the server's metadata does not list S256.
 */
#define PROOFKEY_STATUS_PKCE_NOT_ADVERTISED 112

/**
 * "callback_malformed": the callback is not form-encoded as it must be.
 */
#define PROOFKEY_STATUS_CALLBACK_MALFORMED 200

/**
 * "callback_duplicate": the callback carries a parameter twice.
 */
#define PROOFKEY_STATUS_CALLBACK_DUPLICATE 201

/**
 * "state_missing": the callback carries no state.
 */
#define PROOFKEY_STATUS_STATE_MISSING 202

/**
 * "state_mismatch": the callback belongs to another login.
 */
#define PROOFKEY_STATUS_STATE_MISMATCH 203

/**
 * "iss_missing": the server promises iss and did not send it.
 */
#define PROOFKEY_STATUS_ISS_MISSING 204

/**
 * "iss_mismatch": the callback comes from another issuer.
 */
#define PROOFKEY_STATUS_ISS_MISMATCH 205

/**
 * "redirect_uri_mismatch": the callback arrived at another redirect URI.
 */
#define PROOFKEY_STATUS_REDIRECT_URI_MISMATCH 206

/**
 * "code_missing": the callback carries neither code nor error.
 */
#define PROOFKEY_STATUS_CODE_MISSING 207

/**
 * "code_invalid": the code holds characters that no code may hold.
 */
#define PROOFKEY_STATUS_CODE_INVALID 208

/**
 * "unexpected_token": the callback carries tokens that were not asked for.
 */
#define PROOFKEY_STATUS_UNEXPECTED_TOKEN 209

/**
 * "response_mode_unsupported": the server answered in a response mode that was not asked for.
 */
#define PROOFKEY_STATUS_RESPONSE_MODE_UNSUPPORTED 210

/**
 * "authorization_error": the authorization server refused.
 */
#define PROOFKEY_STATUS_AUTHORIZATION_ERROR 211

/**
 * "login_spent": this login was already used.
 */
#define PROOFKEY_STATUS_LOGIN_SPENT 212

/**
 * "login_expired": this login took too long.
 */
#define PROOFKEY_STATUS_LOGIN_EXPIRED 213

/**
 * "login_lost": this browser holds no such login.
 */
#define PROOFKEY_STATUS_LOGIN_LOST 214

/**
 * "seal_malformed": not a sealed login.
 */
#define PROOFKEY_STATUS_SEAL_MALFORMED 300

/**
 * "seal_key_unknown": sealed with a secret that is not in use.
 */
#define PROOFKEY_STATUS_SEAL_KEY_UNKNOWN 301

/**
 * "seal_forged": the sealed login was changed.
 */
#define PROOFKEY_STATUS_SEAL_FORGED 302

/**
 * "seal_context": sealed for another context.
 */
#define PROOFKEY_STATUS_SEAL_CONTEXT 303

/**
 * "seal_client": sealed for another client or provider.
 */
#define PROOFKEY_STATUS_SEAL_CLIENT 304

/**
 * "secret_weak": a sealing secret has at least 16 bytes.
 */
#define PROOFKEY_STATUS_SECRET_WEAK 305

/**
 * "seal_too_large": too much to seal: 256 bytes of data, 8192 characters in all.
 */
#define PROOFKEY_STATUS_SEAL_TOO_LARGE 306

/**
 * "answer_malformed": the token answer is not what RFC 6749 section 5.1 describes.
 */
#define PROOFKEY_STATUS_ANSWER_MALFORMED 400

/**
 * "answer_content_type": the token answer is neither JSON nor a form.
 */
#define PROOFKEY_STATUS_ANSWER_CONTENT_TYPE 401

/**
 * "answer_status": the token endpoint answered with an HTTP error and no OAuth error.
 */
#define PROOFKEY_STATUS_ANSWER_STATUS 402

/**
 * "answer_redirect": the token endpoint redirected; redirects are refused.
 */
#define PROOFKEY_STATUS_ANSWER_REDIRECT 403

/**
 * "answer_duplicate": the token answer carries a member twice.
 */
#define PROOFKEY_STATUS_ANSWER_DUPLICATE 404

/**
 * "access_token_missing": the token answer has no access token.
 */
#define PROOFKEY_STATUS_ACCESS_TOKEN_MISSING 405

/**
 * "access_token_invalid": the access token holds characters that no token may hold.
 */
#define PROOFKEY_STATUS_ACCESS_TOKEN_INVALID 406

/**
 * "refresh_token_invalid": the refresh token is not a string.
 */
#define PROOFKEY_STATUS_REFRESH_TOKEN_INVALID 407

/**
 * "token_type_unsupported": the token type is not Bearer.
 */
#define PROOFKEY_STATUS_TOKEN_TYPE_UNSUPPORTED 408

/**
 * "token_type_invalid": the token type is not a string.
 */
#define PROOFKEY_STATUS_TOKEN_TYPE_INVALID 409

/**
 * "token_error": the token endpoint refused.
 */
#define PROOFKEY_STATUS_TOKEN_ERROR 410

/**
 * "refresh_token_absent": there is no refresh token.
 */
#define PROOFKEY_STATUS_REFRESH_TOKEN_ABSENT 411

/**
 * "id_token_missing": openid was asked for and no ID token came.
 */
#define PROOFKEY_STATUS_ID_TOKEN_MISSING 500

/**
 * "id_token_malformed": the ID token is not a signed JWT.
 */
#define PROOFKEY_STATUS_ID_TOKEN_MALFORMED 501

/**
 * "id_token_alg": the ID token's algorithm is not accepted.
 */
#define PROOFKEY_STATUS_ID_TOKEN_ALG 502

/**
 * "id_token_signature": the ID token's signature does not verify.
 */
#define PROOFKEY_STATUS_ID_TOKEN_SIGNATURE 503

/**
 * "id_token_iss": the ID token comes from another issuer.
 */
#define PROOFKEY_STATUS_ID_TOKEN_ISS 504

/**
 * "id_token_aud": the ID token is for another client.
 */
#define PROOFKEY_STATUS_ID_TOKEN_AUD 505

/**
 * "id_token_azp": the ID token's authorized party is another client.
 */
#define PROOFKEY_STATUS_ID_TOKEN_AZP 506

/**
 * "id_token_sub": the ID token's subject is missing or differs.
 */
#define PROOFKEY_STATUS_ID_TOKEN_SUB 507

/**
 * "id_token_exp": the ID token has expired.
 */
#define PROOFKEY_STATUS_ID_TOKEN_EXP 508

/**
 * "id_token_iat": the ID token's issue time is missing or in the future.
 */
#define PROOFKEY_STATUS_ID_TOKEN_IAT 509

/**
 * "id_token_nbf": the ID token is not valid yet.
 */
#define PROOFKEY_STATUS_ID_TOKEN_NBF 510

/**
 * "id_token_nonce": the ID token belongs to another login.
 */
#define PROOFKEY_STATUS_ID_TOKEN_NONCE 511

/**
 * "id_token_crit": the ID token needs an extension that is not understood.
 */
#define PROOFKEY_STATUS_ID_TOKEN_CRIT 512

/**
 * "id_token_typ": the token is of another type than an ID token.
 */
#define PROOFKEY_STATUS_ID_TOKEN_TYP 513

/**
 * "id_token_at_hash": the ID token was made for another access token.
 */
#define PROOFKEY_STATUS_ID_TOKEN_AT_HASH 514

/**
 * "id_token_c_hash": the ID token was made for another code.
 */
#define PROOFKEY_STATUS_ID_TOKEN_C_HASH 515

/**
 * "id_token_auth_time": the user's sign-in is older than asked for.
 */
#define PROOFKEY_STATUS_ID_TOKEN_AUTH_TIME 516

/**
 * "id_token_acr": the sign-in was weaker than asked for.
 */
#define PROOFKEY_STATUS_ID_TOKEN_ACR 517

/**
 * "userinfo_status": the userinfo endpoint answered with an HTTP error.
 */
#define PROOFKEY_STATUS_USERINFO_STATUS 520

/**
 * "userinfo_malformed": the userinfo answer is not a JSON object.
 */
#define PROOFKEY_STATUS_USERINFO_MALFORMED 521

/**
 * "userinfo_sub": the userinfo answer is about another user.
 */
#define PROOFKEY_STATUS_USERINFO_SUB 522

/**
 * "metadata_malformed": the metadata is not a JSON object.
 */
#define PROOFKEY_STATUS_METADATA_MALFORMED 600

/**
 * "metadata_issuer_missing": the metadata names no issuer.
 */
#define PROOFKEY_STATUS_METADATA_ISSUER_MISSING 601

/**
 * "metadata_issuer_mismatch": the metadata belongs to another issuer.
 */
#define PROOFKEY_STATUS_METADATA_ISSUER_MISMATCH 602

/**
 * "metadata_endpoint_insecure": the metadata names an endpoint that is not https.
 */
#define PROOFKEY_STATUS_METADATA_ENDPOINT_INSECURE 603

/**
 * "metadata_endpoint_malformed": the metadata names an endpoint that is no usable URL.
 */
#define PROOFKEY_STATUS_METADATA_ENDPOINT_MALFORMED 604

/**
 * "metadata_endpoint_missing": the metadata names no token or authorization endpoint.
 */
#define PROOFKEY_STATUS_METADATA_ENDPOINT_MISSING 605

/**
 * "keys_unavailable": the server's keys for ID tokens could not be read.
 */
#define PROOFKEY_STATUS_KEYS_UNAVAILABLE 606

/**
 * "connect_failed": no connection: nothing was sent.
 */
#define PROOFKEY_STATUS_CONNECT_FAILED 700

/**
 * "tls_failed": no trusted TLS connection: nothing was sent.
 */
#define PROOFKEY_STATUS_TLS_FAILED 701

/**
 * "timeout": no answer in time.
 */
#define PROOFKEY_STATUS_TIMEOUT 702

/**
 * "answer_interrupted": the connection broke after the request was sent.
 */
#define PROOFKEY_STATUS_ANSWER_INTERRUPTED 703

/**
 * "answer_too_large": the answer is larger than the cap.
 */
#define PROOFKEY_STATUS_ANSWER_TOO_LARGE 704

/**
 * "address_forbidden": the address is not public.
 */
#define PROOFKEY_STATUS_ADDRESS_FORBIDDEN 705

/**
 * "store_unavailable": the store of used logins did not answer: nothing was sent.
 */
#define PROOFKEY_STATUS_STORE_UNAVAILABLE 706

/**
 * "null_pointer": a required pointer is NULL.
 */
#define PROOFKEY_STATUS_NULL_POINTER 900

/**
 * "buffer_too_small": the buffer is too small; the size needed was written.
 */
#define PROOFKEY_STATUS_BUFFER_TOO_SMALL 901

/**
 * "text_invalid": text must be UTF-8 without lone surrogates.
 */
#define PROOFKEY_STATUS_TEXT_INVALID 902

/**
 * "internal": a defect of the library.
 */
#define PROOFKEY_STATUS_INTERNAL 999

/**
 * The version of this header: the major number.
 */
#define PROOFKEY_VERSION_MAJOR 0

/**
 * The version of this header: the minor number.
 */
#define PROOFKEY_VERSION_MINOR 1

/**
 * The version of this header: the patch number.
 */
#define PROOFKEY_VERSION_PATCH 0

/**
 * The ABI of this header (rule 9). It grows only when a program would have to be compiled again.
 */
#define PROOFKEY_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a fresh verifier: 32 bytes of the operating system's randomness as 43 base64url characters (RFC 7636
 * section 7.1). A client makes one for each authorization request.
 *
 * @param out       the buffer for the verifier, which is a secret (rule 6)
 * @param capacity  the size of the buffer; PROOFKEY_VERIFIER_GENERATED_LEN is enough
 * @param written   see rule 5
 * @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENTROPY_UNAVAILABLE, PROOFKEY_STATUS_NULL_POINTER,
 *         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
 *
 * Threads: any number at once; the child of a fork() gets other verifiers than its parent.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE int32_t proofkey_verifier_generate(char *out, size_t capacity, size_t *written);

/**
 * Makes a verifier from the caller's own entropy, as base64url characters (RFC 7636 section 4.1), for platforms that
 * bring their own source. The bytes must come from a cryptographic generator, be used once, and be erased afterwards.
 *
 * @param entropy      PROOFKEY_ENTROPY_MIN_LEN to PROOFKEY_ENTROPY_MAX_LEN random bytes, which are a secret (rule 6)
 * @param entropy_len  how many there are
 * @param out          the buffer for the verifier, which is a secret (rule 6)
 * @param capacity     the size of the buffer; PROOFKEY_VERIFIER_MAX_LEN is always enough, PROOFKEY_VERIFIER_MIN_LEN is
 *                     for 32 bytes of entropy
 * @param written      see rule 5
 * @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENTROPY_LENGTH, PROOFKEY_STATUS_NULL_POINTER,
 *         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE
int32_t proofkey_verifier_from_entropy(const uint8_t *entropy,
                                       size_t entropy_len,
                                       char *out,
                                       size_t capacity,
                                       size_t *written);

/**
 * Whether this is a verifier: 43 to 128 characters out of `A-Z a-z 0-9 - . _ ~` (RFC 7636 section 4.1). Nothing is
 * trimmed, folded or decoded.
 *
 * @param verifier      the text, which is a secret (rule 6)
 * @param verifier_len  its length
 * @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
 *         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rule 4.
 */
PROOFKEY_MUST_USE int32_t proofkey_verifier_check(const char *verifier, size_t verifier_len);

/**
 * The S256 challenge of a verifier (RFC 7636 section 4.2), to be sent as `code_challenge` beside
 * `code_challenge_method=S256`. It is not a secret.
 *
 * @param verifier      the verifier, which is a secret (rule 6)
 * @param verifier_len  its length
 * @param out           the buffer for the challenge
 * @param capacity      the size of the buffer; PROOFKEY_CHALLENGE_LEN is enough
 * @param written       see rule 5
 * @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
 *         PROOFKEY_STATUS_NULL_POINTER, PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE
int32_t proofkey_challenge_s256(const char *verifier,
                                size_t verifier_len,
                                char *out,
                                size_t capacity,
                                size_t *written);

/**
 * For authorization servers: turns `code_challenge` and `code_challenge_method` of an authorization request into the
 * binding, a short text to store with the code (RFC 7636 section 4.4). There is no secret in it. Strict: a challenge is
 * required, and its method is S256 (RFC 9700 section 2.1.1).
 *
 * Absent and empty parameters are the same. A parameter that was sent twice is the caller's to refuse, as
 * PROOFKEY_STATUS_PARAMETER_DUPLICATE. To errors that have one, the server answers with
 * proofkey_status_oauth_error().
 *
 * @param code_challenge             the parameter as it came, after form decoding; may be NULL
 * @param code_challenge_len         its length
 * @param code_challenge_method      the parameter as it came, after form decoding; may be NULL
 * @param code_challenge_method_len  its length
 * @param out                        the buffer for the binding
 * @param capacity                   the size of the buffer; PROOFKEY_BINDING_MAX_LEN is enough
 * @param written                    see rule 5
 * @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_CHALLENGE_MISSING, PROOFKEY_STATUS_CHALLENGE_MALFORMED,
 *         PROOFKEY_STATUS_METHOD_UNSUPPORTED, PROOFKEY_STATUS_METHOD_WITHOUT_CHALLENGE, PROOFKEY_STATUS_NULL_POINTER,
 *         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE
int32_t proofkey_policy_bind(const char *code_challenge,
                             size_t code_challenge_len,
                             const char *code_challenge_method,
                             size_t code_challenge_method_len,
                             char *out,
                             size_t capacity,
                             size_t *written);

/**
 * proofkey_policy_bind() with a relaxation: it also accepts the method `plain`, and its short form, an absent method
 * (RFC 7636 section 4.3). Whoever sees the authorization request can then redeem the code.
 *
 * @param code_challenge             as for proofkey_policy_bind(); may be NULL
 * @param code_challenge_len         its length
 * @param code_challenge_method      as for proofkey_policy_bind(); may be NULL
 * @param code_challenge_method_len  its length
 * @param out                        the buffer for the binding
 * @param capacity                   the size of the buffer; PROOFKEY_BINDING_MAX_LEN is enough
 * @param written                    see rule 5
 * @return as proofkey_policy_bind()
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE
int32_t proofkey_policy_bind_allow_plain(const char *code_challenge,
                                         size_t code_challenge_len,
                                         const char *code_challenge_method,
                                         size_t code_challenge_method_len,
                                         char *out,
                                         size_t capacity,
                                         size_t *written);

/**
 * proofkey_policy_bind() with a relaxation: it also accepts a request without a challenge, and binds `none`. For
 * confidential clients with another defence against injected codes only (RFC 9700 section 2.1.1).
 *
 * @param code_challenge             as for proofkey_policy_bind(); may be NULL
 * @param code_challenge_len         its length
 * @param code_challenge_method      as for proofkey_policy_bind(); may be NULL
 * @param code_challenge_method_len  its length
 * @param out                        the buffer for the binding
 * @param capacity                   the size of the buffer; PROOFKEY_BINDING_MAX_LEN is enough
 * @param written                    see rule 5
 * @return as proofkey_policy_bind(), and never PROOFKEY_STATUS_CHALLENGE_MISSING
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE
int32_t proofkey_policy_bind_optional_for_confidential_client(const char *code_challenge,
                                                              size_t code_challenge_len,
                                                              const char *code_challenge_method,
                                                              size_t code_challenge_method_len,
                                                              char *out,
                                                              size_t capacity,
                                                              size_t *written);

/**
 * proofkey_policy_bind() with both relaxations: proofkey_policy_bind_allow_plain() and
 * proofkey_policy_bind_optional_for_confidential_client().
 *
 * @param code_challenge             as for proofkey_policy_bind(); may be NULL
 * @param code_challenge_len         its length
 * @param code_challenge_method      as for proofkey_policy_bind(); may be NULL
 * @param code_challenge_method_len  its length
 * @param out                        the buffer for the binding
 * @param capacity                   the size of the buffer; PROOFKEY_BINDING_MAX_LEN is enough
 * @param written                    see rule 5
 * @return as proofkey_policy_bind(), and never PROOFKEY_STATUS_CHALLENGE_MISSING
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rules 4 and 5.
 */
PROOFKEY_MUST_USE
int32_t proofkey_policy_bind_allow_plain_optional_for_confidential_client(const char *code_challenge,
                                                                          size_t code_challenge_len,
                                                                          const char *code_challenge_method,
                                                                          size_t code_challenge_method_len,
                                                                          char *out,
                                                                          size_t capacity,
                                                                          size_t *written);

/**
 * For authorization servers: redeems the `code_verifier` of a token request against the binding that was stored with
 * the code (RFC 7636 section 4.6), in constant time. Tokens may be issued after PROOFKEY_STATUS_OK only; otherwise the
 * server answers with proofkey_status_oauth_error(). Call it after the code was found and before it is consumed: a
 * failed verifier does not use the code up.
 *
 * @param binding            what proofkey_policy_bind() wrote; NULL, a lost column, is
 *                           PROOFKEY_STATUS_BINDING_MALFORMED and never "no PKCE"
 * @param binding_len        its length
 * @param code_verifier      the parameter as it came, after form decoding; may be NULL; a secret (rule 6)
 * @param code_verifier_len  its length
 * @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_MISSING, PROOFKEY_STATUS_VERIFIER_LENGTH,
 *         PROOFKEY_STATUS_VERIFIER_CHARACTER, PROOFKEY_STATUS_VERIFIER_MISMATCH, PROOFKEY_STATUS_VERIFIER_UNEXPECTED,
 *         PROOFKEY_STATUS_BINDING_MALFORMED, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
 *
 * Threads: any number at once.
 *
 * # Safety
 * Rule 4.
 */
PROOFKEY_MUST_USE
int32_t proofkey_binding_redeem(const char *binding,
                                size_t binding_len,
                                const char *code_verifier,
                                size_t code_verifier_len);

/**
 * The stable name of a status, for example "verifier_mismatch": the same in every language.
 *
 * @param status  what a function returned
 * @return static text (rule 1): "ok" for PROOFKEY_STATUS_OK, "unknown" for what is no status of this library
 *
 * Threads: any number at once.
 */
const char *proofkey_status_name(int32_t status);

/**
 * What went wrong, for a log: one line without any value of any parameter.
 *
 * @param status  what a function returned
 * @return static text (rule 1), never NULL
 *
 * Threads: any number at once.
 */
const char *proofkey_status_message(int32_t status);

/**
 * What an authorization server answers with as `error` (RFC 6749 sections 4.1.2.1 and 5.2).
 *
 * @param status  what a function returned
 * @return static text (rule 1): "invalid_request" or "invalid_grant"; NULL where no such answer fits, and where the
 *         error itself came from a server
 *
 * Threads: any number at once.
 */
const char *proofkey_status_oauth_error(int32_t status);

/**
 * What to do next about a status.
 *
 * @param status  what a function returned
 * @return static text (rule 1): "fix_call", "fix_configuration", "restart_login", "retry_later", "do_not_retry",
 *         "ask_user" or "report_bug"; "none" for PROOFKEY_STATUS_OK, "unknown" for what is no status of this library
 *
 * Threads: any number at once.
 */
const char *proofkey_status_recovery(int32_t status);

/**
 * Erases a secret. The compiler cannot remove it, as it may remove a memset() of a buffer that is not read again.
 *
 * @param pointer  the bytes, initialised or not; NULL does nothing
 * @param len      how many there are
 *
 * Threads: any number at once.
 *
 * # Safety
 * Unless `pointer` is NULL, `len` bytes can be written there.
 */
void proofkey_memzero(void *pointer, size_t len);

/**
 * The version of the library, for example "0.1.0". PROOFKEY_VERSION_MAJOR, _MINOR and _PATCH are those of the header.
 *
 * @return static text (rule 1)
 *
 * Threads: any number at once.
 */
const char *proofkey_version(void);

/**
 * The ABI of the library (rule 9): who loads it at run time checks that it is PROOFKEY_ABI_VERSION.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
uint32_t proofkey_abi_version(void);

/**
 * PROOFKEY_VERIFIER_MIN_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_verifier_min_len(void);

/**
 * PROOFKEY_VERIFIER_MAX_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_verifier_max_len(void);

/**
 * PROOFKEY_VERIFIER_GENERATED_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_verifier_generated_len(void);

/**
 * PROOFKEY_ENTROPY_MIN_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_entropy_min_len(void);

/**
 * PROOFKEY_ENTROPY_MAX_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_entropy_max_len(void);

/**
 * PROOFKEY_CHALLENGE_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_challenge_len(void);

/**
 * PROOFKEY_BINDING_MAX_LEN, for languages that cannot read macros.
 *
 * @return the number
 *
 * Threads: any number at once.
 */
size_t proofkey_binding_max_len(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PROOFKEY_H */

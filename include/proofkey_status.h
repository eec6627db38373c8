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

/* a required pointer is NULL */
#define PROOFKEY_STATUS_NULL_POINTER 900

/* the buffer is too small; the size needed was written */
#define PROOFKEY_STATUS_BUFFER_TOO_SMALL 901

/* a bug in the library */
#define PROOFKEY_STATUS_INTERNAL 999

#endif

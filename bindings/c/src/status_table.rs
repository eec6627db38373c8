// Generated from tests/vectors/errors.json by `make errors`. Do not edit.

pub(crate) const RELAXATION_UNKNOWN: i32 = 14;
pub(crate) const NULL_POINTER: i32 = 900;
pub(crate) const BUFFER_TOO_SMALL: i32 = 901;
pub(crate) const RESULT_ABSENT: i32 = 903;
pub(crate) const QUIRK_UNKNOWN: i32 = 904;
pub(crate) const INTERNAL: i32 = 999;

/// The numbers, in the order of `TEXTS`.
pub(crate) static NUMBERS: [i32; 19] = [1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24, 900, 901, 903, 904, 999];

/// Name, message, OAuth error and recovery of each, NUL-terminated. One literal, because a linker drops it as a
/// whole from a program that asks for no text.
pub(crate) static TEXTS: &str = "\
    verifier_length\0\
a code verifier has 43 to 128 characters\0\
invalid_grant\0\
fix_call\0\
    verifier_character\0\
a code verifier has only the characters A-Z a-z 0-9 - . _ ~\0\
invalid_grant\0\
fix_call\0\
    entropy_length\0\
entropy must be 32 to 96 bytes\0\
\0\
fix_call\0\
    entropy_unavailable\0\
the operating system gave no random bytes\0\
\0\
retry_later\0\
    challenge_missing\0\
this server requires a code_challenge\0\
invalid_request\0\
fix_call\0\
    challenge_malformed\0\
the code_challenge does not fit its method: 43 base64url characters of a SHA-256 digest for S256\0\
invalid_request\0\
fix_call\0\
    method_unsupported\0\
code_challenge_method must be S256\0\
invalid_request\0\
fix_call\0\
    method_without_challenge\0\
code_challenge_method was sent without code_challenge\0\
invalid_request\0\
fix_call\0\
    relaxation_unknown\0\
relaxations contains an unknown bit\0\
\0\
fix_call\0\
    verifier_missing\0\
a challenge is bound to this code: code_verifier is required\0\
invalid_grant\0\
restart_login\0\
    verifier_mismatch\0\
code_verifier does not match the challenge bound to this code\0\
invalid_grant\0\
restart_login\0\
    verifier_unexpected\0\
code_verifier was sent but no challenge is bound to this code\0\
invalid_request\0\
restart_login\0\
    binding_malformed\0\
the stored binding cannot be read\0\
invalid_grant\0\
fix_configuration\0\
    parameter_duplicate\0\
a parameter was sent twice\0\
invalid_request\0\
fix_call\0\
    null_pointer\0\
a required pointer is NULL\0\
\0\
fix_call\0\
    buffer_too_small\0\
the buffer is too small; the size needed was written\0\
\0\
fix_call\0\
    result_absent\0\
there is no such result, or not yet\0\
\0\
fix_call\0\
    quirk_unknown\0\
this version has no quirk of this name\0\
\0\
fix_call\0\
    internal\0\
a bug in the library\0\
\0\
report_bug\0\
";

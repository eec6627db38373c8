// Generated from tests/vectors/errors.json by `make errors`. Do not edit.

macro_rules! error_table {
    ($($make:ident)::+, $($head:tt)*) => {
        $($make)::+! { $($head)* {
            VerifierLength = 1, "verifier_length", InvalidGrant, Caller, FixCall, "a code verifier has 43 to 128 characters";
            VerifierCharacter = 2, "verifier_character", InvalidGrant, Caller, FixCall, "a code verifier has only the characters A-Z a-z 0-9 - . _ ~";
            EntropyLength = 3, "entropy_length", None, Caller, FixCall, "entropy must be 32 to 96 bytes";
            EntropyUnavailable = 4, "entropy_unavailable", None, Platform, RetryLater, "the operating system gave no random bytes";
            ChallengeMissing = 10, "challenge_missing", InvalidRequest, Client, FixCall, "this server requires a code_challenge";
            ChallengeMalformed = 11, "challenge_malformed", InvalidRequest, Client, FixCall, "the code_challenge does not fit its method: 43 base64url characters of a SHA-256 digest for S256";
            MethodUnsupported = 12, "method_unsupported", InvalidRequest, Client, FixCall, "code_challenge_method must be S256";
            MethodWithoutChallenge = 13, "method_without_challenge", InvalidRequest, Client, FixCall, "code_challenge_method was sent without code_challenge";
            VerifierMissing = 20, "verifier_missing", InvalidGrant, Client, RestartLogin, "a challenge is bound to this code: code_verifier is required";
            VerifierMismatch = 21, "verifier_mismatch", InvalidGrant, Client, RestartLogin, "code_verifier does not match the challenge bound to this code";
            VerifierUnexpected = 22, "verifier_unexpected", InvalidRequest, Client, RestartLogin, "code_verifier was sent but no challenge is bound to this code";
            BindingMalformed = 23, "binding_malformed", InvalidGrant, Server, FixConfiguration, "the stored binding cannot be read";
            ParameterDuplicate = 24, "parameter_duplicate", InvalidRequest, Client, FixCall, "a parameter was sent twice";
        } }
    };
}

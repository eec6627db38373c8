// Generated from tests/vectors/errors.json by `make errors`. Do not edit.

package dev.proofkey

/** The exception of the class that the table names; some errors have none of their own. */
internal fun exceptionOf(details: ErrorDetails): ProofKeyException = when (details.number) {
    1, 2, 3 -> VerifierException(details)
    10, 11, 12, 13, 20, 21, 22, 23, 24 -> RequestException(details)
    100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122,
        902 -> ConfigurationException(details)
    200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 212, 213, 214 -> CallbackException(details)
    211 -> AuthorizationException(details)
    300, 301, 302, 303, 304, 305, 306 -> SealException(details)
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 414, 415, 416, 417, 418 ->
        TokenException(details)
    500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 513, 514, 515, 516, 517, 518 ->
        IdTokenException(details)
    521, 522 -> UserinfoException(details)
    600, 601, 602, 603, 604, 605, 606, 607, 608 -> MetadataException(details)
    700, 701, 702, 703, 704, 705, 706, 707 -> TransportException(details)
    else -> ProofKeyException(details)
}

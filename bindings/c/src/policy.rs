//! The relaxations of the policy for authorization servers, as one mask. cbindgen.toml defines the constants for C,
//! because cbindgen cannot write their suffix `u`.

use proofkey_core::Policy;

use crate::status::Status;

const ALLOW_PLAIN: u32 = 1;
const OPTIONAL_FOR_CONFIDENTIAL_CLIENT: u32 = 2;

/// The policy with these relaxations. An unknown bit is an error: it could be meant for a later version.
pub(crate) fn policy(relaxations: u32) -> Result<Policy, Status> {
    let known = ALLOW_PLAIN | OPTIONAL_FOR_CONFIDENTIAL_CLIENT;
    if relaxations & !known != 0 {
        return Err(Status::RELAXATION_UNKNOWN);
    }
    let mut policy = Policy::strict();
    if relaxations & ALLOW_PLAIN != 0 {
        policy = policy.allow_plain();
    }
    if relaxations & OPTIONAL_FOR_CONFIDENTIAL_CLIENT != 0 {
        policy = policy.optional_for_confidential_client();
    }
    Ok(policy)
}

// The server's side of PKCE (RFC 7636) in a few lines, for run.mjs. It is an example of an implementation, not a product.
// Parameters are pairs of a name and a value; a value is text with one character for each byte that arrived.
import { createHash, timingSafeEqual } from "node:crypto";

// At the authorization endpoint: returns what to store with the code.
export function bind(params, { plain = false, optional = false } = {}) {
  const challenge = once(params, "code_challenge");
  const method = once(params, "code_challenge_method");
  if (!challenge && method) refuse("invalid_request", "method_without_challenge");
  if (!challenge && optional) return "none";
  if (!challenge) refuse("invalid_request", "challenge_missing");
  if (method === "S256") {
    if (!CHALLENGE.test(challenge)) refuse("invalid_request", "challenge_malformed");
    return `S256:${challenge}`;
  }
  if (!plain || (method ?? "plain") !== "plain") refuse("invalid_request", "method_unsupported");
  if (flaw(challenge)) refuse("invalid_request", "challenge_malformed");
  return `plain:${s256(challenge)}`; // not the challenge itself: with plain it is the verifier, a secret
}

// At the token endpoint, before tokens are issued: throws unless the verifier is right.
export function verify(binding, params) {
  const verifier = once(params, "code_verifier");
  if (binding === "none" && verifier) refuse("invalid_request", "verifier_unexpected");
  if (binding === "none") return;
  if (!verifier) refuse("invalid_grant", "verifier_missing");
  if (flaw(verifier)) refuse("invalid_grant", flaw(verifier));
  const [bound, computed] = [binding.split(":")[1], s256(verifier)].map((text) => Buffer.from(text));
  if (!timingSafeEqual(bound, computed)) refuse("invalid_grant", "verifier_mismatch");
}

function once(params, name) {
  const values = params.filter(([sent]) => sent === name).map(([, value]) => value);
  if (values.length > 1) refuse("invalid_request", "parameter_duplicate");
  return values[0] || undefined; // an empty parameter counts as not sent (RFC 6749 section 3.1)
}

function flaw(verifier) {
  if (verifier.length < 43 || verifier.length > 128) return "verifier_length";
  if (!UNRESERVED.test(verifier)) return "verifier_character";
}

function s256(verifier) {
  return createHash("sha256").update(verifier).digest("base64url");
}

// `error` is for the client, `name` for the server's log.
function refuse(error, name) {
  throw Object.assign(new Error(name), { error, name });
}

const UNRESERVED = /^[A-Za-z0-9._~-]*$/;
// 43 characters hold 258 bits, and a digest has 256: the last two bits are zero.
const CHALLENGE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

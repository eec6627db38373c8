// Runs every case of pkce.json against an implementation: node run.mjs server.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { bind, redeem } = await import(pathToFileURL(resolve(process.argv[2])));
const file = readFileSync(new URL("pkce.json", import.meta.url));
const { counts, rfc7636_appendix_b: known, ...arrays } = JSON.parse(file);
const policies = { strict: {}, plain: { plain: true }, optional: { optional: true } };

// Each takes the members of a case by name, and returns those that it does not know.
const runners = {
  s256({ verifier, challenge, name, source, note, req, ...unknown }) {
    redeem(bind(request(challenge, "S256")), token(verifier));
    return unknown;
  },

  invalid_verifiers({ value, value_hex, error_name, name, why, expected, req, ...unknown }) {
    const verifier = value_hex ? Buffer.from(value_hex, "hex") : value;
    const stored = bind(request(known.challenge, "S256"));
    assert.deepEqual(outcome(() => redeem(stored, token(verifier))), { error: "invalid_grant", name: error_name });
    return unknown;
  },

  invalid_challenges({ value, method, policy = "strict", expected, error_name, name, why, basis, req, ...unknown }) {
    const bound = outcome(() => bind(request(value, method), policies[policy]));
    assert.deepEqual(bound, { error: expected, name: error_name });
    return unknown;
  },

  challenge_methods({ value, default_policy, rfc7636, why, req, ...unknown }) {
    for (const [policy, expected] of [["strict", default_policy], ["plain", rfc7636]]) {
      const { returned, error } = outcome(() => bind(request(known.challenge, value), policies[policy]));
      assert.equal(error ?? returned.split(":")[0], expected);
    }
    return unknown;
  },

  verify_cases({ challenge, method, verifier, policy, ok, error, error_name, name, note, req, ...rest }) {
    const { ok_if_plain_allowed, error_name_if_plain_allowed, ...unknown } = rest;
    const verify = (allowed) => outcome(() => redeem(bind(request(challenge, method), allowed), token(verifier)));
    assert.deepEqual(verify(policies[policy]), ok ? { returned: undefined } : { error, name: error_name });
    if (ok_if_plain_allowed !== undefined) {
      const relaxed = verify({ ...policies[policy], plain: true });
      assert.deepEqual([!relaxed.error, relaxed.name ?? null], [ok_if_plain_allowed, error_name_if_plain_allowed]);
    }
    return unknown;
  },
};

// The parameters as they come: bytes, one character for each. null was not sent, a list was sent more than once.
function pairs(name, values) {
  const bytes = [values].flat().filter((value) => value !== null).map((value) => Buffer.from(value));
  return bytes.map((value) => [name, value.toString("latin1")]);
}

function request(challenge, method) {
  return [...pairs("code_challenge", challenge), ...pairs("code_challenge_method", method)];
}

function token(verifier) {
  return pairs("code_verifier", verifier);
}

// What a call returned, or the error to answer with. Any other exception is a defect of the implementation.
function outcome(call) {
  try {
    return { returned: call() };
  } catch (refused) {
    if (!refused.error) throw refused;
    return { error: refused.error, name: refused.name };
  }
}

assert.deepEqual(Object.keys(runners), Object.keys(counts));
for (const [array, run] of Object.entries(runners)) {
  let ran = 0;
  for (const one of arrays[array]) {
    try {
      assert.deepEqual(run(one), {}, "members that this runner does not know");
    } catch (failure) {
      throw new Error(`${array}: ${one.name ?? one.value}`, { cause: failure });
    }
    ran += 1;
  }
  assert.equal(ran, counts[array], `${array}: not all cases ran`);
  console.log(`${array}: ${ran} cases`);
}

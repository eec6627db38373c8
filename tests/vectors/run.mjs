// Runs every case of pkce.json against an implementation: node run.mjs server.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { bind, verify } = await import(pathToFileURL(resolve(process.argv[2])));
const file = JSON.parse(readFileSync(new URL("pkce.json", import.meta.url)));
const known = file.rfc7636_appendix_b.challenge;

// A parameter as it arrives, with one character for each byte. null was not sent; a list was sent once for each value.
const sent = (name, values) =>
  [values].flat().filter((value) => value !== null).map((value) => [name, Buffer.from(value).toString("latin1")]);

// Makes both calls in turn: "ok" and the bound method, or the OAuth error to respond with and its cause.
function run(challenge, method, verifier, policy = "strict") {
  try {
    const request = [...sent("code_challenge", challenge), ...sent("code_challenge_method", method)];
    const relaxations = ["plain", "optional"].filter((name) => policy.includes(name)).map((name) => [name, true]);
    const stored = bind(request, Object.fromEntries(relaxations));
    if (verifier !== undefined) assert.equal(verify(stored, sent("code_verifier", verifier)), undefined);
    return ["ok", stored.split(":")[0]];
  } catch (refused) {
    if (!refused.error) throw refused; // a defect of the implementation
    return [refused.error, refused.name];
  }
}

// For each case: the outcome, and the expected one.
const runners = {
  s256: (one) => [run(one.challenge, "S256", one.verifier), ["ok", "S256"]],
  invalid_verifiers({ value, value_hex, error_name }) {
    const verifier = value_hex ? Buffer.from(value_hex, "hex") : value;
    return [run(known, "S256", verifier), ["invalid_grant", error_name]];
  },
  invalid_challenges: (one) => [run(one.value, one.method, undefined, one.policy), [one.expected, one.error_name]],
  challenge_methods(one) {
    const found = ["strict", "plain"].map((policy) => run(known, one.value, undefined, policy));
    return [found.map(([error, name]) => (error === "ok" ? name : error)), [one.default_policy, one.rfc7636]];
  },
  verify_cases(one) {
    const { ok_if_plain_allowed: relaxed, error_name_if_plain_allowed: name } = one;
    const found = ["", "plain"].map((more) => run(one.challenge, one.method, one.verifier, one.policy + more));
    const [now, then] = found.map(([error, name]) => (error === "ok" ? [true, null, null] : [false, error, name]));
    const expected = [one.ok, one.error, one.error_name];
    return relaxed === undefined ? [now, expected] : [[now, then[0], then[2]], [expected, relaxed, name ?? null]];
  },
};

const about = ["name", "why", "note", "source", "basis", "req", "expected"];
assert.deepEqual(Object.keys(runners), Object.keys(file.counts));
for (const [array, runner] of Object.entries(runners)) {
  for (const one of file[array]) {
    const read = new Set(about);
    const watched = new Proxy(one, { get: (_, member) => (read.add(member), one[member]) });
    try {
      assert.deepEqual(...runner(watched));
      assert.deepEqual(Object.keys(one).filter((member) => !read.has(member)), [], "members that nothing here reads");
    } catch (failure) {
      throw new Error(`${array}: ${one.name ?? one.value}`, { cause: failure });
    }
  }
  assert.equal(file[array].length, file.counts[array], `${array}: not all cases ran`);
  console.log(`${array}: ${file[array].length} cases`);
}

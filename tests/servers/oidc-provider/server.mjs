// node-oidc-provider with the clients of clients.json; SIGHUP makes new keys. Arguments: PORT CLIENTS_JSON
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const { scope, redirect_uri, signed_out_uri, clients } = JSON.parse(readFileSync(process.argv[3], 'utf8'));

// The provider sets `kid` to the thumbprint of the key.
const key = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });

// A provider gets its keys once: new keys need a new provider. Sessions and tokens are kept outside of it.
const makeHandler = () => {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: Object.entries(clients).map(([client_id, { auth_method, secret, id_token_alg }]) => ({
      client_id,
      ...(secret && { client_secret: secret }),
      token_endpoint_auth_method: auth_method,
      id_token_signed_response_alg: id_token_alg ?? 'RS256',
      application_type: secret ? 'web' : 'native',
      redirect_uris: [redirect_uri],
      post_logout_redirect_uris: [signed_out_uri],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
    })),
    scopes: ['openid', 'offline_access', scope],
    jwks: {
      keys: [key('rsa', { modulusLength: 2048 }), key('ec', { namedCurve: 'P-256' }), key('ed25519', {})],
    },
    cookies: { keys: ['only-for-tests'] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: { revocation: { enabled: true }, deviceFlow: { enabled: true } },
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  return provider.callback();
};

let handler = makeHandler();
process.on('SIGHUP', () => {
  handler = makeHandler();
  console.log('new keys');
});
createServer((request, response) => handler(request, response)).listen(port, '127.0.0.1');

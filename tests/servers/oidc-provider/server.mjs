// node-oidc-provider with the clients of clients.json. Arguments: PORT CLIENTS_JSON
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const { scope, redirect_uri, clients } = JSON.parse(readFileSync(process.argv[3], 'utf8'));

const key = (kid, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  use: 'sig',
  kid,
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: Object.entries(clients).map(([client_id, { auth_method, secret }]) => ({
    client_id,
    ...(secret && { client_secret: secret }),
    token_endpoint_auth_method: auth_method,
    application_type: secret ? 'web' : 'native',
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  })),
  scopes: ['openid', 'offline_access', scope],
  // A client picks its own by id_token_signed_response_alg.
  jwks: {
    keys: [
      key('rsa', 'rsa', { modulusLength: 2048 }),
      key('ec', 'ec', { namedCurve: 'P-256' }),
      key('ed', 'ed25519', {}),
    ],
  },
  cookies: { keys: ['only-for-tests'] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: { revocation: { enabled: true } },
});

provider.on('server_error', (_ctx, error) => console.error(error));
provider.listen(port, '127.0.0.1');

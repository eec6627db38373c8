// oauth2-mock-server, which accepts every client; SIGHUP makes a new key. Argument: PORT
import { createServer } from 'node:http';
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

const port = Number(process.argv[2]);

const makeHandler = async () => {
  const issuer = new OAuth2Issuer();
  issuer.url = `http://localhost:${port}`;
  await issuer.keys.generate('RS256');
  return new OAuth2Service(issuer).requestHandler;
};

let handler = await makeHandler();
process.on('SIGHUP', async () => {
  handler = await makeHandler();
  console.log('new keys');
});
createServer((request, response) => handler(request, response)).listen(port, '127.0.0.1');

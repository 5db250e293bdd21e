// An OAuth server that nobody here wrote (oidc-provider) with its own device page, and beside it
// the two answers of a telephone backend that are no OAuth: the session and its refresh. It prints
// its address, and ends with its standard input.
import { createServer } from 'node:http';
import { Provider, errors } from 'oidc-provider';

const { domain, users } = JSON.parse(process.argv[2]);
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const control = { slow: 0, polls: [], words: [] };

const server = createServer();
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const base = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(base, {
  clients: [{
    client_id: 'phoned', client_name: 'A desk phone', token_endpoint_auth_method: 'none', application_type: 'native',
    grant_types: [deviceGrant, 'refresh_token'], response_types: [], redirect_uris: [],
  }],
  scopes: ['openid', 'offline_access'],
  features: { deviceFlow: { enabled: true, mask: '****-****', charset: 'base-20' }, devInteractions: { enabled: true } },
  ttl: { DeviceCode: 600, AccessToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 3600, Interaction: 600 },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  cookies: { keys: ['for tests only'] },
});
// The library knows slow_down (RFC 8628 §3.5) and leaves it to its users when to say it.
provider.use(async (ctx, next) => {
  if (ctx.path !== '/token') return next();
  control.polls.push(Date.now());
  if (control.slow > 0) {
    control.slow--;
    const e = new errors.SlowDown();
    ctx.status = 400;
    ctx.body = { error: e.error, error_description: e.error_description };
  } else {
    await next();
  }
  control.words.push(ctx.body?.error ?? 'tokens');
});
const oauth = provider.callback();

const dialer = { domains: [] };
const session = (id) => {
  const u = users[id];
  return u && { user_id: u.user_id, dialer_config: { domains: [{ sip_domain: domain, sip_proxy_1: '127.0.0.1', extensions: [{ extension: u.extension }] }] } };
};

async function body(req) {
  let text = '';
  for await (const part of req) text += part;
  return text;
}

server.on('request', async (req, res) => {
  const answer = (status, value) => { res.writeHead(status, { 'Content-Type': 'application/json' }); res.end(JSON.stringify(value)); };
  const url = new URL(req.url, base);
  if (url.pathname === '/oauth/internal/session') {
    const token = await provider.AccessToken.find((req.headers.authorization ?? '').replace(/^Bearer /, ''));
    const user = token && session(token.accountId);
    return user ? answer(200, { user }) : answer(401, { error: 'invalid_token' });
  }
  if (url.pathname === '/oauth/internal/refresh-token') {
    const { refresh_token } = JSON.parse(await body(req));
    const r = await fetch(`${base}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'phoned', refresh_token }) });
    const t = await r.json();
    return answer(r.status, r.ok ? { access_token: t.access_token, refresh_token: t.refresh_token, user: { dialer_config: dialer } } : t);
  }
  if (url.pathname === '/test/control') {
    control.slow += Number(url.searchParams.get('slow') ?? 0);
    const leap = Number(url.searchParams.get('leap') ?? 0) * 1000;
    if (leap) { const now = Date.now.bind(Date), was = now; Date.now = () => was() + leap; }
    return answer(200, { polls: control.polls, words: control.words });
  }
  return oauth(req, res);
});
process.stdin.on('end', () => process.exit(0)).resume();
console.log(base);

// `make demo` as somebody types it who has run it before: image and template are there, so it takes seconds. (From an
// empty host it is a figure of `make bench`.) What it prints is used as a reader would, then it gets its Ctrl-C.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { api, bake, closeAll, Daemon, freePort, leftovers, prepareHost, root, state, Terminal, until } from './lab.mjs';

let demo, url, said = '';

before(async () => {
  await prepareHost();
  const daemon = await new Daemon().start();
  await closeAll();
  await bake();
  await daemon.stop();
}, { timeout: 600000 });

after(() => interrupt());

/** Ctrl-C at a terminal: everybody in its process group hears it. */
async function interrupt() {
  if (!demo || demo.ended) return;
  process.kill(-demo.pid, 'SIGINT');
  await until('the demo has ended', () => demo.ended, 30000);
}

const words = (pattern) => said.match(pattern)?.slice(1) ?? assert.fail(`${pattern} was not said:\n${said}`);
const post = (place, body) => fetch(`${url}/api/v1/${place}`,
  { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('it says each step, and at the end who signs in where', { timeout: 300000 }, async (t) => {
  const begun = Date.now();
  demo = spawn('make', ['-C', root, 'demo', `STATE=${state}`, `LISTEN=127.0.0.1:${await freePort()}`],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '' } });
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (text) => (said += text));
  demo.on('exit', (code, signal) => (demo.ended = { code, signal }));
  await until('the demo is ready', () => demo.ended || said.includes('Ctrl-C closes the class'), 240000);
  assert.ok(!demo.ended, said);
  t.diagnostic(`a second run was ready after ${Date.now() - begun} ms`);
  for (const step of ['packages', 'programs', 'host', 'image and template', 'class', 'ready'])
    assert.match(said, new RegExp(`== \\d/6 ${step}`));
  assert.doesNotMatch(said, /^compiling/m, 'what is built is not built again');
});

test('the instructor and two students sign in with what it printed; the shell answers', { timeout: 60000 }, async () => {
  [url] = words(/Instructor +(http:\S+)\//);
  const [login, password] = words(/sign in as +(\S+) +with +(\S+)/);
  assert.equal((await post('session', { login, password })).status, 200);
  const [code] = words(/class code +(\S+)/);
  const joined = await post('session/join', { code, name: 'Aoki', language: 'ja' });
  assert.equal(joined.status, 200, await joined.text());
  const [token] = words(/as seat 1: +\S+[/=#]([A-Za-z0-9_-]+)\s/);
  const seated = await post('session/join', { token, name: 'Sato', language: 'en' });
  assert.equal(seated.status, 200, await seated.text());
  assert.match(await (await fetch(`${url}/`)).text(), /<title>/);

  const [open] = (await api('GET', '/classes')).body;
  const { seat } = (await api('GET', `/classes/${open.id}`)).body;
  assert.deepEqual(seat.map((one) => one.state), ['ready', 'ready', 'ready']);
  const terminal = await new Terminal(seat[0].machines[0].id).open();
  assert.match(await terminal.run('id -un; hostname'), /desk/);
  await terminal.close();
});

test('Ctrl-C closes the class and leaves nothing', { timeout: 60000 }, async () => {
  await interrupt();
  assert.match(said, /== stopping/);
  assert.deepEqual(await leftovers(), { domains: [], networks: [], volumes: [], processes: [], sockets: [] });
});

// The page while networks come and go, as those of the host do during a launch: Chromium then drops whatever it is
// loading (ERR_NETWORK_CHANGED), and what stands between it and the daemon may drop it as well. Everything here happens
// in a network namespace of its own, so that no other browser on this host notices: the test starts itself once more
// inside it.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import net from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Daemon } from '../func/daemon.mjs';
import { build, chromium, sleep } from './lab.mjs';
import { dressed } from './page.mjs';

const INSIDE = 'TERAKOYA_TEST_IN_NAMESPACE';
const CHANGES_MS = [1500, 9000, 1500, 9000]; // a reload each; a launch of a whole class takes the longer time
const ONE_WAY_MS = 20;

/** Bridges come and go, as quickly as a launch makes them, and all connections with each, until what it returns is called. */
function changeNetworks(way) {
  let on = true;
  const link = (...words) => execFileSync('ip', ['link', ...words], { stdio: 'ignore' });
  const going = (async () => {
    while (on) {
      link('add', 'tkchange', 'type', 'bridge');
      link('set', 'tkchange', 'up');
      execFileSync('ip', ['addr', 'add', '10.9.8.1/24', 'dev', 'tkchange']);
      await sleep(100);
      link('del', 'tkchange');
      way.drop();
      await sleep(100);
    }
  })();
  return () => {
    on = false;
    return going;
  };
}

/** The daemon as if it were farther away, so that something is always under way when a network changes. */
async function fartherAway(port) {
  const open = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.on('data', (bytes) => setTimeout(() => to.destroyed || to.write(bytes), ONE_WAY_MS));
      from.on('close', () => open.delete(from) && setTimeout(() => to.destroy(), ONE_WAY_MS));
      from.on('error', () => {});
    }
  });
  await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
  server.unref();
  return {
    port: server.address().port,
    drop: () => open.forEach((socket) => socket.destroy()),
  };
}

/** Signing in is sent again by itself when it was lost on its way. */
async function signIn(page) {
  let sent = 0;
  await page.route('**/api/v1/session', (route) =>
    route.request().method() === 'POST' && sent++ === 0 ? route.abort('connectionreset') : route.continue());
  await page.getByLabel('Login').fill('ada');
  await page.getByLabel('Password').fill('ada-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Classes' }).waitFor();
  assert.equal(sent, 2);
}

async function reloads() {
  const daemon = await Daemon.start({ web: `${build}/web` });
  await daemon.account('ada', 'instructor');
  const browser = await chromium();
  const dropped = {};
  try {
    const page = await browser.newPage({ locale: 'en-GB' });
    const way = await fartherAway(daemon.port);
    page.on('requestfailed', (request) => {
      const why = request.failure().errorText;
      dropped[why] = (dropped[why] ?? 0) + 1;
    });
    await page.goto(`http://127.0.0.1:${way.port}/`);
    await page.getByRole('button').first().waitFor();
    for (const ms of CHANGES_MS) {
      const quiet = changeNetworks(way);
      // The document itself is the browser's to load again, which one driven by a test does not do.
      for (let tries = 0; !(await page.reload({ timeout: 20000 }).then(() => true, () => false)); tries++)
        assert.ok(tries < 20, 'the document came in one of twenty reloads');
      await sleep(ms);
      await quiet();
      await page.getByRole('button').first().waitFor({ timeout: 30000 });
      await page.waitForFunction(dressed, null, { timeout: 30000 });
    }
    await signIn(page);
  } finally {
    await browser.close();
    await daemon.stop();
  }
  return dropped;
}

if (process.env[INSIDE]) {
  const dropped = await reloads();
  console.log(`dropped: ${JSON.stringify(dropped)}`);
  assert.ok(Object.keys(dropped).some((why) => /NETWORK_CHANGED|EMPTY_RESPONSE|CONNECTION/.test(why)), 'requests were dropped');
} else {
  test('a reload while networks come and go ends in a working page', { timeout: 400000 }, () => {
    const inside = spawnSync('unshare', ['-n', 'sh', '-c', 'ip link set lo up && exec "$0" "$1"', process.execPath,
      fileURLToPath(import.meta.url)], { env: { ...process.env, [INSIDE]: '1' }, encoding: 'utf8', timeout: 380000 });
    console.log(inside.stdout.trim());
    assert.equal(inside.status, 0, `${inside.stdout}\n${inside.stderr}`);
  });
}

// The page while the host's networks come and go, as they do during a launch: Chromium then drops whatever it is
// loading (ERR_NETWORK_CHANGED). Everything here happens in a network namespace of its own, so that no other browser
// on this host notices: the test starts itself once more inside it.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Daemon } from '../func/daemon.mjs';
import { build, chromium, sleep } from './lab.mjs';

const INSIDE = 'TERAKOYA_TEST_IN_NAMESPACE';
const CHANGES_MS = [1500, 9000, 1500, 9000]; // a reload each; a launch of a whole class takes the longer time

/** Bridges come and go, as quickly as a launch makes them, until the returned function is called. */
function changeNetworks() {
  let on = true;
  const link = (...words) => execFileSync('ip', ['link', ...words], { stdio: 'ignore' });
  const going = (async () => {
    while (on) {
      link('add', 'tkchange', 'type', 'bridge');
      link('set', 'tkchange', 'up');
      execFileSync('ip', ['addr', 'add', '10.9.8.1/24', 'dev', 'tkchange']);
      await sleep(100);
      link('del', 'tkchange');
      await sleep(100);
    }
  })();
  return () => {
    on = false;
    return going;
  };
}

async function reloads() {
  const daemon = await Daemon.start({ web: `${build}/web` });
  await daemon.account('ada', 'instructor');
  const browser = await chromium();
  let aborted = 0;
  try {
    const page = await browser.newPage({ locale: 'en-GB' });
    page.on('requestfailed', (request) => (aborted += /NETWORK_CHANGED/.test(request.failure().errorText)));
    await page.goto(`http://127.0.0.1:${daemon.port}/`);
    await page.getByRole('button').first().waitFor();
    for (const ms of CHANGES_MS) {
      const quiet = changeNetworks();
      // The document itself is the browser's to load again, which one driven by a test does not do.
      for (let tries = 0; !(await page.reload({ timeout: 20000 }).then(() => true, () => false)); tries++)
        assert.ok(tries < 20, 'the document came in one of twenty reloads');
      await sleep(ms);
      await quiet();
      await page.getByRole('button').first().waitFor({ timeout: 30000 });
      assert.ok(await page.locator('link[rel=stylesheet]').evaluateAll((all) => all.every((one) => one.sheet)), 'with its style sheets');
    }
  } finally {
    await browser.close();
    await daemon.stop();
  }
  return aborted;
}

if (process.env[INSIDE]) {
  const aborted = await reloads();
  console.log(`${aborted} requests were dropped`);
  if (!aborted) throw new Error('no request was dropped: this browser does not notice changes of networks');
} else {
  test('a reload while networks come and go ends in a working page', { timeout: 400000 }, () => {
    const inside = spawnSync('unshare', ['-n', 'sh', '-c', 'ip link set lo up && exec "$0" "$1"', process.execPath,
      fileURLToPath(import.meta.url)], { env: { ...process.env, [INSIDE]: '1' }, encoding: 'utf8', timeout: 380000 });
    assert.equal(inside.status, 0, `${inside.stdout}\n${inside.stderr}`);
  });
}

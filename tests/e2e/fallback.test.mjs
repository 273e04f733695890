// A student behind a proxy that lets no WebSocket through: the page in Chromium, a shell on a real machine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bake, chromium, closeAll, Daemon, openClass, prepareHost, sleep, until } from './lab.mjs';
import { join, person, Screen } from './page.mjs';
import { Proxy } from './proxy.mjs';

const daemon = new Daemon();
let proxy, browser, context, page, screen;

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  const made = await openClass(1, { name: 'fallback' });
  proxy = await new Proxy(daemon.port).start();
  browser = await chromium();
  ({ context, page } = await person(browser));
  await join(page, proxy.url, made.code, 'Aoi');
  screen = new Screen(page);
}, { timeout: 900000 });

after(async () => {
  await browser?.close();
  await proxy?.stop();
  await closeAll();
  await daemon.stop();
});

const foot = () => page.locator('.terminal-foot .transport');

/** Milliseconds from a key to its echo on the screen, as the browser sees it, sorted. */
async function echoes(count) {
  await page.evaluate(() => {
    const rows = document.querySelector('.terminal-view:not([hidden]) .xterm-rows');
    window.echoes = [];
    addEventListener('keydown', () => (window.pressed = performance.now()), true);
    new MutationObserver(() => {
      if (window.pressed) window.echoes.push(performance.now() - window.pressed);
      window.pressed = 0;
    }).observe(rows, { childList: true, subtree: true, characterData: true });
  });
  for (let i = 0; i < count; i++) {
    await page.keyboard.press('x');
    await until('an echo', () => page.evaluate((n) => window.echoes.length > n, i), 15000, 10);
  }
  await page.keyboard.press('Control+u');
  return (await page.evaluate(() => window.echoes)).sort((a, b) => a - b);
}

const told = (times) => `median ${times[times.length >> 1].toFixed(0)} ms, p95 ${times[Math.floor(times.length * 0.95)].toFixed(0)} ms`;

test('a WebSocket that is refused gives way to HTTP by itself, and the foot of the terminal says so', async (t) => {
  await screen.prompt(60000);
  assert.ok(proxy.refused >= 2, 'the WebSocket was tried, and a try made sure that it was its fault');
  assert.equal(await foot().textContent(), 'without WebSocket');
  await screen.focus();
  assert.equal(await screen.run('hostname; id -un'), 'desk\nstudent');
  t.diagnostic(`echo through the proxy, streamed: ${told(await echoes(20))}`);
});

test('it is remembered: the next page asks for no WebSocket', async () => {
  const before = proxy.refused;
  await page.reload();
  await screen.prompt();
  assert.equal(proxy.refused, before);
  assert.equal(await foot().textContent(), 'without WebSocket');
});

test('long output arrives whole, and programs are told the size', async () => {
  await screen.focus();
  await screen.prompt();
  await screen.type('clear; seq 1 30000 | tee /tmp/all | tail -3; md5sum < /tmp/all; stty size');
  const shown = await screen.sees(/\d+ \d+\n\S*\$$/);
  assert.match(shown, /29998\n29999\n30000\n/);
});

test('a proxy that cuts connections costs no key and types none twice', async () => {
  await screen.focus();
  await screen.prompt();
  await screen.type('clear');
  const wanted = 'echo abcdefghijklmnopqrstuvwxyz0123456789';
  let typing = true;
  const cutting = (async () => {
    for (; typing; await sleep(150)) proxy.cut();
  })();
  await page.keyboard.type(wanted, { delay: 20 });
  typing = false;
  await cutting;
  await screen.sees(wanted);
  await page.keyboard.press('Enter');
  await screen.sees(/\nabcdefghijklmnopqrstuvwxyz0123456789\n\S*\$$/);
});

test('the page that tries a network names what is blocked, and says what to tell the IT department', async () => {
  const page2 = await context.newPage();
  await page2.goto(`${proxy.url}/check`);
  await page2.getByText('You can take part.').waitFor();
  const letter = await page2.getByLabel('For the IT department').last().textContent();
  assert.match(letter, /What was found:\n- WebSocket: It is blocked/);
  assert.match(letter, new RegExp(`WebSocket \\(HTTP Upgrade\\) to ws://127.0.0.1:${new URL(proxy.url).port}/ws/`));
  assert.ok(!/HTTP streaming:/.test(letter), 'replies come as they are sent');
  await page2.close();
});

test('a second shell shares the few connections that a browser has', async () => {
  for (let i = 0; i < 3; i++) await page.getByRole('button', { name: 'Another shell' }).click();
  await screen.prompt();
  await screen.focus();
  assert.equal(await screen.run('echo fourth'), 'fourth');
  await page.getByRole('tab', { name: 'desk', exact: false }).first().click();
  await screen.sees('0123456789');
});

test('where replies are kept until they are whole, short ones do', async (t) => {
  proxy.keeps = true;
  proxy.cut();
  await until('the foot says so', async () => (await foot().textContent()).includes('slowly'), 40000);
  await screen.focus();
  await page.keyboard.press('Control+u');
  assert.equal(await screen.run('echo through'), 'through');
  t.diagnostic(`echo through the proxy, polled: ${told(await echoes(20))}`);
});

// A network that goes away while a student is in the middle of vim: for moments, and for a minute. In Chromium, over
// WebSocket, with a shell on a real machine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bake, chromium, closeAll, Daemon, openClass, prepareHost, sleep, Terminal, until } from './lab.mjs';
import { join, person, Screen } from './page.mjs';
import { Wire } from './proxy.mjs';

const AWAY_MS = 60000;
const daemon = new Daemon();
let wire, browser, page, screen, other, vim;

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  const made = await openClass(1, { name: 'cut' });
  wire = await new Wire(daemon.port).start();
  browser = await chromium();
  ({ page } = await person(browser));
  await join(page, wire.url, made.code, 'Aoi');
  screen = new Screen(page);
  await screen.prompt(60000);
  await screen.focus();
  await screen.type('vim letter');
  await screen.sees('"letter" [New]');
  await page.keyboard.type('iDear network,');
  await screen.sees('Dear network,');
  other = await new Terminal(made.seat[0].machines[0].id, { terminal: 2 }).open();
  vim = await vimOf();
}, { timeout: 900000 });

after(async () => {
  await other?.close();
  await browser?.close();
  await wire?.stop();
  await closeAll();
  await daemon.stop();
});

const vimOf = async () => (await other.run('pgrep -x vim')).trim();
const strip = () => page.getByRole('tabpanel').getByText('Connection lost');
const banner = () => page.getByText('The live connection was lost');

test('a network that is away for moments costs no key', async () => {
  wire.hush();
  await page.keyboard.type(' are you');
  await sleep(2000);
  assert.ok(!(await screen.text()).includes('are you'), 'nothing comes through');
  wire.speak();
  await screen.sees('Dear network, are you');
  await page.keyboard.type(' there?');
  await screen.sees('Dear network, are you there?');
  assert.equal(await strip().count(), 0);
});

test('a network that is away for a minute: the page says what is lost and what is not, and then it is the same vim', { timeout: 150000 }, async (t) => {
  assert.match(vim, /^\d+$/);
  const shown = (await screen.lines()).join('\n');
  const gone = Date.now();
  wire.hush();
  await strip().waitFor({ timeout: 30000 });
  t.diagnostic(`said after ${Date.now() - gone} ms`);
  assert.match(await strip().textContent(), /your shell goes on\. What you type now does not arrive/);
  await page.keyboard.type('blindly');
  await banner().waitFor({ timeout: 60000 });
  await sleep(Math.max(0, gone + AWAY_MS - Date.now()));
  assert.match(await screen.text(), /^Dear network, are you there\?\n(~\n)+/, 'what was there is still to be read');

  wire.speak({ forgotten: true });
  const back = Date.now();
  await strip().waitFor({ state: 'detached', timeout: 30000 });
  t.diagnostic(`back after ${Date.now() - back} ms`);
  await banner().waitFor({ state: 'detached', timeout: 60000 });
  await until('the same screen', async () => (await screen.lines()).join('\n') === shown, 20000);
  assert.equal(await vimOf(), vim, 'the same vim');
  await screen.focus();
  await page.keyboard.type(' Yes.');
  await screen.sees('Dear network, are you there? Yes.');
  await page.keyboard.press('Escape');
  await page.keyboard.type(':wq');
  await screen.sees(/\n:wq$/);
  await page.keyboard.press('Enter');
  await screen.prompt();
  assert.equal(await screen.run('cat letter'), 'Dear network, are you there? Yes.');
});

test('what happened meanwhile is on the page, and so is what happens next', async () => {
  const hand = page.getByRole('button', { name: 'Ask for help' });
  await hand.click();
  await hand.waitFor({ state: 'detached' });
  await until('the daemon knows', async () => (await (await fetch(`${wire.url}/api/v1/health`)).json()).status === 'ok');
});

// The instructor's screen for the room, in Chromium against the real daemon on libvirt's test driver. No machine runs
// there, so the class is said to be open in the database, and what only machines could do is written into it, too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon } from '../func/daemon.mjs';
import { build, chromium } from './lab.mjs';
import { complaints, person } from './page.mjs';

let daemon, hana, made, browser, sensei, aoi;

const sql = (text) => execFileSync('sqlite3', [path.join(daemon.state, 'terakoya.db'), text]);
const at = (where) => `http://127.0.0.1:${daemon.port}${where}`;

before(async () => {
  daemon = await Daemon.start({ web: path.join(build, 'web') });
  hana = await daemon.account('hana', 'instructor');
  const names = ['Aoi', 'Ren', 'Mio', 'Sora'];
  made = (await daemon.as(hana, 'POST', '/classes', { course: 'linux-intro', names })).json;
  const { state } = daemon;
  await daemon.stop();
  sql("UPDATE class SET state = 'open', ready_at = 1");
  daemon = await Daemon.start({ web: path.join(build, 'web'), state });
  browser = await chromium();
  sensei = await person(browser);
  await signIn(sensei.page);
  aoi = await person(browser, { viewport: { width: 1366, height: 768 } });
  await joinAs(aoi.page, 'Aoi');
}, { timeout: 60000 });

after(async () => {
  await browser?.close();
  await daemon?.stop();
});

async function signIn(page) {
  await page.request.post(at('/api/v1/session'), { data: { login: 'hana', password: 'hana-password' } });
  await page.goto(at(`/classes/${made.id}`));
  await page.getByRole('heading', { level: 1 }).waitFor();
}

async function joinAs(page, name) {
  const { code } = (await daemon.as(hana, 'GET', `/classes/${made.id}`)).json;
  await page.request.post(at('/api/v1/session/join'), { data: { code, name, language: 'en' } });
  await page.goto(at('/'));
  await page.getByRole('heading', { level: 1 }).first().waitFor();
}

test('a message to everyone stays on a page until it is read, and the instructor sees by whom', async () => {
  const { page } = sensei;
  await page.getByRole('button', { name: 'Message to everyone' }).click();
  await page.getByRole('textbox', { name: 'Text' }).fill('Lunch until <b>one</b>.\nThe room stays open.');
  await page.getByRole('button', { name: 'Send' }).click();
  const card = aoi.page.locator('.message-card');
  await card.getByText('Lunch until <b>one</b>.').waitFor();
  await aoi.page.reload();
  await card.getByText('hana to everyone').waitFor();
  const sent = page.getByRole('region', { name: 'Messages' });
  await sent.getByText('read by 0 of 1').waitFor();
  await card.getByRole('button', { name: 'I have read it' }).press('Enter');
  await card.waitFor({ state: 'detached' });
  await sent.getByText('✓ read').waitFor();
  await aoi.page.reload();
  await aoi.page.getByRole('heading', { level: 1 }).first().waitFor();
  assert.equal(await card.count(), 0);
});

test('a message to one seat can be taken back at once', async () => {
  const { page } = sensei;
  await page.getByRole('button', { name: /01.*Aoi/ }).click();
  const drawer = page.getByRole('complementary', { name: /Aoi/ });
  await drawer.getByRole('button', { name: 'Message' }).click();
  await page.getByRole('textbox', { name: 'Text' }).fill('Wrong seat');
  await page.getByRole('button', { name: 'Send' }).click();
  await aoi.page.getByText('hana to you').waitFor();
  await page.locator('.toast', { hasText: 'Sent to Aoi' }).getByRole('button', { name: 'Take back' }).click();
  await aoi.page.locator('.message-card').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
});

test('the pages had nothing to complain about', () => assert.deepEqual(complaints, []));

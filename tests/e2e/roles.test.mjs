// People of different roles at their browsers: the staff of a class, an observer's page, results, certificates on
// paper, and a stranger who verifies one. No machine runs: libvirt's test driver stands behind the daemon.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon, launchedClass, until as untilTrue } from '../func/daemon.mjs';
import { artifacts, build, chromium, until } from './lab.mjs';
import { complaints, person } from './page.mjs';

const shots = path.join(artifacts, 'roles');
const AT = Date.UTC(2026, 5, 9, 1, 30);
let daemon, browser, hana, made;

before(async () => {
  mkdirSync(shots, { recursive: true });
  const web = path.join(build, 'web');
  daemon = await Daemon.start({ web });
  const mika = await daemon.account('mika', 'admin');
  hana = await daemon.account('hana', 'instructor');
  await daemon.account('mio', 'assistant');
  await daemon.account('kenji', 'instructor');
  await daemon.account('oba', 'observer');
  await daemon.as(mika, 'PATCH', '/settings', { 'site.name': '金融セキュリティ演習センター' });
  made = await launchedClass(daemon, hana, [{ name: '青木 葵', mail: 'aoi@sakura.example', organisation: 'さくら銀行', language: 'ja' },
    { name: 'Ren Thornton-Fitzgerald', organisation: 'Kiri Securities' }, { name: '欠席 太郎', organisation: 'さくら銀行' }]);
  await daemon.join(made.code, '青木 葵');
  await daemon.join(made.code, 'Ren Thornton-Fitzgerald');
  await daemon.stop();
  const [lab] = made.labs;
  const rows = made.seat.slice(0, 2).flatMap((seat, i) => lab.tasks.slice(0, 3 - i).map((task, k) =>
    `(${seat.id}, '${lab.id}', '${task.id}', 1, 0, ${5 + k}, 2, ${k % 2}, 0, ${AT}, ${AT + 60000}, 95000)`));
  execFileSync('sqlite3', [path.join(daemon.state, 'terakoya.db'), `INSERT INTO progress (seat, lab, task, done, caught_up, points,
    attempts, hints, last_code, first_at, done_at, took_ms) VALUES ${rows.join(', ')};
    INSERT INTO attempt (seat, lab, task, at, verdict, trigger, code, duration_ms)
    SELECT seat, lab, task, done_at, 'pass', 'student', 0, 5 FROM progress`]);
  daemon = await Daemon.start({ web, state: daemon.state, port: daemon.port });
  browser = await chromium();
});

after(async () => {
  await browser?.close();
  await daemon?.stop();
});

const at = (place) => `http://127.0.0.1:${daemon.port}${place}`;

/** Somebody who has signed in. */
async function comes(login, { locale = 'en-GB', scheme = 'light' } = {}) {
  const { page, context } = await person(browser, { locale, viewport: { width: 1366, height: 768 } });
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(at('/'));
  await page.locator('#sign-in-login, input[autocomplete=username]').first().fill(login);
  await page.locator('input[type=password]').first().fill(`${login}-password`);
  await page.keyboard.press('Enter');
  await page.locator('.person').waitFor();
  return { page, context };
}

const shot = (page, name) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
/** Nothing sticks out to the right. */
const fits = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), page.url());

test('an instructor adds an assistant to the class, by keyboard, and the assistant sees what helpers see', { timeout: 60000 }, async () => {
  const { page, context } = await comes('hana');
  await page.goto(at(`/classes/${made.id}`));
  await page.getByRole('button', { name: 'Staff' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Add somebody').selectOption('mio');
  await dialog.getByRole('button', { name: 'Add', exact: true }).press('Enter');
  await dialog.getByRole('button', { name: 'Take mio off the class' }).waitFor();
  await shot(page, 'staff');
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await context.close();

  const mio = await comes('mio', { scheme: 'dark' });
  await mio.page.getByRole('link', { name: new RegExp(made.code) }).click();
  await mio.page.getByRole('link', { name: 'Results' }).waitFor();
  for (const name of ['Staff', 'Close class', 'Remove', 'Launch'])
    assert.equal(await mio.page.getByRole('button', { name, exact: true }).count(), 0, name);
  await mio.page.goto(at('/classes/new'));
  await mio.page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
  await mio.context.close();

  const kenji = await comes('kenji');
  await kenji.page.locator('.empty').waitFor();
  assert.equal(await kenji.page.locator('.class-row').count(), 0);
  await kenji.context.close();
});

test('an admin gives an observer an organisation, who then sees its people and nobody else', { timeout: 60000 }, async () => {
  const { page, context } = await comes('mika');
  await page.goto(at('/people'));
  await page.getByRole('row', { name: /oba/ }).getByRole('button', { name: 'Change' }).click();
  await page.getByRole('combobox', { name: 'Organisation' }).fill('さくら銀行');
  await shot(page, 'observer-organisation');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /oba.*さくら銀行/ }).waitFor();
  await context.close();

  const oba = await comes('oba', { locale: 'ja-JP', scheme: 'dark' });
  await oba.page.getByRole('heading', { name: '所属する受講者の結果' }).waitFor();
  await oba.page.getByText('青木 葵').waitFor();
  assert.equal(await oba.page.getByText('Thornton').count(), 0);
  assert.equal(await oba.page.getByRole('navigation').count(), 0);
  await fits(oba.page);
  await shot(oba.page, 'observer-ja-dark');
  const [file] = await Promise.all([oba.page.waitForEvent('download'), oba.page.getByRole('link', { name: 'CSV：1 人 1 行' }).click()]);
  assert.equal(file.suggestedFilename(), `class-${made.id}-summary.csv`);
  await oba.page.goto(at(`/classes/${made.id}`));
  await oba.page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await oba.page.getByText('青木 葵').count(), 0);
  await oba.context.close();
});

/** The sheets of a PDF of Chromium's, in millimetres. */
const sheets = (pdf) => [...pdf.toString('latin1').matchAll(/\/Type \/Page\b[^]*?\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)]
  .map(([, width, height]) => `${Math.round(width * 25.4 / 72)}x${Math.round(height * 25.4 / 72)}`);

let code;

test('certificates are issued, fill one A4 sheet each in the language of the person, and a stranger verifies one', { timeout: 90000 }, async () => {
  const { page, context } = await comes('hana');
  await page.goto(at(`/classes/${made.id}/results`));
  await page.getByText('Ren Thornton-Fitzgerald').waitFor();
  await fits(page);
  await shot(page, 'results');
  await page.getByRole('link', { name: 'Certificates' }).click();
  await page.getByLabel('First day').fill('2026-06-09');
  await page.getByLabel('Last day').fill('2026-06-10');
  await page.getByLabel('Hours').fill('6.5');
  await page.getByRole('button', { name: 'Issue 2 certificates' }).click();
  await page.getByRole('button', { name: 'Print 2 certificates' }).waitFor();
  assert.match(await page.locator('.paper').nth(0).innerText(), /受講証明書[^]*さくら銀行[^]*青木 葵 様[^]*2026年6月9日〜2026年6月10日[^]*6.5 時間/);
  assert.match(await page.locator('.paper').nth(1).innerText(), /Certificate of Attendance[^]*Ren Thornton-Fitzgerald[^]*Introduction to Linux[^]*6.5 hours/);
  await shot(page, 'certificates');
  const pdf = await page.pdf({ path: path.join(shots, 'certificates.pdf'), preferCSSPageSize: true, printBackground: true });
  assert.deepEqual(sheets(pdf), ['210x297', '210x297']);
  await page.emulateMedia({ media: 'print' });
  await shot(page, 'certificates-print');
  await page.emulateMedia({ media: 'screen' });
  code = (await page.locator('.paper footer b').nth(0).innerText()).trim();
  await page.emulateMedia({ colorScheme: 'dark' });
  await shot(page, 'certificates-dark');
  await context.close();

  const stranger = await person(browser, { locale: 'ja-JP', viewport: { width: 1366, height: 768 } });
  await stranger.page.goto(at('/verify'));
  await stranger.page.getByLabel('証明書番号').fill(code.toLowerCase().replaceAll('-', ' '));
  await stranger.page.keyboard.press('Enter');
  await stranger.page.getByRole('heading', { name: /本物です/ }).waitFor();
  assert.match(await stranger.page.locator('.verify-yes').innerText(), /青木 葵[^]*Linux 入門[^]*2026年6月9日/);
  await shot(stranger.page, 'verify-ja');
  await stranger.page.getByLabel('証明書番号').fill('2222-2222-2222');
  await stranger.page.keyboard.press('Enter');
  await stranger.page.getByText('この番号の受講証明書はありません').waitFor();
  await shot(stranger.page, 'verify-no-ja');
  await stranger.context.close();
});

test('a closed class says when its results go, warns a week before, and a new date is chosen', { timeout: 60000 }, async () => {
  await daemon.as(hana, 'POST', `/classes/${made.id}/close`);
  await untilTrue(async () => (await daemon.as(hana, 'GET', `/classes/${made.id}`)).json.state === 'closed');
  await daemon.as(hana, 'PUT', `/classes/${made.id}/retention`, { until: Date.now() + 3 * 86400000 });
  const { page, context } = await comes('hana', { scheme: 'dark' });
  await page.getByText(/Results are removed on/).waitFor();
  await shot(page, 'classes-soon-dark');
  await page.goto(at(`/classes/${made.id}/results`));
  await page.getByRole('button', { name: 'Change' }).click();
  const day = new Date(Date.now() + 40 * 86400000).toISOString().slice(0, 10);
  await page.getByLabel('Remove on').fill(day);
  await shot(page, 'retention-dark');
  await page.getByRole('button', { name: 'Save' }).click();
  await until('the new date stands there', async () => (await page.locator('.retention.soon').count()) === 0
    && (await page.locator('.retention').count()) === 1);
  await page.goto(at('/classes'));
  await page.locator('.empty').waitFor();
  await context.close();
});

test('no browser complained', () => {
  /* Who has not signed in yet, and what one may not see, is asked for and refused. Another daemon's bridges may
   * come and go on this host, for which Chromium reads everything again. */
  assert.deepEqual(complaints.filter((one) => !/status of 40[134]|ERR_NETWORK_CHANGED/.test(one)), []);
});

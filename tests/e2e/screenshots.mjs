// The pictures of docs/students.md, docs/instructors.md and docs/admins.md, into docs/images: run by `make screenshots`. No
// machine runs: the class is said to be open in the database, and what its students did is written into it, too.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { Daemon, until } from '../func/daemon.mjs';
import { build, chromium, root } from './lab.mjs';

const SIZE = { width: 1000, height: 640 };
const WIDE = { width: 1366, height: 820 };
const MINUTE = 60000;
const CLASSES = {
  en: { name: 'Linux, June', roster: 'Aoi Tanaka, aoi@sakura.example, Sakura Bank, en\nBen Okafor, ben@sakura.example, Sakura Bank, en\n' +
    'Chie Mori, chie@kiri.example, Kiri Securities, en\nDiego Ruiz, diego@kiri.example, Kiri Securities, en\nEmi Sato, emi@matsu.example, Matsu Trust, en' },
  ja: { name: 'Linux 入門 6月', roster: '青木 葵, aoki@sakura.example, さくら銀行, ja\n田中 蓮, tanaka@sakura.example, さくら銀行, ja\n' +
    '森 千絵, mori@kiri.example, きり証券, ja\n山田 花子, yamada@kiri.example, きり証券, ja\n佐藤 恵美, sato@matsu.example, まつ信託, ja' },
};

let daemon = await Daemon.start({ web: path.join(build, 'web') });
const { state } = daemon;
const browser = await chromium();
const sql = (text) => execFileSync('sqlite3', [path.join(state, 'terakoya.db'), text]);

/** A class of five, all in their seats. */
async function makeClass(language, session) {
  const { name, roster } = CLASSES[language];
  const people = roster.split('\n').map((line) => line.split(', ')).map(([who, mail, organisation, speaks]) =>
    ({ name: who, mail, organisation, language: speaks }));
  return (await daemon.as(session, 'POST', '/classes', { course: 'linux-intro', name, people })).json;
}

/** Each further than the next; the fourth is stuck and raises a hand. */
function progressOf({ seat, labs: [lab] }) {
  const now = Date.now();
  return seat.map(({ id, name }, i) => `INSERT INTO person (name, language, role, created_at) VALUES ('${name}', 'en', 'student', 1);
    UPDATE seat SET person = last_insert_rowid(), joined_at = ${now - 50 * MINUTE}, lab = '${lab.id}', hand = ${i === 3 ? 1 : 0},
      hand_at = ${i === 3 ? now - 2 * MINUTE : 0} WHERE id = ${id};
    INSERT INTO lab_opened VALUES (${id}, '${lab.id}', ${now - 45 * MINUTE}, 1);` + lab.tasks.slice(0, 5 - i).map((task, k) =>
    `INSERT INTO progress (seat, lab, task, done, caught_up, points, attempts, hints, last_code, first_at, done_at, took_ms)
      VALUES (${id}, '${lab.id}', '${task.id}', 1, 0, ${task.points}, 1, ${k === 2 ? 1 : 0}, 0, ${now - 40 * MINUTE}, ${now - (1 + 3 * i + 5 * (4 - i - k)) * MINUTE}, ${(4 + k) * MINUTE});`).join('')).join('');
}

async function open(language, who, size) {
  const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce', timezoneId: 'Asia/Tokyo' });
  await context.addInitScript((spoken) => {
    localStorage.setItem('terakoya.language', spoken);
    localStorage.setItem('terakoya.theme', 'light');
  }, language);
  if (who) {
    const [name, value] = who.cookie.split('=');
    await context.addCookies([{ name, value, url: `http://127.0.0.1:${daemon.port}/` }]);
  }
  return { context, page: await context.newPage() };
}

/** As if the machines were there. */
const withMachines = (page, id) => page.route(`**/api/v1/classes/${id}`, async (route) => {
  const view = await (await route.fetch()).json();
  const seat = view.seat.map((one) => ({ ...one, state: 'ready', machines: one.machines.map((machine) => ({ ...machine, state: 'ready', reason: '' })) }));
  await route.fulfill({ json: { ...view, ready: seat.length, ready_ms: 4100, seat } });
});

/** Goes there, waits for what the picture is of, and takes it, or only that part; `before` may press something first. */
async function picture(page, name, where, shown, before, size) {
  await page.goto(`http://127.0.0.1:${daemon.port}${where}`);
  await before?.(page);
  await page.locator(shown).first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  const part = size === 'part' ? page.locator(shown).first() : page;
  await part.screenshot({ path: path.join(root, `docs/images/${name}.png`) });
}

let ada = await daemon.account('ada', 'admin');
await daemon.account('mori', 'instructor');
await daemon.as(ada, 'POST', '/images/debian-13/build', {});
await until(async () => (await daemon.as(ada, 'GET', '/images')).json[0].built);
const made = { en: await makeClass('en', ada), ja: await makeClass('ja', ada) };
await daemon.stop();
sql(`UPDATE class SET state = 'open', ready_at = 1, opened_at = 1; ${progressOf(made.en)} ${progressOf(made.ja)}`);
daemon = await Daemon.start({ web: path.join(build, 'web'), state });
ada = await daemon.signIn('ada', 'ada-password');

for (const language of ['en', 'ja']) {
  const { id } = made[language];
  const visitor = await open(language, null, SIZE);
  await picture(visitor.page, `join-${language}`, '/', '#code');
  await picture(visitor.page, `check-${language}`, '/check', '.check-verdict:not(.running)');
  await visitor.context.close();
  const staff = await open(language, ada, WIDE);
  await picture(staff.page, `new-class-${language}`, '/classes/new', '.roster-table td, .roster table td', async (page) => {
    await page.locator('[aria-pressed], [role=radio], .choice button').first().waitFor();
    await page.getByRole('button', { name: /^(A list of people|名簿)/ }).click();
    await page.locator('textarea').fill(`${CLASSES[language].roster}\nFumi Kato, fumi@kiri`);
    await page.locator('.roster-state .wrong, .roster-state').first().scrollIntoViewIfNeeded();
    await page.locator('textarea').evaluate((box) => box.scrollIntoView({ block: 'start' }));
  });
  await withMachines(staff.page, id);
  await picture(staff.page, `room-${language}`, `/classes/${id}`, '.matrix tbody tr');
  await picture(staff.page, `cards-${language}`, `/classes/${id}/cards`, '.seat-card', (page) =>
    page.getByRole('button', { name: /^(Make cards|カードを作る|カードを作成)/ }).first().click());
  await picture(staff.page, `results-${language}`, `/classes/${id}/results`, 'table.results tbody tr');
  await picture(staff.page, `host-${language}`, '/host', '.doctor:has(li)', undefined, 'part');
  await picture(staff.page, `people-${language}`, '/people', 'table tbody tr');
  await picture(staff.page, `audit-${language}`, '/audit', 'table tbody tr');
  await staff.context.close();
}
await browser.close();
await daemon.stop();

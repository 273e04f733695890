// A day of each of the three: an admin makes ready, an instructor who has never been here leads a class, a student works
// in it; in English and in Japanese, on real machines. What is pressed is found by the page's own catalogue, so a word
// may change there without a change here. Pictures of the day are kept in build/e2e/artifacts/days.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fill } from '../../web/fill.js';
import en from '../../web/messages/en.js';
import ja from '../../web/messages/ja.js';
import { api, artifacts, bake, chromium, closeAll, Daemon, forgetProofs, freePort, json, leftovers, ok, prepareHost, root, terakoya,
  until } from './lab.mjs';
import { cell, complaints, person, Screen, task, visit } from './page.mjs';
import { valuesOf } from './solve.mjs';

const CATALOGUE = { en, ja };
const PEOPLE = { en: ['Aiko Tanaka', 'Ben Okafor', 'Chie Mori'], ja: ['青木 葵', '田中 蓮', '森 千絵'] };
const LAPTOP = { width: 1366, height: 768 };
const shots = path.join(artifacts, 'days');
const place = mkdtempSync(path.join(os.tmpdir(), 'tk-days-'));
const daemon = new Daemon();
let browser;

/** What other tests do not expect on the front page. */
async function withoutNotice() {
  for (const lang of ['en', 'ja']) await ok('setting', 'set', `site.notice-${lang}`, '');
}

before(async () => {
  mkdirSync(shots, { recursive: true });
  await prepareHost();
  await forgetProofs();
  await daemon.start([`--ssh-port=${await freePort()}`]);
  await closeAll();
  await bake();
  for (const { login } of (await api('GET', '/accounts')).body) await ok('account', 'remove', login, '--yes');
  await withoutNotice();
  browser = await chromium();
}, { timeout: 900000 });

after(async () => {
  await browser?.close();
  await withoutNotice();
  await closeAll();
  await daemon.stop();
  rmSync(place, { recursive: true, force: true });
});

/** Runs a command in a seat's machine, as the card says, with stock OpenSSH: what it printed. */
function ssh(command, password, line) {
  const file = (name) => path.join(place, name);
  writeFileSync(file('password'), `${password}\n`);
  writeFileSync(file('ask'), `#!/bin/sh\ncat ${file('password')}\n`);
  chmodSync(file('ask'), 0o755);
  const [, ...words] = command.split(' ');
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${file('known')}`, 'PreferredAuthentications=password', 'LogLevel=ERROR'];
  return new Promise((done, fail) => execFile('ssh', [...options.flatMap((one) => ['-o', one]), ...words, line], {
    env: { ...process.env, SSH_ASKPASS: file('ask'), SSH_ASKPASS_REQUIRE: 'force' }, timeout: 30000,
  }, (error, stdout, stderr) => (error ? fail(new Error(`${command}: ${stderr}`)) : done(stdout.trim()))));
}

/** In the page: counts what somebody presses with the mouse, and which fields are filled in. */
function countWork() {
  window.clicks = 0;
  window.fields = new Set();
  addEventListener('click', (event) => {
    if (event.isTrusted && event.detail > 0) window.clicks++;
  }, true);
  addEventListener('input', ({ target }) => target.type !== 'checkbox' && window.fields.add(target.id), true);
}

/** One pass through all three days. */
function pass(lang) {
  /** The page's words by their key. */
  const say = (key, values = {}) => fill(CATALOGUE[lang][key], values, lang);
  const [first, second] = PEOPLE[lang];
  const password = {};
  let ada, mori, aoi, ren; // the admin, the instructor, two students: { context, page }
  let ours, desk, card;
  let taken = 0;

  const comes = () => person(browser, { locale: lang === 'ja' ? 'ja-JP' : 'en-GB', viewport: LAPTOP });
  const button = (within, key, values) => within.getByRole('button', { name: say(key, values), exact: true });
  const dialog = (page, key, values) => page.getByRole('dialog', { name: say(key, values), exact: true });
  const go = (page, key) => page.getByRole('navigation', { name: say('nav.label') }).getByRole('link', { name: say(key), exact: true }).click();
  const titled = (page, title) => page.getByRole('heading', { name: title, level: 1, exact: true }).waitFor();
  const shot = (page, name) => page.screenshot({ path: path.join(shots, `${lang}-${String(++taken).padStart(2, '0')}-${name}.png`) });
  const view = async () => (ours = await json('class', 'show', String(ours.id)));
  const lab = () => ours.labs[0];
  const titleOf = (id) => lab().tasks.find((one) => one.id === id).title[lang].replaceAll('`', '');

  async function signIn(page, login) {
    await visit(page, daemon.url);
    await page.getByLabel(say('sign-in.login'), { exact: true }).fill(login);
    await page.getByLabel(say('sign-in.password'), { exact: true }).fill(password[login]);
    await button(page, 'sign-in.sign-in').click();
    await titled(page, say('classes.title'));
  }

  /** The password that the page shows once. */
  async function shown(page, login) {
    await page.getByText(say('people.made', { login })).waitFor();
    const made = await page.locator('.made-password code').innerText();
    await button(page, 'people.made-close').click();
    return made;
  }

  let stuck = '';
  const step = (name, ms, run) => test(`${lang}: ${name}`, { timeout: ms }, async (t) => {
    assert.equal(stuck, '', 'a step before this one failed');
    stuck = name;
    await run(t);
    stuck = '';
  });

  /* ---- the admin, in the morning ---- */

  step('an admin looks at the packs, a pack, and the host; a pack is linted', 60000, async () => {
    password.ada = (await json('account', 'set', 'ada', '--name', 'Ada', '--role', 'admin', '--new-password')).password;
    assert.match(await ok('lab', 'lint', path.join(root, 'labs/linux-intro')), /\w/);
    assert.notEqual((await terakoya('lab', 'lint', path.join(root, 'tests'))).code, 0, 'a folder without a course');
    ada = await comes();
    const { page } = ada;
    await signIn(page, 'ada');
    await go(page, 'nav.packs');
    await titled(page, say('packs.title'));
    await page.getByRole('link', { name: 'linux-intro 1.0.0' }).click();
    await page.getByRole('heading', { name: say('proof.title') }).waitFor();
    await page.getByText(say('packs.template-ready')).waitFor();
    await shot(page, 'pack');
    await go(page, 'nav.host');
    await page.getByText(say('host.libvirt-up')).first().waitFor();
    await shot(page, 'host');
  });

  step('the admin makes accounts, gives a new password, ends sessions, and puts a notice on the front page', 60000, async () => {
    const { page } = ada;
    const assistant = `aki-${lang}`, instructor = `mori-${lang}`;
    await go(page, 'nav.people');
    for (const [login, role] of [[instructor, 'instructor'], [assistant, 'assistant']]) {
      await button(page, 'people.new').click();
      const made = dialog(page, 'people.new');
      await made.getByLabel(say('people.login'), { exact: true }).fill(login);
      await made.getByLabel(say('people.name'), { exact: true }).fill(login.toUpperCase());
      await made.getByRole('radio', { name: new RegExp(`^${say(`people.role-${role}`)}`) }).check();
      await button(made, 'people.create').click();
      password[login] = await shown(page, login);
    }
    const row = page.getByRole('row').filter({ hasText: assistant });
    await button(row, 'people.password').click();
    await button(page.getByRole('dialog'), 'people.password-confirm').click();
    const renewed = await shown(page, assistant);
    assert.notEqual(renewed, password[assistant]);
    password[assistant] = renewed;
    const aki = await comes();
    await signIn(aki.page, assistant);
    await page.reload();
    await button(row, 'people.signed-in', { n: 1 }).click();
    await button(page.getByRole('dialog'), 'people.end-all').click();
    await row.getByText(say('people.away')).waitFor();
    await shot(page, 'people');
    await aki.page.reload();
    await titled(aki.page, say('front.title'));
    await aki.context.close();
    await go(page, 'nav.settings');
    await page.getByLabel(say(`settings.site.notice-${lang}`), { exact: true }).fill(`${lang}: 10:00–17:00`);
    await button(page, 'settings.save').click();
    await page.getByText(say('settings.saved')).waitFor();
    await shot(page, 'settings');
  });

  /* ---- the instructor, and students ---- */

  step('an instructor who was never here launches a class from a pasted roster', 120000, async (t) => {
    mori = await comes();
    const { page } = mori;
    await page.addInitScript(countWork);
    const login = `mori-${lang}`;
    const came = Date.now();
    await signIn(page, login);
    await page.getByText(say('classes.empty')).waitFor();
    await page.getByRole('link', { name: say('classes.new') }).first().click();
    await button(page, 'new.by-people').click();
    const roster = PEOPLE[lang].map((name, i) => `${name}, ${lang}${i}@example.com, ${i ? 'Kiri' : 'Sakura'} Bank, ${lang}`).join('\n');
    await page.getByLabel(say('roster.paste')).fill(roster);
    await page.getByText(say('roster.right', { n: 3 })).waitFor();
    await page.getByLabel(say('new.name'), { exact: true }).fill(`Day ${lang}`);
    await page.getByRole('heading', { name: say('new.fits') }).waitFor();
    await page.getByLabel(say('untested.tick')).check();
    await shot(page, 'new-class');
    const launched = Date.now();
    await button(page, 'new.launch', { n: 3 }).click();
    await page.getByRole('heading', { name: `Day ${lang}` }).waitFor();
    await shot(page, 'launching');
    await page.getByText('3 / 3', { exact: true }).first().waitFor({ timeout: 90000 });
    const [clicks, fields] = await page.evaluate(() => [window.clicks, window.fields.size]);
    const now = Date.now();
    t.diagnostic(`${lang}: launch pressed to all green on the page: ${now - launched} ms for 3 seats of 2 machines`);
    t.diagnostic(`${lang}: a first-time instructor from sign-in to a launched class: ${clicks} clicks, ${fields} fields, ${now - came} ms at the speed of a script`);
    assert.ok(clicks > 3 && clicks < 15, `${clicks} clicks`);
    ours = (await json('class', 'list')).find((one) => one.name === `Day ${lang}`);
    await view();
    await shot(page, 'room');
  });

  step('seat cards are made: for each a link, a code and an ssh command', 60000, async () => {
    const { page } = mori;
    await page.getByRole('link', { name: say('cards.open') }).click();
    await button(page, 'cards.make').click();
    const cards = page.locator('.seat-card');
    await until('three cards', async () => (await cards.count()) === 3);
    const facts = cards.nth(1).locator('dd');
    card = { link: await cards.nth(1).getByRole('img').getAttribute('aria-label'), ssh: await facts.nth(0).innerText(),
      password: await facts.nth(1).innerText() };
    await shot(page, 'cards');
    await page.getByRole('link', { name: say('cards.back') }).click();
  });

  step('one student joins by the class’s code and turns the language round and back, another by the card', 90000, async () => {
    aoi = await comes();
    const { page } = aoi;
    await visit(page, daemon.url);
    await page.getByText(`${lang}: 10:00–17:00`).waitFor();
    await page.getByLabel(say('join.code'), { exact: true }).fill(ours.code);
    await page.getByLabel(say('join.name'), { exact: true }).fill(first);
    await shot(page, 'join');
    await button(page, 'join.join').click();
    await titled(page, lab().title[lang]);
    const other = lang === 'en' ? 'ja' : 'en';
    await page.locator('header button[lang]').click();
    await titled(page, lab().title[other]);
    await page.locator('header button[lang]').click();
    await titled(page, lab().title[lang]);
    ren = await comes();
    await visit(ren.page, card.link);
    await button(ren.page, 'join.join').click();
    await titled(ren.page, lab().title[lang]);
    assert.equal((await view()).seat[1].joined, true, 'the card knows whose it is');
    await mori.page.locator('.figures').getByText('2', { exact: true }).waitFor();
  });

  step('the instructor opens the first lab for everyone; the student does tasks at the prompt, by check, hint and answer', 120000, async (t) => {
    const { page } = mori;
    await button(page, 'everyone.button').click();
    await button(dialog(page, 'everyone.title'), 'everyone.open-confirm').click();
    await page.getByText(say('everyone.there', { arrived: 3, seats: 3 })).waitFor({ timeout: 60000 });
    const tag = task(aoi.page, titleOf('asset-tag'));
    desk = new Screen(aoi.page);
    await desk.prompt(60000);
    await button(tag, 'check.check').click();
    await tag.getByText(say('check.not-yet')).waitFor();
    await desk.focus();
    await desk.run('cat /etc/hoshizora/asset-tag > asset-tag.txt');
    const typed = Date.now();
    await tag.getByText('+5').waitFor();
    t.diagnostic(`${lang}: ticked on the page ${Date.now() - typed} ms after the prompt came back`);
    const directory = task(aoi.page, titleOf('one-argument'));
    await button(directory, 'hint.show-cost', { n: 1 }).click();
    await button(directory, 'hint.yes').click();
    await directory.getByText(say('hint.name', { n: 1 })).waitFor();
    const values = valuesOf(ours.seat[0], 'first-steps');
    await desk.focus();
    await desk.run(`mkdir "${values.P_BRANCH} branch"`);
    await directory.getByText('+9').waitFor();
    const found = await desk.run(`cat /srv/archive/*-${values.P_YEAR}/second-approval-by-operations-risk/approval-code.txt`);
    const question = task(aoi.page, titleOf('approval-code'));
    await question.getByRole('textbox').fill(found.trim().split('\n').at(-1)); // the command is longer than a line
    await button(question, 'check.check').click();
    await question.getByText('+5').waitFor();
    await shot(aoi.page, 'workspace');
    for (const [id, state] of [['asset-tag', 'done'], ['one-argument', 'hinted'], ['approval-code', 'done']])
      await until(`${id} is ${state} in the room`, async () => (await cell(page, first, titleOf(id))) === say(`cell.${state}`));
  });

  step('a hand goes up; the instructor looks over the shoulder, and the student knows', 60000, async () => {
    const { page } = mori;
    await desk.focus();
    await desk.run('echo look-here');
    await button(aoi.page, 'hand.raise').click();
    await page.getByRole('complementary', { name: say('attention.title') }).locator('.need.hand').click();
    const drawer = page.locator('.drawer');
    await new Screen(page, drawer).sees('look-here');
    await aoi.page.getByText(say('watch.watching', { names: `MORI-${lang.toUpperCase()}` })).waitFor();
    await shot(page, 'seat');
    await shot(aoi.page, 'watched');
    await button(drawer, 'seat.hand-lower').click();
    await button(aoi.page, 'hand.raise').waitFor();
    await button(drawer, 'seat.close').click();
  });

  step('a message to everyone is read, and the room sees by whom', 60000, async () => {
    const { page } = mori;
    await button(page, 'message.button-all').click();
    const writing = dialog(page, 'message.title-all');
    await writing.getByLabel(say('message.text'), { exact: true }).fill('12:00–13:00');
    await button(writing, 'message.send').click();
    for (const student of [aoi, ren]) {
      await student.page.locator('.message-card').getByText('12:00–13:00').waitFor();
      await button(student.page, 'message.read').click();
    }
    await page.getByRole('region', { name: say('messages.title') }).getByText(say('messages.read'), { exact: false }).first().waitFor();
  });

  step('the second student comes by ssh, as the card says, and finds a clean machine after a reset', 90000, async () => {
    assert.equal(await ssh(card.ssh, card.password, 'touch by-ssh; hostname'), 'desk');
    const { page } = ren;
    const shell = new Screen(page);
    await shell.prompt(60000);
    await shell.focus();
    assert.match(await shell.run('ls'), /by-ssh/);
    await button(page, 'reset.button').click();
    const question = page.getByRole('dialog');
    await question.getByText(say('reset.stays')).waitFor();
    await shot(page, 'reset');
    await button(question, 'reset.confirm').click();
    await until('a clean screen', async () => /^\S*\$$/.test(await shell.text()), 60000);
    await shell.focus();
    assert.doesNotMatch(await shell.run('ls'), /by-ssh/);
    await until('the lab was set up again', async () => Number(await shell.run('ls /srv/notices 2>/dev/null | wc -l')) > 0);
  });

  step('the class is paused and goes on, is frozen and comes back, and the shell with it', 150000, async (t) => {
    const { page } = mori;
    await desk.focus();
    await desk.run('kept=over-the-night');
    await button(page, 'power.pause').click();
    await aoi.page.getByText(say('workspace.paused')).waitFor();
    await shot(aoi.page, 'paused');
    await button(page, 'power.continue').click();
    await aoi.page.getByText(say('workspace.paused')).waitFor({ state: 'hidden' });
    await button(page, 'power.freeze').click();
    const begun = Date.now();
    await button(dialog(page, 'power.freeze-title', { name: `Day ${lang}` }), 'power.freeze').click();
    await page.getByText(say('night.frozen'), { exact: true }).waitFor({ timeout: 90000 });
    const frozen = Date.now();
    await titled(aoi.page, say('workspace.frozen'));
    await shot(page, 'frozen');
    await shot(aoi.page, 'frozen-student');
    const resumed = Date.now();
    await button(page, 'power.resume').click();
    await page.getByRole('table').first().waitFor({ timeout: 90000 });
    t.diagnostic(`${lang}: frozen in ${frozen - begun} ms, back in ${Date.now() - resumed} ms: 3 seats of 2 machines`);
    await desk.sees(/\$$/, 60000);
    await desk.focus();
    assert.equal(await desk.run('echo $kept', 60000), 'over-the-night');
  });

  step('results are a file, and a certificate is issued that a stranger can verify', 60000, async () => {
    const { page } = mori;
    await page.getByRole('link', { name: say('results.title'), exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: first });
    await row.waitFor();
    await shot(page, 'results');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: say('results.csv-summary') }).click()]);
    assert.match(readFileSync(await file.path(), 'utf8'), new RegExp(`${first}[^]*${second}`));
    await page.getByRole('link', { name: say('certificates.title') }).click();
    await button(page, 'certificates.issue', { n: 1 }).click();
    const paper = page.locator('.paper');
    await paper.getByText(first).waitFor();
    assert.match(await paper.innerText(), new RegExp(say('certificate.heading')));
    const code = (await paper.locator('footer b').innerText()).trim();
    await shot(page, 'certificates');
    const stranger = await comes();
    await visit(stranger.page, `${daemon.url}/verify/${code}`);
    await stranger.page.getByRole('heading', { name: say('verify.yes') }).waitFor();
    await stranger.page.getByText(first).waitFor();
    await stranger.context.close();
    await visit(page, `${daemon.url}/classes/${ours.id}`);
  });

  step('the class is closed: its machines are gone, the student is told, points stay', 90000, async () => {
    const { page } = mori;
    await button(page, 'class.close').click();
    const question = page.getByRole('dialog');
    await question.getByLabel(say('class.close-type', { code: ours.code })).fill(ours.code);
    await shot(page, 'close');
    await button(question, 'class.close-confirm').click();
    await titled(aoi.page, say('workspace.over'));
    await aoi.page.getByText(say('workspace.over-text', { done: 3, points: 19 })).waitFor();
    await shot(aoi.page, 'over');
    await until('it is closed', async () => (await view()).state === 'closed', 60000);
    const left = await leftovers();
    assert.deepEqual([left.domains, left.networks], [[], []]);
    for (const one of [aoi, ren, mori]) await one.context.close();
  });

  /* ---- the admin, in the evening ---- */

  step('the admin verifies the log, which tells of the day, and keeps a backup', 60000, async () => {
    const { page } = ada;
    const file = path.join(place, `${lang}.backup`);
    await ok('backup', file);
    assert.ok(readFileSync(file).subarray(0, 15).equals(Buffer.from('SQLite format 3')));
    await go(page, 'nav.audit');
    await button(page, 'audit.verify').click();
    await page.locator('.verdict-line.ok').waitFor();
    for (const what of ['database.backup', 'class.close', 'class.certify', 'class.freeze'])
      await page.getByRole('cell', { name: say(`audit.action.${what}`), exact: true }).first().waitFor();
    await shot(page, 'audit');
    await ada.context.close();
    await ok('class', 'remove', String(ours.id), '--yes');
  });
}

pass('en');
pass('ja');

test('no browser complained', () => {
  // 409: whether a frozen class fits was asked just before Resume was pressed, and answered just after.
  assert.deepEqual(complaints.filter((one) => !/ERR_NETWORK_CHANGED|status of 401|status of 409 .*\/capacity/.test(one)), []);
});

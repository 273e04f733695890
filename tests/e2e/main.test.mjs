// The main path as people go it: an admin at the command line, an instructor and two students at their browsers, one
// class of four seats on real machines, from the image to the closed class. The tests go in order, each from where
// the one before it ended.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Daemon, api, artifacts, bake, chromium, closeAll, forgetProofs, json, leftovers, ok, prepareHost, terakoya, until } from './lab.mjs';
import { Screen, Typist, cell, complaints, person, pictures, tab, task, visit } from './page.mjs';

const COURSE = 'Introduction to Linux';
const TAG = 'Note the asset tag of your desk';
const DIRECTORY = 'Make a directory with a space in its name';
const NEWEST = 'Find the newest notice';
const TAG_JA = '自分の端末の資産番号を控える';
const CODE_JA = 'とても長い名前のファイルを読む';
const RECORD_JA = '作業記録を提出する';
const AIKO = 'Aiko Tanaka';
const HANAKO = '山田 花子';

const daemon = new Daemon();
let browser;
/** The people, each { context, page }. */
let sensei;
let aiko;
let hanako;
/** The class that all share, as the API has it. */
let ours;
let desk;
let desk2;

before(async () => {
  await prepareHost();
  await forgetProofs();
  await daemon.start();
  await closeAll();
  browser = await chromium();
});

after(async () => {
  await browser?.close();
  await closeAll();
  await daemon.stop();
});

const reload = async () => {
  ours = await json('class', 'show', String(ours.id));
  return ours;
};

/* ---- the command line ---- */

test('an image is built and a template baked from the command line, and both are listed', async () => {
  await bake();
  assert.match(await ok('image', 'build', 'debian-13'), /there already/);
  assert.match(await ok('image', 'list'), /^debian-13@[0-9a-f]{12}\S* +current /m);
  assert.match(await ok('template', 'list'), /^linux-intro +[\d.]+ +desk +debian-13 +yes +\d+ MB +\d+ kB +\d+ [kM]B$/m);
  assert.match(await ok('course', 'list'), /^linux-intro /m);
});

test('the help explains every command, and the man page names them all', async () => {
  const help = await ok('--help');
  const commands = [...help.matchAll(/^ {2}([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?= )/gm)].map((match) => match[1]);
  assert.ok(commands.length > 20, help);
  const man = (await ok('--man')).replaceAll('\\', '');
  for (const words of commands) {
    assert.ok(man.includes(`.TP\nfB${words}fR`), `${words} is on the man page`);
    assert.match(await ok(...words.split(' '), '--help'), new RegExp(`^usage: terakoya ${words}\\b[^]*\\n\\w`), words);
  }
  assert.match(await ok('version'), /^terakoya \d[^]*^terakoyad \d/m);
});

test('a class is made, launched, shown, reset, linked and closed from the command line', async (t) => {
  assert.match(await ok('class', 'create', 'linux-intro', '--seats', '1', '--name', 'At the shell'), /join code \w+-\d+/);
  const [{ id }] = await json('class', 'list');
  assert.match(await ok('class', 'launch', String(id), '--untested'), /1 of 1 ready/);
  assert.match(await ok('class', 'show', String(id)), /^ +1 +ready/m);
  assert.match(await ok('seat', 'link', `${id}/1`), /^http\S+\/j\/\S+$/m);
  const said = await ok('seat', 'reset', `${id}/1`, '--yes');
  assert.match(said, /ready again after [\d.]+ s/);
  t.diagnostic(said.trim());
  assert.match(await ok('class', 'close', String(id), '--yes'), /\w/);
  assert.match(await ok('class', 'list', '--closed'), /At the shell/);
  await ok('class', 'remove', String(id), '--yes');
  assert.deepEqual(await json('class', 'list', '--closed'), []);
});

test('a course that has not passed its test is launched by those who say that they know, and the log names them', async () => {
  assert.equal((await api('GET', '/courses')).body.find((one) => one.id === 'linux-intro').proven_at, 0, 'no test of it is remembered');
  const { id } = await json('class', 'create', 'linux-intro', '--seats', '1');
  const refused = await terakoya('class', 'launch', String(id));
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /terakoya lab test linux-intro.*--untested/);
  assert.equal((await api('GET', `/classes/${id}`)).body.state, 'draft');
  await ok('class', 'launch', String(id), '--untested', '--no-wait');
  const [line] = (await api('GET', `/audit?class=${id}`)).body.filter((one) => one.action === 'class.launch');
  assert.match(JSON.stringify(line.detail), /untested/);
  await ok('class', 'close', String(id), '--yes');
  await ok('class', 'remove', String(id), '--yes');
});

test('what cannot be undone is asked first, and where nobody can answer, refused', async () => {
  const { id } = await json('class', 'create', 'linux-intro', '--seats', '1');
  const asked = new Typist('class', 'remove', String(id));
  await asked.sees('?');
  asked.type('n\r');
  assert.equal(await asked.closed, 4, asked.text);
  assert.equal((await terakoya('class', 'remove', String(id))).code, 4, 'without a terminal');
  const again = new Typist('class', 'remove', String(id));
  await again.sees('?');
  again.type('y\r');
  assert.equal(await again.closed, 0, again.text);
});

test('a shell from the command line shows what is typed and its answer, and ~. leaves it running', async () => {
  const { id } = await json('class', 'create', 'linux-intro', '--seats', '1');
  await ok('class', 'launch', String(id), '--untested');
  const first = new Typist('shell', `${id}/1`);
  await first.sees('student@desk');
  first.type('echo sum $((40 + 2)); kept=here\r');
  await first.sees('sum 42');
  first.type('~.');
  assert.equal(await first.closed, 0);
  const second = new Typist('shell', `${id}/1`);
  await second.sees('sum 42');
  second.type('echo "still $kept"\r');
  await second.sees('still here');
  second.type('\r~.');
  assert.equal(await second.closed, 0);
  await ok('class', 'close', String(id), '--yes');
  await ok('class', 'remove', String(id), '--yes');
});

test('with --json every command prints JSON', async () => {
  const { id } = await json('class', 'create', 'linux-intro', '--seats', '1');
  for (const command of ['version', 'doctor', 'course list', 'image list', 'template list', 'class list',
    `class show ${id}`, `seat link ${id}/1`, 'account set somebody', 'audit list', `class remove ${id} --yes`]) {
    const said = await ok('--json', ...command.split(' '));
    if (said) assert.doesNotThrow(() => JSON.parse(said), `${command}: ${said}`);
  }
});

test('the exit status tells the kinds of failure apart', async () => {
  const { id } = await json('class', 'create', 'linux-intro', '--seats', '500');
  const cases = [
    [2, 'clas', 'list'],
    [2, 'class', 'show'],
    [2, 'class', 'show', 'first'],
    [2, 'class', 'list', '--no-such-option'],
    [3, 'class', 'show', '99999'],
    [3, 'template', 'bake', 'no-such-course'],
    [5, 'class', 'launch', String(id)],
    [0, 'class', 'close', String(id), '--yes'],
    [4, 'class', 'launch', String(id)],
    [6, '--socket', '/nonexistent/socket', 'class', 'list'],
  ];
  for (const [code, ...words] of cases) {
    const result = await terakoya(...words);
    assert.equal(result.code, code, `${words.join(' ')}: ${result.stderr}`);
    if (code) assert.match(result.stderr, /\w/, words.join(' '));
  }
  await ok('class', 'remove', String(id), '--yes');
});

/* ---- an instructor ---- */

/** Why what follows cannot be tried. */
let stuck = '';

function step(name, run) {
  test(name, { timeout: 180000 }, async (t) => {
    assert.equal(stuck, '', 'a step before this one failed');
    await run(t);
  });
}

/** A step without which there is no next one. */
function door(name, run) {
  step(name, (t) => run(t).catch((error) => {
    stuck = name;
    throw error;
  }));
}

door('an instructor signs in with an account from the command line, and a wrong password is refused', async () => {
  const { password } = await json('account', 'set', 'sensei', '--name', 'Mori', '--role', 'instructor', '--new-password');
  sensei = await person(browser);
  const { page } = sensei;
  await visit(page, daemon.url);
  await pictures(page, 'front', () => page.getByRole('heading', { level: 1 }).waitFor());
  await page.getByLabel('Login').fill('sensei');
  await page.getByLabel('Password').fill('not this');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'is not right' }).waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Classes', level: 1 }).waitFor();
  await page.getByText('No class yet.').waitFor();
});

step('the instructor sees the courses and what the host can do', async () => {
  const { page } = sensei;
  await page.getByRole('link', { name: 'Packs' }).click();
  await page.getByText(COURSE).first().waitFor();
  await page.getByRole('link', { name: 'linux-intro 1.0.0' }).click();
  await page.getByText('Template ready').waitFor();
  await pictures(page, 'pack', () => page.getByText(/Template ready|ひな型があります/).first().waitFor());
  await page.getByRole('link', { name: 'Host', exact: true }).click();
  await page.getByText(/^QEMU|QEMU \d/).first().waitFor();
  await pictures(page, 'host', () => page.getByText(/QEMU \d/).first().waitFor());
});

door('a new class of four is launched in the page; every seat turns green with its stages and its time', async (t) => {
  const { page } = sensei;
  await page.getByRole('link', { name: 'Classes' }).click();
  await page.getByRole('link', { name: 'New class' }).click();
  await page.getByText('It fits').waitFor();
  await pictures(page, 'new-class', () => page.getByRole('spinbutton').waitFor());
  await page.getByLabel('Name of the class').fill('Autumn morning');
  await page.getByRole('spinbutton', { name: 'Seats' }).fill('4');
  await page.evaluate(watchTags);
  const launch = page.getByRole('button', { name: 'Launch 4 seats' });
  assert.ok(await launch.isDisabled(), 'nobody has said yet that an untested course is fine');
  await page.getByLabel('Launch it untested all the same').check();
  await launch.click();
  await page.getByRole('heading', { name: 'Autumn morning' }).waitFor();
  await page.getByText('4 / 4').first().waitFor({ timeout: 120000 });
  const took = await page.getByText(/all ready in/).textContent();
  t.diagnostic(`the page says: ${took}`);
  await page.getByRole('table').waitFor();
  const seen = await page.evaluate(() => window.tagsSeen);
  for (const number of ['1', '2', '3', '4']) {
    assert.ok(seen.some((tag) => tag.number === number && /cloning|booting|personalising|probing/.test(tag.stage) &&
      /\d/.test(tag.time)), `seat ${number} showed a stage and its time: ${JSON.stringify(seen)}`);
  }
  assert.ok(seen.some((tag) => tag.stage === 'ready' && /\d/.test(tag.time)), 'ready, and after how long');
  ours = (await json('class', 'list'))[0];
  await reload();
  assert.equal(ours.state, 'open');
});

/** In the page: notes every stage that a seat's tag shows. */
function watchTags() {
  window.tagsSeen = [];
  const known = new Set();
  new MutationObserver(() => {
    for (const tag of document.querySelectorAll('.tag')) {
      const [number, stage, time] = ['number', 'stage', 'time'].map((part) => tag.querySelector(`.tag-${part}`)?.textContent);
      if (!time || known.has(`${number} ${stage}`)) continue;
      known.add(`${number} ${stage}`);
      window.tagsSeen.push({ number, stage, time });
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

step('a seat’s drawer shows its terminal and its machine; Reset asks first', async () => {
  const { page } = sensei;
  await page.getByRole('button', { name: '03 free' }).click();
  const drawer = page.getByRole('complementary');
  const screen = new Screen(page, drawer);
  await screen.prompt(60000);
  const row = drawer.getByRole('listitem').filter({ has: page.getByText('desk', { exact: true }) });
  await row.getByText('ready', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Reset' }).click();
  const question = page.getByRole('dialog', { name: 'Reset desk?' });
  await question.getByText('Everything on the machine is lost').waitFor();
  const machine = (await reload()).seat[2].machines[0].id;
  await question.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await reload()).seat[2].machines[0].id, machine, 'nothing happened');
  await drawer.getByRole('button', { name: 'Assist' }).click();
  await drawer.getByText('the student sees what you type').waitFor();
  await screen.focus();
  assert.match(await screen.run('hostname'), /^desk$/);
  await drawer.getByRole('button', { name: 'Close' }).click();
});

/* ---- two students ---- */

door('a student takes a seat by its link, in English, and starts the first lab', async () => {
  aiko = await person(browser);
  const { page } = aiko;
  await visit(page, (await json('seat', 'link', `${ours.id}/1`)).url.replace(/^https?:\/\/[^/]+/, daemon.url));
  await page.getByLabel('Your name').fill(AIKO);
  await pictures(page, 'join-link', () => page.getByRole('textbox').first().waitFor());
  await page.getByLabel('Your name').fill(AIKO);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('heading', { name: 'First steps at the prompt' }).waitFor();
  await page.getByText('The machine shows that it is listening with a prompt').waitFor();
  await page.getByRole('button', { name: 'Start this lab' }).click();
  await task(page, TAG).waitFor({ timeout: 60000 });
  desk = new Screen(page);
  await desk.prompt(60000);
});

door('a student joins by code in Japanese, and the lab, the guide and the shell speak Japanese', async () => {
  hanako = await person(browser, { locale: 'ja-JP', viewport: { width: 1366, height: 768 } });
  const { page } = hanako;
  await visit(page, daemon.url);
  await page.getByLabel('クラスコード').fill(ours.code.toLowerCase());
  await page.getByLabel('お名前').fill(HANAKO);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'はじめてのコマンドライン' }).waitFor();
  await page.getByRole('button', { name: 'このラボを始める' }).click();
  await task(page, TAG_JA).waitFor({ timeout: 60000 });
  desk2 = new Screen(page);
  await desk2.prompt(60000);
  await desk2.focus();
  assert.match(await desk2.run('ls /nowhere'), /そのようなファイルやディレクトリはありません/);
  assert.match(await desk2.run('date'), /年/);
});

step('a check of what is not done yet says what is missing', async () => {
  const { page } = aiko;
  const mine = task(page, NEWEST);
  await mine.getByRole('button', { name: 'Check' }).click();
  await mine.getByText('There is no file newest.txt in your home directory yet.').waitFor();
  await desk.focus();
  await page.keyboard.press('Control+Shift+Enter'); /* out of the terminal: the first task that is not done */
  await task(page, TAG).getByText('There is no file asset-tag.txt in your home directory yet.').waitFor();
  await until('the instructor sees that it is tried', async () => (await cell(sensei.page, AIKO, NEWEST)) === 'at work');
});

step('a hint asks before it costs points, and says something then', async () => {
  const mine = task(aiko.page, TAG);
  await mine.getByRole('button', { name: 'Hint · costs 1' }).click();
  await mine.getByText('It costs 1 point.').waitFor();
  assert.equal(await mine.getByText('shows what is in a file').count(), 0, 'nothing is shown before');
  await mine.getByRole('button', { name: 'Show it' }).click();
  await mine.getByText('shows what is in a file').waitFor();
});

step('tasks that are done at the prompt tick by themselves, with the points that are left', async (t) => {
  const { page } = aiko;
  await desk.focus();
  await desk.run('cat /etc/hoshizora/asset-tag > asset-tag.txt');
  let done = Date.now();
  await task(page, TAG).getByText('+4').waitFor();
  t.diagnostic(`ticked ${Date.now() - done} ms after the command`);
  const name = /named (\S+ branch)/.exec(await task(page, DIRECTORY).textContent())[1];
  await desk.run(`mkdir "${name}"`);
  done = Date.now();
  await task(page, DIRECTORY).getByText('+10').waitFor();
  t.diagnostic(`ticked ${Date.now() - done} ms after the command`);
  const newest = (await desk.run('ls -t /srv/notices')).split(/\s+/)[0];
  await desk.run(`echo ${newest} > newest.txt`);
  await task(page, NEWEST).getByText('+10').waitFor();
  await page.getByText(/^3 \/ /).or(page.getByTitle('Tasks done, points earned').getByText('24')).first().waitFor();
});

step('the instructor’s matrix shows all that at once, and a raised hand', async () => {
  const { page } = sensei;
  for (const [title, state] of [[TAG, 'done with a hint'], [DIRECTORY, 'done'], [NEWEST, 'done']])
    await until(`${title}: ${state}`, async () => (await cell(page, AIKO, title)) === state);
  await aiko.page.keyboard.press('Control+Shift+H');
  const need = page.getByRole('complementary').getByRole('button', { name: new RegExp(`${AIKO}\\s+hand raised`) });
  await need.waitFor();
  await page.waitForFunction(() => document.title.startsWith('(1) '));
  await need.click();
  const note = aiko.page.getByText('An instructor is watching: ');
  await note.waitFor();
  await page.getByRole('button', { name: 'Lower hand' }).click();
  await aiko.page.getByRole('button', { name: 'Ask for help' }).waitFor();
  await page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
  await note.waitFor({ state: 'hidden' });
});

/** What a terminal shows, its lines joined: names may be longer than a line. */
const flat = async (screen) => (await screen.text()).replaceAll('\n', '');

step('an answer that was found in the machine is typed into the page, and a record handed in', async () => {
  const { page } = hanako;
  const mine = task(page, CODE_JA);
  const year = /(20\d\d)/.exec(await mine.textContent())[1];
  await desk2.focus();
  for (const [typed, completed] of [['cat /srv/ar', '/srv/archive/'], ['i', 'settlement-reconciliation-202'], [year.slice(3), `${year}/`],
    ['s', 'second-approval-by-operations-'], ['r', '-risk/'], ['a', 'approval-code.txt']]) {
    await page.keyboard.type(typed, { delay: 2 });
    await until(`${typed} is echoed`, async () => (await flat(desk2)).endsWith(typed));
    await page.keyboard.press('Tab');
    await until(`Tab completes ${completed}`, async () => (await flat(desk2)).endsWith(completed));
  }
  await page.keyboard.press('Enter');
  const code = /^([a-z]+-\d{4})$/m.exec(await desk2.sees(/^[a-z]+-\d{4}$/m))[1];
  await mine.getByRole('textbox').fill('void-1234');
  await page.keyboard.press('Enter');
  await mine.getByText('無効になった承認').waitFor();
  await mine.getByRole('textbox').fill(code);
  await mine.getByRole('button', { name: '確認する' }).click();
  await mine.getByText('+5').waitFor();
  await desk2.focus();
  for (const line of ['pwd', 'whoami', 'ls /srv', 'ls -l', 'cal', 'uptime', 'df -h', 'free']) await desk2.run(line);
  const ticket = /record-(\d{4})/.exec(await task(page, RECORD_JA).textContent())[1];
  await desk2.run(`history > record-${ticket}.txt`);
  await task(page, RECORD_JA).getByText('+5').waitFor();
  await until('the instructor sees it', async () => (await cell(sensei.page, HANAKO, /record/)) === 'done');
});

/* ---- what a terminal has to be ---- */

step('the shell’s size follows the window', async () => {
  const { page } = aiko;
  await desk.focus();
  const size = async () => (await desk.run('stty size')).split(' ').map(Number);
  const [rows, columns] = await size();
  await page.setViewportSize({ width: 1200, height: 700 });
  const [fewer, narrower] = await until('a smaller size', async () => {
    const now = await size();
    return now[0] < rows && now[1] < columns && now;
  });
  assert.ok(fewer > 10 && narrower > 40, `${fewer}x${narrower}`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await until('the old size', async () => String(await size()) === String([rows, columns]));
});

step('colours are colours', async () => {
  await desk.run("printf '\\033[31mrouge \\033[1;32mvert\\033[0m\\n'");
  const colours = await aiko.page.locator('.xterm-rows span').evaluateAll((spans) => Object.fromEntries(
    spans.filter((span) => /^(rouge|vert)\s*$/.test(span.textContent)).map((span) =>
      [span.textContent.trim(), getComputedStyle(span).color])));
  const [red, green] = [colours.rouge, colours.vert].map((text) => text?.match(/\d+/g).map(Number));
  assert.ok(red[0] > red[1] && green[1] > green[0], JSON.stringify(colours));
});

step('Japanese is typed with an input method, shown and kept', async () => {
  const { context, page } = hanako;
  await desk2.focus();
  await desk2.prompt();
  await page.keyboard.type('echo ');
  const ime = await context.newCDPSession(page);
  for (const text of ['に', 'にほn', 'にほんご', '日本語'])
    await ime.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  await ime.send('Input.insertText', { text: '日本語' });
  await desk2.sees('echo 日本語');
  await page.keyboard.insertText('とカタカナ、ｱｲｳ');
  await page.keyboard.type(' > メモ.txt; cat メモ.txt');
  await page.keyboard.press('Enter');
  await desk2.sees(/^日本語とカタカナ、ｱｲｳ$/m);
  assert.equal(await desk2.run('wc -m < メモ.txt'), '13');
  const heights = await page.locator('.terminal-view:not([hidden]) .xterm-rows span').evaluateAll((spans) =>
    spans.map((span) => [span, span.parentElement].map((one) => getComputedStyle(one).lineHeight)));
  for (const [text, line] of heights) assert.equal(text, line, 'an underscore is not cut off');
});

step('what is selected is copied, and pasted where the shell waits, never run by itself', async () => {
  const { context, page } = aiko;
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: daemon.url });
  await desk.focus();
  await desk.run('echo copied-by-hand');
  const word = await page.locator('.xterm-rows > div').filter({ hasText: /^copied-by-hand/ }).boundingBox();
  await page.mouse.dblclick(word.x + 20, word.y + word.height / 2);
  await page.keyboard.press('Control+Shift+C');
  await page.getByText('Copied', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'copied-by-hand');
  await page.evaluate(() => navigator.clipboard.writeText('echo one\necho two\n'));
  await page.keyboard.press('Control+Shift+V');
  await desk.sees('echo two');
  await page.waitForTimeout(500);
  assert.doesNotMatch(await desk.text(), /^(one|two)$/m, 'a pasted line waits for Enter');
  await page.keyboard.press('Control+C');
});

step('a reload keeps the shell and what scrolled away', async () => {
  const { page } = aiko;
  await desk.focus();
  const shell = await desk.run('echo $$');
  await desk.run('seq 1 300');
  await page.reload();
  await desk.sees(/^300$/m);
  await desk.focus();
  await until('line 1 is found by scrolling back', async () => {
    await page.mouse.wheel(0, -4000);
    return /^1$/m.test(await desk.text());
  });
  await page.keyboard.press('Enter');
  assert.equal(await desk.run('echo $$'), shell);
});

step('a cut network loses nothing', async () => {
  const { context, page } = aiko;
  await desk.focus();
  await desk.run('true');
  await desk.type('for i in $(seq 1 40); do echo tick $i; sleep 0.2; done');
  await desk.sees('tick 3');
  await context.setOffline(true);
  await page.getByRole('tabpanel').getByText('Connection lost').waitFor({ timeout: 30000 });
  await page.waitForTimeout(2000);
  await context.setOffline(false);
  const shown = await desk.sees('tick 40', 60000);
  const ticks = [...shown.matchAll(/^tick (\d+)$/gm)].map((match) => Number(match[1]));
  assert.deepEqual(ticks, Array.from(ticks, (_, index) => ticks[0] + index), 'none is missing, none comes twice');
  assert.ok(ticks.length >= 20);
  await desk.prompt();
});

step('two tabs show one shell', async () => {
  const second = await tab(aiko.context);
  await second.goto(`${daemon.url}/seats/${ours.seat[0].id}`);
  const other = new Screen(second);
  await other.prompt(60000);
  await desk.focus();
  await desk.type('echo from the $((1)) tab');
  await other.sees('from the 1 tab');
  await other.focus();
  await other.type('echo from the $((2)) tab');
  await desk.sees('from the 2 tab');
  await second.close();
});

/* ---- reset, walls, the end ---- */

step('Reset asks, and gives a clean machine; progress stays', async (t) => {
  const { page } = aiko;
  await desk.focus();
  await desk.run('touch mine.txt; echo old-machine');
  await page.getByRole('button', { name: 'Reset machine' }).click();
  const question = page.getByRole('dialog', { name: 'Reset desk?' });
  await question.getByText('Progress and points stay.').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  await desk.focus();
  assert.match(await desk.run('ls'), /mine\.txt/);
  await page.getByRole('button', { name: 'Reset machine' }).click();
  const clicked = Date.now();
  await question.getByRole('button', { name: 'Reset', exact: true }).click();
  await until('a new prompt', async () => /^\S*\$$/.test(await desk.text()), 60000, 20);
  t.diagnostic(`from click to prompt: ${Date.now() - clicked} ms`);
  await desk.focus();
  assert.doesNotMatch(await desk.run('ls; hostname'), /mine\.txt|asset-tag\.txt/);
  await task(page, TAG).getByText('+4').waitFor();
  assert.equal((await reload()).seat[0].points, 24);
  await until('the lab was set up again', async () => /parking|lifts|cards/.test(await desk.run('ls /srv/notices')));
});

/** What a plain WebSocket with somebody's cookies is told: an HTTP status, or 101. */
async function knock(context, url) {
  const cookies = await context.cookies(daemon.url);
  const socket = new WebSocket(`${daemon.url.replace('http', 'ws')}${url}`, 'terakoya.terminal.1', {
    headers: { origin: daemon.url, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
  });
  return new Promise((done, fail) => {
    socket.on('open', () => (socket.close(), done(101)));
    socket.on('unexpected-response', (_, response) => (response.destroy(), done(response.statusCode)));
    socket.on('error', fail);
  });
}

step('a student reaches neither another’s seat nor the pages of the staff', async () => {
  const { context, page } = hanako;
  const [hers, mine] = (await reload()).seat;
  const walk = await tab(context);
  await walk.goto(`${daemon.url}/seats/${hers.id}`);
  await walk.getByRole('alert').waitFor();
  assert.equal(await walk.locator('.xterm').count(), 0);
  for (const place of ['/classes', `/classes/${ours.id}`, '/classes/new', '/packs', '/images', '/host']) {
    await walk.goto(daemon.url + place);
    await walk.getByRole('heading', { name: 'ページがありません' }).or(walk.getByRole('heading', { level: 1 })).first().waitFor();
    assert.doesNotMatch(await walk.locator('main').textContent(), new RegExp(AIKO), place);
  }
  await walk.close();
  const { csrf } = await (await page.request.get(`${daemon.url}/api/v1/session`)).json();
  const ask = async (method, url) => (await page.request.fetch(`${daemon.url}/api/v1${url}`, {
    method, headers: { 'x-csrf-token': csrf, 'content-type': 'application/json' }, data: method === 'GET' ? undefined : {},
  })).status();
  for (const [method, url] of [['GET', ''], ['GET', '/workspace'], ['GET', '/attempts'], ['GET', '/labs/first-steps'],
    ['POST', '/reset'], ['POST', '/labs/first-steps/tasks/asset-tag/check']])
    assert.equal(await ask(method, `/seats/${hers.id}${url}`), 404, `${method} ${url}: there is no such seat for her`);
  for (const [method, url] of [['GET', `/classes/${ours.id}`], ['POST', `/classes/${ours.id}/close`], ['GET', '/audit'],
    ['GET', '/host'], ['POST', '/courses/linux-intro/bake'], ['POST', `/seats/${hers.id}/join-link`]])
    assert.equal(await ask(method, url), 403, `${method} ${url}`);
  assert.equal(await ask('GET', `/events?seat=${hers.id}`), 404);
  assert.equal(await knock(context, `/ws/terminal?machine=${hers.machines[0].id}&terminal=1`), 404);
  assert.equal(await knock(context, `/ws/terminal?machine=${mine.machines[0].id}&terminal=1`), 101, 'her own opens');
});

step('every page of an open class can be looked at', async () => {
  const { page } = sensei;
  await desk.focus();
  await desk.run('ls -l --color /etc/hoshizora /srv');
  await pictures(aiko.page, 'workspace', () => desk.prompt(60000));
  await pictures(page, 'class', () => page.getByRole('table').waitFor());
  await page.getByRole('table').getByRole('button', { name: AIKO }).click();
  await page.screenshot({ path: path.join(artifacts, 'class-drawer.png') });
  await page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('link', { name: 'Classes' }).click();
  await pictures(page, 'classes', () => page.getByText('Autumn morning').waitFor());
  await page.getByText('Autumn morning').click();
});

step('closing asks for the code; then nothing is left on the host, and results are still there', async () => {
  const { page } = sensei;
  await page.getByRole('button', { name: 'Close class' }).click();
  const question = page.getByRole('dialog', { name: 'Close “Autumn morning”?' });
  await page.screenshot({ path: path.join(artifacts, 'close-dialog.png') });
  assert.ok(await question.getByRole('button', { name: 'Close the class' }).isDisabled());
  await question.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await reload()).state, 'open', 'nothing happened');
  await page.getByRole('button', { name: 'Close class' }).click();
  await question.getByLabel(`Type ${ours.code} to confirm`).fill(ours.code);
  await question.getByRole('button', { name: 'Close the class' }).click();
  await page.getByText(/^Closed on /).waitFor({ timeout: 60000 });
  await until('nothing is left', async () => Object.values(await leftovers()).every((list) => list.length === 0), 15000, 500)
    .catch(async (error) => assert.fail(`${error.message}: ${JSON.stringify(await leftovers())}`));
  await page.getByText(AIKO).first().waitFor();
  await page.getByText('24').first().waitFor();
  await pictures(page, 'class-closed', () => page.getByText(AIKO).first().waitFor());
  await aiko.page.getByRole('heading', { name: 'This class is over' }).waitFor();
  await aiko.page.getByText('You did 3 tasks and earned 24 points').waitFor();
  assert.equal((await reload()).seat[0].points, 24);
});

test('the browsers had nothing to complain about', () => {
  const odd = complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|WebSocket connection to|status of 40[134]/.test(text));
  assert.deepEqual(odd, []);
});

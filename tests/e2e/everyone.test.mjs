// An instructor opens a lab for all, a student catches up in the own seat, the instructor another seat and then the
// whole class: by the buttons of the page, on real machines. The tests go in order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, bake, chromium, closeAll, Daemon, json, ok, openClass, prepareHost, terakoya, until } from './lab.mjs';
import { cell, complaints, join, person, pictures, Screen, signIn, task } from './page.mjs';

const AIKO = 'Aiko Tanaka';
const TAG = 'Note the asset tag of your desk';
const DIRECTORY = 'Make a directory with a space in its name';
const daemon = new Daemon();
let browser, sensei, aiko, ours;

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  ours = await openClass(2, { name: 'Together' });
  browser = await chromium();
}, { timeout: 600000 });

after(async () => {
  await browser?.close();
  await closeAll();
  await daemon.stop();
});

const drawer = () => sensei.page.getByRole('complementary');
const seat = async (number) => (await json('class', 'show', String(ours.id))).seat[number - 1];
const row = async (number, id) => (await seat(number)).progress.find((one) => one.task === id);

test('an instructor and a student come in', { timeout: 60000 }, async () => {
  const { password } = await json('account', 'set', 'sensei', '--name', 'Sensei', '--role', 'instructor', '--new-password');
  sensei = await person(browser, { viewport: { width: 1366, height: 768 } });
  await signIn(sensei.page, `${daemon.url}/sign-in`, 'sensei', password);
  await sensei.page.getByText('Together').click();
  await sensei.page.getByRole('table').waitFor();
  aiko = await person(browser);
  await join(aiko.page, daemon.url, ours.code, AIKO);
  await aiko.page.getByRole('button', { name: 'Start this lab' }).waitFor();
});

test('a lab that the instructor opens for everyone is open in every seat, and the student’s page goes there', { timeout: 120000 }, async () => {
  const { page } = sensei;
  await page.getByRole('button', { name: 'Everyone to a lab' }).click();
  const question = page.getByRole('dialog', { name: 'Everyone to a lab' });
  await question.getByLabel('Lab', { exact: true }).selectOption({ label: '1 First steps at the prompt' });
  await question.getByRole('button', { name: 'Open for everyone' }).click();
  await page.getByText('2 of 2 seats are there').waitFor({ timeout: 60000 });
  await task(aiko.page, TAG).waitFor({ timeout: 30000 });
  for (const number of [1, 2]) assert.equal((await seat(number)).lab, 'first-steps');
});

test('the drawer tells the time of a task that is done, and which hints were taken', { timeout: 120000 }, async () => {
  const { page } = aiko;
  const desk = new Screen(page);
  await desk.prompt(60000);
  await desk.focus();
  await desk.type('cat /etc/hoshizora/asset-tag > asset-tag.txt');
  await task(page, TAG).getByText('+5').waitFor({ timeout: 60000 });
  const second = task(page, DIRECTORY);
  await second.getByRole('button', { name: /^Hint · costs/ }).click();
  await second.getByRole('button', { name: 'Show it' }).click();
  await sensei.page.getByRole('table').getByRole('button', { name: AIKO }).click();
  await drawer().getByRole('row', { name: new RegExp(`${TAG}.*\\d s.*5 / 5`) }).waitFor();
  await drawer().getByRole('row', { name: new RegExp(`${DIRECTORY}.*hint 1`) }).waitFor();
  await pictures(sensei.page, 'seat-tasks', () => drawer().getByRole('table').first().waitFor());
  assert.ok((await row(1, 'asset-tag')).took_ms > 0);
});

test('a student’s terminal is read in the drawer in type of twelve pixels or more, whole when enlarged, and keeps its size', { timeout: 180000 }, async () => {
  const theirs = new Screen(aiko.page), watched = new Screen(sensei.page, drawer());
  await theirs.focus();
  const size = await theirs.run('stty size');
  await watched.sees(size);
  const type = () => watched.within.locator('.xterm-rows').evaluate((rows) => parseFloat(getComputedStyle(rows).fontSize));
  const whole = () => watched.within.locator('.terminal-host').evaluate((host) => host.scrollWidth <= host.clientWidth && host.scrollHeight <= host.clientHeight);
  await until('the type can be read', async () => (await type()) >= 12);
  const small = await type();
  await drawer().getByRole('button', { name: 'Enlarge' }).click();
  await until('the whole grid is seen', async () => (await type()) >= small && whole());
  assert.equal(await sensei.page.getByRole('table').getByRole('button', { name: AIKO }).count(), 0, 'nothing is behind it to be pressed');
  await drawer().getByRole('button', { name: 'Assist' }).click();
  await watched.prompt();
  await watched.focus();
  assert.equal(await watched.run('stty size'), size, 'who helps has the student’s size');
  await drawer().getByRole('button', { name: 'Only watch' }).click();
  await drawer().getByRole('heading', { name: AIKO }).press('Escape');
  await until('it is small again', async () => (await type()) === small);
  const edge = sensei.page.getByRole('separator', { name: 'Width of the drawer' });
  const width = async () => (await drawer().boundingBox()).width;
  const before = await width();
  await edge.press('ArrowLeft');
  await until('the drawer is wider', async () => (await width()) > before);
  await edge.dblclick();
  await until('it is as it was', async () => Math.abs((await width()) - before) < 1);
  await theirs.focus();
  assert.equal(await theirs.run('stty size'), size, 'who looked on changed nothing');
});

test('a student catches up after being told what is lost, and nothing happens on Cancel', { timeout: 180000 }, async () => {
  const { page } = aiko;
  const before = (await seat(1)).machines.map((one) => one.id);
  await page.getByRole('button', { name: 'Catch me up' }).click();
  const question = page.getByRole('dialog', { name: 'Catch up to a task?' });
  await question.getByText('Everything on the machines is lost').waitFor();
  await question.getByLabel('Begin at').selectOption({ label: '1.3 Find the newest notice' });
  await question.getByText('1 task that comes before is solved by the course').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await row(1, 'one-argument').then((one) => one.done), false);
  assert.deepEqual((await seat(1)).machines.map((one) => one.id), before);

  await page.getByRole('button', { name: 'Catch me up' }).click();
  await question.getByLabel('Begin at').selectOption({ label: '1.3 Find the newest notice' });
  await question.getByRole('button', { name: 'Reset and catch up' }).click();
  await task(page, DIRECTORY).getByText('shown', { exact: true }).waitFor({ timeout: 120000 });
  await until('it has arrived', async () => !(await seat(1)).catch_up, 60000);
  const [tag, directory] = [await row(1, 'asset-tag'), await row(1, 'one-argument')];
  assert.deepEqual([tag.points, tag.caught_up], [5, false], 'what was earned stays');
  assert.deepEqual([directory.points, directory.caught_up, directory.took_ms], [0, true, 0]);
  assert.equal(await cell(sensei.page, AIKO, DIRECTORY), 'solved for the student');
});

test('the instructor catches another seat up from its drawer', { timeout: 180000 }, async () => {
  const { page } = sensei;
  await page.getByRole('button', { name: '02 free' }).click();
  await drawer().getByRole('button', { name: 'Catch this seat up' }).click();
  const question = page.getByRole('dialog', { name: 'Catch seat 2 up to a task?' });
  await question.getByLabel('Begin at').selectOption({ label: `1.2 ${DIRECTORY}` });
  await question.getByRole('button', { name: 'Reset and catch up' }).click();
  await until('the matrix shows it', async () => (await cell(page, '02 free', TAG)) === 'solved for the student', 120000);
  await until('it has arrived', async () => !(await seat(2)).catch_up, 60000);
  await drawer().getByRole('button', { name: 'Close', exact: true }).click();
});

test('everyone is caught up to the second lab, with how many of how many', { timeout: 300000 }, async (t) => {
  const { page } = sensei;
  await page.getByRole('button', { name: 'Everyone to a lab' }).click();
  const question = page.getByRole('dialog', { name: 'Everyone to a lab' });
  await question.getByLabel('Lab', { exact: true }).selectOption({ label: '2 Files and directories' });
  await question.getByLabel('Catch up to it').check();
  await question.getByText('What is in the machines of 2 seats now is lost').waitFor();
  await question.getByRole('button', { name: 'Reset all and catch up' }).click();
  const begun = Date.now();
  await page.getByText('Catching everyone up to “Files and directories”').waitFor();
  await page.getByText('2 of 2 seats are there').waitFor({ timeout: 240000 });
  t.diagnostic(`two seats, one lab: ${Date.now() - begun} ms`);
  await aiko.page.getByRole('heading', { name: 'Files and directories', level: 1 }).waitFor();
  assert.equal((await seat(1)).points, 5, 'points that were earned stay, and no others come');
  assert.equal((await seat(2)).points, 0);
});

test('machines are rebooted, switched off and on from the drawer: it asks first, and the student sees it', { timeout: 180000 }, async () => {
  const { page } = sensei;
  await page.getByRole('table').getByRole('button', { name: AIKO }).click();
  const machine = (name) => drawer().locator('.machine-row').filter({ hasText: name });
  const press = async (name, button, title, lost, answer = button) => {
    await machine(name).getByRole('button', { name: button }).click();
    const question = page.getByRole('dialog', { name: title });
    await question.getByText(lost).waitFor();
    await question.getByRole('button', { name: answer, exact: true }).click();
    await question.waitFor({ state: 'detached' });
  };
  const rebooted = (await seat(1)).machines.find((one) => one.name === 'files').stage_ms;
  await press('files', 'Reboot', 'Reboot files?', 'Running programs and open shells end. Files that were saved stay.');
  await press('desk', 'Switch off', 'Switch desk off?', 'Running programs end at once. The disk stays as it is.', 'Cancel');
  assert.equal((await seat(1)).machines[0].state, 'ready', 'nothing happened');
  await press('desk', 'Switch off', 'Switch desk off?', 'Running programs end at once.');
  await aiko.page.getByText('desk is switched off').waitFor();
  await machine('desk').getByRole('button', { name: 'Switch on' }).click();
  await aiko.page.getByText('desk is being prepared').waitFor();
  await until('both are there again', async () => (await seat(1)).machines.every((one) => one.state === 'ready' &&
    (one.name === 'desk' || one.stage_ms > rebooted)), 120000);
  await machine('desk').getByRole('button', { name: 'Switch off' }).waitFor();
  await new Screen(aiko.page).prompt(60000);
  await drawer().getByRole('button', { name: 'Close', exact: true }).click();
});

test('from the command line a lab is opened for all, and a seat that cannot is named', { timeout: 120000 }, async () => {
  assert.match(await ok('class', 'open', String(ours.id), 'text'), /done in/);
  await ok('seat', 'power', `${ours.id}/2`, 'desk', 'off', '--yes');
  await until('it is off', async () => (await seat(2)).machines.find((one) => one.name === 'desk').state === 'off');
  const result = await terakoya('class', 'open', String(ours.id), 'permissions');
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /1 of 2 seats arrived; seat 2: the machine desk is off/);
  await sensei.page.getByText('1 failed:').waitFor();
  const asked = await terakoya('class', 'catch-up', String(ours.id), 'text');
  assert.equal(asked.code, 4, 'nobody could be asked');
  const lines = (await api('GET', `/audit?class=${ours.id}`)).body.map((one) => one.action);
  for (const action of ['class.open-lab', 'class.catch-up', 'seat.catch-up']) assert.ok(lines.includes(action), action);
});

test('no browser complained', () => {
  assert.deepEqual(complaints.filter((one) => !/ERR_NETWORK_CHANGED|401/.test(one)), []);
});

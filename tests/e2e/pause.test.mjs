// A class that is paused, on real machines: they stand still, nothing can be typed and everybody is told; then all goes
// on where it was, at the time that it is by then.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, bake, chromium, closeAll, Daemon, instanceTag, ok, openClass, prepareHost, sleep, state, Terminal, until, virsh } from './lab.mjs';
import { join, person, Screen } from './page.mjs';
import { shell, stateOf } from './seat.mjs';
import { plain } from './terminal.mjs';

const daemon = new Daemon();
let view, tag, terminal, pid, browser, page, screen;

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  view = await openClass(2, { name: 'paused' });
  tag = await instanceTag();
  browser = await chromium();
  ({ page } = await person(browser));
  await join(page, daemon.url, view.code, 'Aoi');
  screen = new Screen(page);
  await screen.prompt(60000);
  terminal = await shell(view.seat[1]);
  pid = (await terminal.run('(while :; do cut -d" " -f1 /proc/uptime > next; mv next tick; sleep 0.1; done) & echo $$')).trim().split('\n').at(-1);
}, { timeout: 900000 });

after(async () => {
  await terminal?.close();
  await browser?.close();
  await closeAll();
  await daemon.stop();
});

const classOf = async () => (await api('GET', `/classes/${view.id}`)).body;
const domains = async () => (await virsh('list', '--name')).split('\n').filter((name) => name.startsWith(`${tag}-c${view.id}-`));
const standStill = () => until('all machines stand still', async () => {
  const all = await domains();
  const states = await Promise.all(all.map((name) => virsh('domstate', name).catch(() => 'gone meanwhile')));
  return all.length === 4 && states.every((state) => state.trim() === 'paused');
}, 20000);

/** Processor time that all machines have had, in ticks of 10 ms. */
function ticks() {
  const pids = execFileSync('pgrep', ['-f', `guest=${tag}-c${view.id}-`], { encoding: 'utf8' }).trim().split('\n');
  return pids.reduce((sum, one) => {
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}

/** Waits until a machine's clock is the host's, but for the way of the question. */
const clockIsRight = (shellOf, ms) => until('its clock is right', async () => {
  const asked = Date.now() / 1000;
  const told = Number((await shellOf.run('date +%s.%N')).trim());
  return told > asked - 0.5 && told < Date.now() / 1000 + 0.5;
}, ms);

test('machines of a paused class take no processor time, and the student is told that nothing can be typed', { timeout: 60000 }, async (t) => {
  await ok('class', 'pause', String(view.id));
  await standStill();
  await page.getByText('The class is paused.').waitFor();
  assert.equal(await page.getByText('nothing can be typed').count(), 1, 'said once');
  const note = await page.getByText('The class is paused.').boundingBox(), guide = await page.locator('.guide').boundingBox();
  assert.ok(note.y + note.height <= guide.y, 'above the guide, not over it');
  assert.ok(await page.locator('.open-lab button.primary').isDisabled(), 'nothing can be begun');
  const shown = await screen.lines(), seen = terminal.text;
  const before = ticks();
  await screen.focus();
  await page.keyboard.type('touch blindly');
  await page.keyboard.press('Enter');
  terminal.type('touch blindly\r');
  await sleep(3000);
  const taken = ticks() - before;
  t.diagnostic(`four machines took ${taken * 10} ms of processor time in 3 s`);
  assert.ok(taken <= 3, `${taken} ticks in 3 s`);
  assert.deepEqual(await screen.lines(), shown);
  assert.equal(terminal.text, seen);
  const refused = await api('POST', `/seats/${view.seat[0].id}/labs/${view.labs[0].id}/open`, {});
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /paused/);
});

test('it goes on where it was, with a clock that is right, and nothing that was typed blindly is done', { timeout: 60000 }, async (t) => {
  const from = terminal.text.length, start = performance.now();
  await ok('class', 'continue', String(view.id));
  terminal.type('\r');
  await until('a prompt', () => /\$ $/.test(plain(terminal.text.slice(from))), 20000, 5);
  t.diagnostic(`a prompt ${(performance.now() - start).toFixed(0)} ms after "terakoya class continue" was begun`);
  await clockIsRight(terminal, 20000); // a busy host tells it twice
  assert.match(await terminal.run('echo $$; ls blindly; a=$(cat tick); sleep 1; [ $a != $(cat tick) ] && echo it ticks'),
    new RegExp(`^${pid}\\s+ls: .*blindly.*\\s+it ticks`));
  await page.getByText('The class is paused.').waitFor({ state: 'detached' });
  await screen.focus();
  assert.match(await screen.run('ls blindly; hostname'), /blindly.*\ndesk$/);
});

test('a check that is under way when the class is paused waits, however long, and has its verdict when it goes on', { timeout: 90000 }, async () => {
  const [lab] = view.labs, task = lab.tasks.find((one) => one.kind === 'state');
  const desk = `${tag}-c${view.id}-s01-desk-g1`, url = `/seats/${view.seat[0].id}/labs/${lab.id}`;
  const opened = await api('POST', `${url}/open`, {});
  assert.ok(opened.status < 300, JSON.stringify(opened.body));
  await virsh('suspend', desk); // so that it is under way for certain
  const check = api('POST', `${url}/tasks/${task.id}/check`, {}), begun = Date.now();
  await ok('class', 'pause', String(view.id));
  await standStill();
  const late = await api('POST', `${url}/tasks/${task.id}/check`, {});
  assert.equal(late.status, 409);
  assert.match(late.body.detail, /paused/);
  await sleep(Math.max(0, begun + 22000 - Date.now())); // longer than a check and the agent's answer may take
  await ok('class', 'continue', String(view.id));
  const { status, body } = await check;
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.verdict, 'not-yet', JSON.stringify(body));
  const { body: attempts } = await api('GET', `/seats/${view.seat[0].id}/attempts`);
  assert.deepEqual(attempts.filter((one) => one.trigger !== 'auto').map((one) => [one.task, one.verdict]), [[task.id, 'not-yet']]);
  assert.ok(attempts.every((one) => one.verdict !== 'error'), JSON.stringify(attempts));
});

test('a machine that becomes ready while the class is paused stands still with the others', { timeout: 60000 }, async () => {
  assert.equal((await api('POST', `/seats/${view.seat[0].id}/reset`, {})).status, 202);
  await ok('class', 'pause', String(view.id));
  await standStill();
  await ok('class', 'continue', String(view.id));
  await stateOf(view.seat[0].id, 'ready');
});

test('a daemon that is killed in the pause finds the class paused, and then every clock is right as well', { timeout: 90000 }, async () => {
  await ok('class', 'pause', String(view.id));
  await standStill();
  await daemon.kill();
  await sleep(2000);
  await daemon.start();
  assert.ok((await classOf()).paused_at > 0);
  await until('libvirtd is there', async () => (await api('GET', '/host')).body.libvirt, 20000);
  await page.getByText('The class is paused.').waitFor();
  await ok('class', 'continue', String(view.id));
  await stateOf(view.seat[1].id, 'ready', 60000);
  terminal = await new Terminal(view.seat[1].machines[0].id).open();
  await until('the terminal lives', () => terminal.states.includes('live'), 30000);
  assert.equal((await terminal.run('echo $$')).trim(), pid, 'the same shell');
  await clockIsRight(terminal, 20000);
});

test('a clock that is wrong again soon after a machine went on is put right', { timeout: 60000 }, async () => {
  await ok('class', 'pause', String(view.id));
  await standStill();
  await ok('class', 'continue', String(view.id));
  await terminal.run('sudo date -s "-40 seconds"'); // as by what was told before it stood still, and is read now
  await clockIsRight(terminal, 20000);
});

test('a daemon that is killed before it has let the machines go on does so at its next start', { timeout: 90000 }, async () => {
  await ok('class', 'pause', String(view.id));
  await standStill();
  await daemon.kill();
  execFileSync('sqlite3', [path.join(state, 'terakoya.db'), 'UPDATE class_idle SET ended_at = began_at + 1000 WHERE ended_at = 0']);
  await daemon.start();
  assert.equal((await classOf()).paused_at, 0);
  await stateOf(view.seat[1].id, 'ready', 60000);
  terminal = await new Terminal(view.seat[1].machines[0].id).open();
  await until('the terminal lives', () => terminal.states.includes('live'), 30000);
  assert.equal((await terminal.run('echo $$')).trim(), pid, 'the same shell');
});

test('an end that is put off does not come at its old time', { timeout: 60000 }, async () => {
  const at = Date.now() + 4000;
  const plan = await api('PUT', `/classes/${view.id}/schedule`, { schedule: [{ at, action: 'freeze' }], untested: true });
  assert.equal(plan.status, 200, JSON.stringify(plan.body));
  const later = await api('POST', `/classes/${view.id}/extend`, { minutes: 15 });
  assert.equal(later.body.schedule.at(-1).at, at + 15 * 60000);
  await sleep(Math.max(0, at + 2000 - Date.now()));
  assert.equal((await classOf()).state, 'open');
  assert.match(await terminal.run('hostname'), /desk/);
});

test('a check that is under way when the class is frozen is no try of the student, and no fault of the check', { timeout: 90000 }, async () => {
  const [lab] = view.labs, task = lab.tasks.find((one) => one.kind === 'state'), seat = view.seat[0].id;
  const tries = async () => (await api('GET', `/seats/${seat}/attempts`)).body
    .filter((one) => one.trigger !== 'auto' || one.verdict === 'error').length;
  const before = await tries();
  await stateOf(seat, 'ready', 60000);
  await virsh('suspend', `${tag}-c${view.id}-s01-desk-g2`); // it was reset
  const check = api('POST', `/seats/${seat}/labs/${lab.id}/tasks/${task.id}/check`, {});
  await ok('class', 'pause', String(view.id));
  await standStill();
  await until('the class freezes', async () => (await api('POST', `/classes/${view.id}/freeze`, {})).status < 300, 10000);
  const { status, body } = await check;
  assert.equal(status, 409, JSON.stringify(body));
  assert.match(body.detail, /check again/);
  assert.equal(await tries(), before);
  await until('it is frozen', async () => (await classOf()).state === 'frozen', 60000);
});

// What a student, or somebody with virsh, can do to one seat: the seat shows it and can be reset, and no other
// seat notices. Seat 1 is the neighbour that is watched all the while; the others are maltreated.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, bake, chromium, closeAll, Daemon, instanceTag, openClass, prepareHost, sleep, Terminal, until, virsh } from './lab.mjs';
import { person, Screen } from './page.mjs';
import { check, consoleOf, echoes, machineOf, median, openLab, reset, shell, stateOf } from './seat.mjs';

const daemon = new Daemon();
let view;
let neighbour; // a terminal in seat 1
let calm; // its echo when nothing is wrong

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  view = await openClass(4, { name: 'maltreated' });
  neighbour = await shell(view.seat[0]);
  await openLab(view.seat[0], view.labs[0].id);
  calm = await echoes(neighbour);
}, { timeout: 900000 });

after(async () => {
  await neighbour?.close();
  await closeAll();
  await daemon.stop();
});

const power = (seat, action) => api('POST', `/seats/${seat.id}/power`, { machine: 'desk', action });

async function domainOf(seat) {
  const prefix = `${await instanceTag()}-c${view.id}-s${String(seat.number).padStart(2, '0')}-desk-`;
  return (await virsh('list', '--all', '--name')).split('\n').map((name) => name.trim()).filter((name) => name.startsWith(prefix));
}

/** The neighbour types and is checked as if nothing were the matter. */
async function neighbourIsWell() {
  const now = await echoes(neighbour, 10);
  assert.ok(median(now) < Math.max(60, 6 * median(calm)), `echo in a neighbour's seat: ${median(now)} ms, calm ${median(calm)} ms`);
  const lab = view.labs[0];
  const start = performance.now();
  const reply = await check(view.seat[0], lab.id, lab.tasks.find((task) => task.kind === 'state').id);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  assert.notEqual(reply.body.verdict, 'error', JSON.stringify(reply.body));
  assert.ok(performance.now() - start < 5000, 'a check in a neighbour seat is prompt');
  assert.equal((await machineOf(view.seat[0].id)).state, 'ready');
}

const complaint = (seat, pattern, ms = 45000) => until(`seat ${seat.number} says ${pattern}`, async () => {
  const machine = await machineOf(seat.id);
  return pattern.test(machine.reason) && machine;
}, ms, 250);

test('a domain destroyed with virsh shows as off with a reason; start boots it on its own disk; reset gives a clean one', { timeout: 180000 }, async () => {
  const seat = view.seat[1];
  const terminal = await shell(seat);
  await terminal.run('echo precious > ~/keep; sync');
  const [domain] = await domainOf(seat);
  await virsh('destroy', domain);
  const off = await stateOf(seat.id, 'off', 5000);
  assert.match(off.reason, /destroy|stopped|powered off|ended/);
  await until('the terminal is told', () => terminal.states.includes('ended') || terminal.states.includes('away'), 5000);
  assert.equal((await power(seat, 'on')).status, 202);
  await stateOf(seat.id, 'booting', 5000);
  assert.equal((await machineOf(view.seat[0].id)).state, 'ready');
  await stateOf(seat.id, 'ready', 120000);
  const booted = await shell(seat);
  assert.match(await booted.run('cat ~/keep'), /precious/);
  await booted.close();
  await reset(seat.id);
  const clean = await shell(seat);
  assert.match(await clean.run('cat ~/keep'), /No such file/);
  await clean.close();
  await until('the old domain is gone', async () => (await domainOf(seat)).length === 1, 10000);
  await neighbourIsWell();
});

test('a student who powers off sees it, and can start or reset', { timeout: 180000 }, async () => {
  const seat = view.seat[1];
  const terminal = await shell(seat);
  terminal.type('sudo poweroff\r');
  const off = await stateOf(seat.id, 'off', 60000);
  assert.match(off.reason, /powered off/);
  const again = await new Terminal(seat.machines[0].id).open();
  await until('the terminal says why', () => /off/.test(again.why ?? ''), 5000);
  await neighbourIsWell();
  await reset(seat.id);
  await again.prompt();
  await again.close();
});

test('a reboot from inside is followed to ready, and its console shows it', { timeout: 240000 }, async () => {
  const seat = view.seat[2];
  const terminal = await shell(seat);
  await terminal.run('echo precious > ~/keep');
  const boot = (await terminal.run('cat /proc/sys/kernel/random/boot_id')).trim();
  const line = await new Terminal(seat.machines[0].id, { terminal: 0 }).open();
  terminal.type('sudo reboot\r');
  await stateOf(seat.id, 'booting', 60000);
  await neighbourIsWell();
  await stateOf(seat.id, 'ready', 150000);
  await until('the login waits', () => line.text.includes('desk: Enter for a shell'), 30000);
  assert.match(line.text, /Stopped[^]*Welcome to [^]*Debian[^]*Reached target/, 'the system says what ends and starts');
  line.type('\r');
  await line.prompt();
  assert.match(await line.run('id -un; stty size; cat ~/keep'), /student\s+24 80\s+precious/);
  assert.ok(!line.states.includes('ended'));
  await line.close();
  const back = await shell(seat);
  assert.notEqual((await back.run('cat /proc/sys/kernel/random/boot_id')).trim(), boot);
  assert.match(await back.run('cat ~/keep'), /precious/);
  assert.match(await back.run('ip -4 -br addr'), /10\.10\.0\.10/);
  await back.close();
  await reset(seat.id);
});

test('a full disk is shown with what is left, and a reset empties it', { timeout: 120000 }, async () => {
  const seat = view.seat[3];
  const terminal = await shell(seat);
  await terminal.run('sudo sh -c "fallocate -l 100G /fill 2>/dev/null; dd if=/dev/zero of=/fill2 bs=1M 2>/dev/null; :"', 90000);
  const full = await complaint(seat, /disk is full: \d+ of \d+ MiB/);
  assert.equal(full.state, 'ready');
  assert.ok(full.health.disk_free_mib < 45, JSON.stringify(full.health));
  await neighbourIsWell();
  const other = await new Terminal(seat.machines[0].id, { terminal: 2 }).open();
  await other.prompt();
  await other.close();
  await terminal.run('sudo rm -f /fill /fill2');
  await complaint(seat, /^$/);
  await terminal.close();
  await reset(seat.id);
});

test('a fork bomb is shown and stops at its bound; the seat still answers checks and can be reset', { timeout: 120000 }, async () => {
  const seat = view.seat[3];
  await openLab(seat, view.labs[0].id);
  const terminal = await shell(seat);
  terminal.type(':(){ :|:& };:\r');
  const bombed = await complaint(seat, /too many processes: \d+/);
  assert.ok(bombed.health.processes < 900, JSON.stringify(bombed.health));
  await neighbourIsWell();
  const task = view.labs[0].tasks.find((each) => each.kind === 'state');
  const reply = await check(seat, view.labs[0].id, task.id);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const clean = await reset(seat.id);
  assert.equal(clean.reason, '');
  await neighbourIsWell();
});

test('an agent that is killed is back within seconds; one that is stopped is missed, and a reset helps', { timeout: 120000 }, async () => {
  const seat = view.seat[2];
  const terminal = await shell(seat);
  terminal.type('sudo pkill -9 terakoya-agent\r');
  await until('the terminal has ended', () => terminal.states.includes('ended'), 15000);
  const back = await shell(seat);
  assert.match(await back.run('hostname; ip -4 -br addr'), /desk[\s\S]*10\.10\.0\.10/);
  assert.equal((await machineOf(seat.id)).state, 'ready');
  back.type('sudo systemctl stop terakoya-agent\r');
  const lost = await stateOf(seat.id, 'lost', 60000);
  assert.match(lost.reason, /agent does not answer/);
  await neighbourIsWell();
  await reset(seat.id);
});

/** The seat's page in a browser, as its student has it. */
async function pageOf(browser, seat, locale) {
  const { page } = await person(browser, { locale, viewport: { width: 1366, height: 768 } });
  await page.goto((await api('POST', `/seats/${seat.id}/join-link`)).body.url);
  await page.getByRole('textbox').first().fill('Aoi');
  await page.getByRole('button', { name: /^(Join|参加)/ }).click();
  return page;
}

test('a machine whose agent is dead has a console: Enter, a shell, a command; after a reset both are there', { timeout: 120000 }, async () => {
  const seat = view.seat[2];
  const browser = await chromium();
  try {
    const page = await pageOf(browser, seat, 'en-GB');
    const screen = new Screen(page);
    await screen.prompt();
    await screen.focus();
    await screen.type('sudo systemctl stop terakoya-agent');
    await page.getByRole('button', { name: 'Open the console' }).click({ timeout: 60000 });
    assert.equal(await page.getByRole('tab', { selected: true }).textContent(), 'desk console');
    await screen.sees('Press Enter for a prompt');
    await screen.focus();
    await page.keyboard.press('Enter');
    assert.equal(await screen.run('id -un; tty; systemctl -q is-active terakoya-agent || echo dead'), 'student\n/dev/ttyS0\ndead');
    await neighbourIsWell();
    await reset(seat.id);
    await page.keyboard.press('Enter');
    await screen.sees('This desk is yours'); // the greeting of a new login: the last prompt is still on the screen
    assert.equal(await screen.run('systemctl is-active terakoya-agent'), 'active');
    await page.getByRole('tab', { name: 'desk', exact: false }).first().click();
    await screen.focus();
    assert.equal(await screen.run('tty'), '/dev/pts/0');
  } finally {
    await browser.close();
  }
});

test('a flood in one terminal leaves every other seat its pace', { timeout: 120000 }, async () => {
  const seat = view.seat[3];
  const flood = await shell(seat);
  flood.type('cat /dev/urandom | base64\r');
  const yes = await new Terminal(seat.machines[0].id, { terminal: 2 }).open();
  await yes.prompt();
  yes.type('yes\r');
  const line = await consoleOf(seat);
  line.type('yes "the serial line"\r');
  await until('it flows', () => [flood, yes, line].every((one) => one.text.length > 300000), 40000);
  await neighbourIsWell();
  // The student who did it can stop it, too.
  flood.type('\x03');
  yes.type('\x03');
  line.type('\x03');
  await sleep(1000);
  flood.text = yes.text = line.text = '';
  assert.match(await line.run('echo calm again'), /calm again/);
  await line.close();
  assert.match(await flood.run('echo calm again'), /calm again/);
  await flood.close();
  await yes.close();
});

// A class overnight, on real machines: what students left running, unsaved and half typed is there in the morning,
// also when the daemon was killed in the middle; nothing of it takes memory meanwhile.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, bake, closeAll, Daemon, instanceTag, ok, openClass, prepareHost, state, terakoya, Terminal, until, virsh } from './lab.mjs';
import { consoleOf, reset, seatOf, shell, stateOf } from './seat.mjs';
import { plain } from './terminal.mjs';

const daemon = new Daemon();
let view, one, two;

const classOf = async () => (await api('GET', `/classes/${view.id}`)).body;
const domains = async () => {
  const tag = await instanceTag();
  return (await virsh('list', '--name')).split('\n').filter((name) => name.startsWith(`${tag}-c${view.id}-`));
};
const files = (end) => readdirSync(path.join(state, 'pool')).filter((name) => name.startsWith(`c${view.id}-`) && name.endsWith(end));

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  view = await openClass(2, { name: 'overnight' });
  [one, two] = view.seat;
}, { timeout: 900000 });

after(async () => {
  await closeAll();
  await daemon.stop();
});

test('a class that is frozen takes no memory, and its students may not enter', { timeout: 120000 }, async () => {
  const vim = await shell(one);
  const other = await shell(two);
  await other.run('echo before the night > kept; sync; (sleep 100000 & echo $! > sleeper)');
  const line = await consoleOf(two);
  await line.run('remembered="on the serial line, too"');
  await line.close();
  vim.type('TERM=vt100 vi draft\r');
  await until('vi is up', () => plain(vim.text).includes('draft'), 20000);
  vim.type('ian unsaved thought');
  await until('it was typed', () => plain(vim.text).includes('unsaved thought'), 20000);

  const text = await ok('class', 'freeze', String(view.id), '--yes');
  assert.match(text, /frozen/);
  assert.equal((await classOf()).state, 'frozen');
  await until('nothing of it runs', async () => (await domains()).length === 0, 10000);
  assert.equal(files('.saved').length, view.seat.length * one.machines.length);
  const seat = await seatOf(one.id);
  assert.ok(seat.machines.every((machine) => machine.state === 'frozen'), JSON.stringify(seat.machines));
  const denied = await api('POST', `/seats/${one.id}/reset`, {});
  assert.equal(denied.status, 409);
  assert.match(denied.body.detail, /frozen/);
});

test('it comes back as it was, also to a daemon that was killed meanwhile', { timeout: 120000 }, async () => {
  await daemon.kill();
  await daemon.start();
  assert.equal((await classOf()).state, 'frozen');
  await until('the reconciler has looked', async () => (await api('GET', '/host')).body.libvirt, 20000);
  assert.equal(files('.saved').length, view.seat.length * one.machines.length, 'nothing of it was taken for an orphan');
  await ok('class', 'resume', String(view.id));
  assert.equal((await classOf()).state, 'open');
  assert.equal(files('.saved').length + files('.resuming').length, 0, 'what was saved is used up');

  const again = await shellAt(two);
  assert.match(await again.run('cat kept; kill -0 $(cat sleeper) && echo still asleep'), /before the night\s+still asleep/);
  const line = await consoleOf(two);
  assert.match(await line.run('echo $remembered; tty'), /on the serial line, too\s+\/dev\/ttyS0/);
  await line.close();
  const asked = Date.now() / 1000;
  const clock = Number((await again.run('date +%s')).trim());
  assert.ok(clock > asked - 5 && clock < Date.now() / 1000 + 5, `its clock says ${clock}, asked at ${asked}`);
  await again.close();

  const editor = await shellAt(one);
  editor.type('\x1b:wq\r');
  await until('a shell after vi', () => /\$ $/.test(plain(editor.text)), 20000);
  assert.match(await editor.run('cat draft'), /an unsaved thought/);
  assert.match(await editor.run('echo all is well > written && sync && cat written'), /all is well/);
  await editor.close();
});

test('what its launch, its machines and its freezing took is remembered for the next class', { timeout: 60000 }, async () => {
  const figures = () => {
    const said = execFileSync('sqlite3', ['-json', '-readonly', path.join(state, 'terakoya.db'),
      "SELECT machine, memory, saved, ready_ms FROM figure WHERE course = 'linux-intro' ORDER BY at DESC"], { encoding: 'utf8' });
    const rows = JSON.parse(said || '[]');
    return one.machines.map(({ name }) => rows.find((row) => row.machine === name));
  };
  const known = await until('all were measured', () => figures().every((row) => row?.memory) && figures(), 45000);
  for (const row of known) {
    assert.ok(row.memory > 10 * 2 ** 20 && row.memory < 600 * 2 ** 20, JSON.stringify(row));
    assert.ok(row.saved > 0 && row.ready_ms > 0, JSON.stringify(row));
  }
  const capacity = (await api('GET', '/courses/linux-intro/capacity?seats=1')).body;
  assert.deepEqual([capacity.time_measured, capacity.kept_for], [true, 1], JSON.stringify(capacity));
});

test('two machines that come back do not draw the same random numbers, and their disks are whole', { timeout: 120000 }, async () => {
  const drawn = [];
  for (const seat of [one, two]) {
    const terminal = await shellAt(seat);
    drawn.push((await terminal.run('cat /proc/sys/kernel/random/uuid')).trim());
    assert.match(await terminal.run('sudo dmesg | grep -ciE "ext4.*error|i/o error"', 60000), /^0/m);
    await terminal.close();
  }
  assert.match(drawn[0], /^[0-9a-f-]{36}$/);
  assert.notEqual(drawn[0], drawn[1]);
});

test('a daemon killed in the middle of freezing goes on with it, and in the middle of resuming, too', { timeout: 120000 }, async () => {
  assert.equal((await api('POST', `/classes/${view.id}/freeze`)).status, 202);
  await daemon.kill();
  await daemon.start();
  await until('it is frozen', async () => (await classOf()).state === 'frozen', 60000);
  await until('nothing of it runs', async () => (await domains()).length === 0, 10000);
  assert.equal((await api('POST', `/classes/${view.id}/resume`)).status, 202);
  await until('one is back', async () => (await domains()).length > 0, 30000, 20);
  await daemon.kill();
  await daemon.start();
  await until('it is open', async () => (await classOf()).state === 'open', 60000);
  for (const seat of [one, two]) await stateOf(seat.id, 'ready');
  const terminal = await shellAt(two);
  assert.match(await terminal.run('cat kept; kill -0 $(cat sleeper) && echo still asleep'), /before the night\s+still asleep/);
  await terminal.close();
});

test('a class that is frozen while labs are set up and a terminal is loud comes back with every machine', { timeout: 180000 }, async () => {
  const loud = await shell(one, { terminal: 2 });
  loud.type('yes something loud\r');
  await until('it is loud', () => loud.text.length > 100000, 30000);
  const labs = new Map([[one, 'processes'], [two, 'network']]);
  const opened = [...labs].map(([seat, lab]) => api('POST', `/seats/${seat.id}/labs/${lab}/open`, {}));
  await until('the setups are under way', async () => (await seatOf(two.id)).lab === 'network', 20000, 20);
  await ok('class', 'freeze', String(view.id), '--yes');
  for (const { status, body } of await Promise.all(opened)) // whatever came of them is told
    if (status !== 200) {
      assert.equal(status, 409, JSON.stringify(body));
      assert.match(body.detail, /^the class was stopped while the lab .* it is set up when the class goes on$/);
    }
  await ok('class', 'resume', String(view.id));
  const machines = (await classOf()).seat.flatMap((seat) => seat.machines);
  assert.deepEqual(machines.map((machine) => machine.state), machines.map(() => 'ready'), JSON.stringify(machines));
  for (const [seat, lab] of labs)
    await until(`${lab} is set up after all`, async () => (await api('GET', `/seats/${seat.id}/workspace`)).body.labs
      .find((row) => row.id === lab).open, 60000);
  loud.type('\x03');
  await until('it is quiet', () => /\^C[^]*\$ $/.test(plain(loud.text.slice(-4096))), 30000);
  loud.close();
});

test('a machine that cannot be saved runs on, answers and is named; freezing again saves it', { timeout: 120000 }, async () => {
  const tag = await instanceTag();
  const domain = (await domains()).find((name) => name.includes('-s01-desk-')).slice(tag.length + 1);
  const inTheWay = path.join(state, 'pool', `${domain}.saved.part`);
  mkdirSync(inTheWay);
  const said = await terakoya('class', 'freeze', String(view.id), '--yes');
  assert.match(said.stderr + said.stdout, /1 of 4 machines could not be saved: seat 1 desk: cannot make/);
  const running = await until('its agent answers', async () => {
    const machine = (await seatOf(one.id)).machines.find(({ name }) => name === 'desk');
    return machine.health && machine;
  });
  assert.equal(running.state, 'ready');
  await until('only it runs', async () => (await domains()).length === 1, 10000);
  rmdirSync(inTheWay);
  await ok('class', 'freeze', String(view.id), '--yes');
  await until('nothing of it runs', async () => (await domains()).length === 0, 10000);
  await ok('class', 'resume', String(view.id));
  for (const seat of [one, two]) await stateOf(seat.id, 'ready');
});

test('a machine that came back reboots, and a seat is reset as ever', { timeout: 120000 }, async () => {
  assert.equal((await api('POST', `/seats/${one.id}/power`, { machine: one.machines[0].name, action: 'reboot' })).status, 202);
  await until('it boots', async () => (await seatOf(one.id)).machines[0].state !== 'ready', 20000, 20);
  await reset(two.id);
  await stateOf(one.id, 'ready', 90000);
});

/** The seat's first terminal as it is after the night: nothing is typed before its shell answers. */
async function shellAt(seat) {
  const terminal = await new Terminal(seat.machines[0].id).open();
  await until('the terminal lives', () => terminal.states.includes('live'), 30000);
  return terminal;
}

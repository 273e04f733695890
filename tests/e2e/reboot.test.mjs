// A frozen class and a host that is rebooted. A test cannot do that, but it can take away what a reboot takes away: the
// daemon and the memory that it holds, libvirtd and what that keeps in /run, networks, bridges, the firewall's rules. What is
// left is what lies on the disk. (It is the host's only libvirtd that is killed: other machines do not notice.)
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, bake, closeAll, Daemon, freePort, instanceTag, ok, openClass, prepareHost, Terminal, until, virsh } from './lab.mjs';
import { check, openLab, seatOf, shell, stateOf } from './seat.mjs';
import { plain } from './terminal.mjs';

const OTHERS = 'tk000000zz'; // a bridge that another instance could have
const PORT = 'tkport0'; // as a machine's card
const daemon = new Daemon();
const place = mkdtempSync(path.join(os.tmpdir(), 'tk-reboot-'));
let view, one, two, tag, own, achieved, sleeper, login;

const classOf = async () => (await api('GET', `/classes/${view.id}`)).body;
const names = (text) => text.split('\n').map((line) => line.trim()).filter((name) => name.startsWith(tag));
const bridges = () => readdirSync('/sys/class/net').filter((name) => name.startsWith(own));
const ip = (...words) => execFileSync('ip', ['link', ...words]);
const progress = async () => (await classOf()).seat.map((seat) => seat.progress);

before(async () => {
  await prepareHost();
  daemon.sshPort = await freePort();
  await daemon.start([`--ssh-port=${daemon.sshPort}`]);
  await closeAll();
  await bake();
  view = await openClass(2, { name: 'reboot' });
  [one, two] = view.seat;
  tag = await instanceTag();
  own = tag.replace('-', '');
}, { timeout: 900000 });

after(async () => {
  await prepareHost();
  for (const name of [OTHERS, PORT]) if (readdirSync('/sys/class/net').includes(name)) ip('delete', name);
  await closeAll();
  await daemon.stop();
  rmSync(place, { recursive: true, force: true });
});

/** A command in a seat by OpenSSH; what it said. */
function ssh(command) {
  const config = path.join(place, 'config'), ask = path.join(place, 'ask');
  writeFileSync(ask, `#!/bin/sh\necho '${login.password}'\n`, { mode: 0o755 });
  writeFileSync(config, ['Host *', '  HostName 127.0.0.1', `  Port ${daemon.sshPort}`, '  PreferredAuthentications password',
    `  UserKnownHostsFile ${place}/known`, '  StrictHostKeyChecking accept-new', '  LogLevel ERROR', ''].join('\n'));
  const env = { ...process.env, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force' };
  return new Promise((done, fail) => {
    execFile('ssh', ['-F', config, `${login.login}@lab`, command], { env, timeout: 60000 },
      (error, stdout) => (error ? fail(error) : done(stdout))).stdin.end();
  });
}

/** Everything that a frozen class has beside the disk. */
async function takeAway() {
  for (const name of names(await virsh('net-list', '--name'))) await virsh('net-destroy', name);
  for (const name of bridges()) ip('delete', name);
  for (const name of names(await virsh('pool-list', '--name'))) await virsh('pool-destroy', name);
  for (const family of ['arp', 'inet']) execFileSync('nft', ['delete', 'table', family, 'terakoya']);
  const pid = Number(execFileSync('pgrep', ['-x', 'libvirtd'], { encoding: 'utf8' }).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  await until('libvirtd is gone', () => !readdirSync('/proc').includes(String(pid)), 10000);
  await prepareHost(); // doctor --fix starts it
}

test('work is under way when the class is frozen, and the host goes down', { timeout: 120000 }, async () => {
  const editor = await shell(one), other = await shell(two);
  editor.type('vim draft\r');
  await until('vim is up', () => plain(editor.text).includes('"draft"'), 20000);
  editor.type('ian unsaved thought');
  await until('it was typed', () => plain(editor.text).includes('unsaved thought'), 20000);
  await other.run('echo before the night > kept; (sleep 100000 & echo $! > sleeper)');
  sleeper = (await other.run('echo $$ $(cat sleeper)')).trim();
  login = JSON.parse(await ok('--json', 'seat', 'ssh', `${view.id}/2`));
  assert.match(await ssh('cat kept'), /before the night/);
  const lab = view.labs[0];
  await openLab(two, lab.id);
  await check(two, lab.id, lab.tasks.find((task) => task.kind === 'state').id);
  achieved = await progress();
  assert.ok(achieved[1].some((row) => row.last_code > 0), JSON.stringify(achieved));

  await ok('class', 'freeze', String(view.id), '--yes');
  await daemon.stop();
  assert.deepEqual(names(await virsh('list', '--all', '--name')), []);
  await takeAway();
  assert.deepEqual([names(await virsh('net-list', '--all', '--name')), bridges()], [[], []]);
});

test('in the morning the class is frozen; bridges of its own that nobody knows are removed, others’ are not', { timeout: 60000 }, async () => {
  const [lone, used] = [`${own}zz0`, `${own}zz1`];
  for (const name of [lone, used, OTHERS]) ip('add', name, 'type', 'bridge');
  execFileSync('ip', ['tuntap', 'add', 'dev', PORT, 'mode', 'tap']);
  ip('set', PORT, 'master', used);
  await daemon.start([`--ssh-port=${daemon.sshPort}`]);
  assert.equal((await classOf()).state, 'frozen');
  assert.ok((await seatOf(one.id)).machines.every((machine) => machine.state === 'frozen'));
  await until('the lone bridge is gone', () => !bridges().includes(lone), 20000);
  assert.deepEqual(bridges(), [used], 'what something is plugged into stays');
  assert.ok(readdirSync('/sys/class/net').includes(OTHERS));
  ip('delete', used); // with its port: without one it would be the daemon's to remove
  ip('delete', PORT);
});

test('every machine comes back as it was: shells, editors, files, networks, progress, ssh', { timeout: 120000 }, async (t) => {
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  const start = Date.now();
  await ok('class', 'resume', String(view.id));
  t.diagnostic(`two seats were back after ${Date.now() - start} ms`);
  assert.equal((await classOf()).state, 'open');
  for (const seat of [one, two]) await stateOf(seat.id, 'ready');
  assert.deepEqual(await progress(), achieved);
  for (const family of ['arp', 'inet']) execFileSync('nft', ['list', 'table', family, 'terakoya']);

  const other = await shellAt(two);
  assert.equal((await other.run('kill -0 $(cat sleeper) && echo $$ $(cat sleeper)')).trim(), sleeper, 'the same shell, the same process');
  assert.match(await other.run('ping -c 1 -W 5 10.10.0.20'), / 0% packet loss/);
  const clock = Number((await other.run('date +%s')).trim());
  assert.ok(Math.abs(clock - Date.now() / 1000) < 5, `its clock says ${clock}`);
  await other.close();
  assert.match(await ssh('cat kept; hostname'), /before the night\ndesk/);

  const editor = await shellAt(one);
  editor.type(' of the night\x1b:wq\r');
  await until('a shell after vim', () => /\$ $/.test(plain(editor.text)), 20000);
  assert.match(await editor.run('cat draft'), /an unsaved thought of the night/);
  await editor.close();
});

/** The seat's first terminal as it is after the night: nothing is typed before its shell answers. */
async function shellAt(seat) {
  const terminal = await new Terminal(seat.machines[0].id).open();
  await until('the terminal lives', () => terminal.states.includes('live'), 30000);
  return terminal;
}

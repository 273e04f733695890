// kill -9 of libvirtd: terminals and checks live on, what needs libvirtd is refused with its name, and when it is
// back the daemon finds it by itself. (It is the host's only libvirtd that is killed: its machines do not notice, its
// other clients do.)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { api, bake, closeAll, Daemon, json, openClass, prepareHost, terakoya, until } from './lab.mjs';
import { check, machineOf, openLab, reset, shell } from './seat.mjs';

const daemon = new Daemon();
const pidOf = () => {
  try { return execFileSync('pgrep', ['-x', 'libvirtd'], { encoding: 'utf8' }).trim().split('\n')[0]; } catch { return ''; }
};
const libvirt = async () => (await api('GET', '/host')).body.libvirt;

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
}, { timeout: 900000 });

after(async () => {
  if (!pidOf()) await prepareHost();
  await closeAll();
  await daemon.stop();
});

test('without libvirtd terminals and checks go on, launch and reset are refused, and its return is noticed', { timeout: 120000 }, async () => {
  const view = await openClass(2, { name: 'without libvirtd' });
  const draft = await json('class', 'create', 'linux-intro', '--seats', '1', '--name', 'too early');
  const [one, two] = view.seat;
  const terminal = await shell(one);
  const pid = (await terminal.run('echo $$')).trim();
  const lab = view.labs[0];
  await openLab(one, lab.id);

  process.kill(Number(pidOf()), 'SIGKILL');
  try {
    await until('the daemon says so', async () => !(await libvirt()), 5000, 50);
    assert.equal((await terminal.run('echo $$')).trim(), pid, 'the terminal lives on');
    const fresh = await shell(two); // also a new one can be opened
    await fresh.close();
    const verdict = await check(one, lab.id, lab.tasks.find((task) => task.kind === 'state').id);
    assert.equal(verdict.status, 200, JSON.stringify(verdict.body));
    assert.notEqual(verdict.body.verdict, 'error', JSON.stringify(verdict.body));
    assert.equal((await machineOf(one.id)).state, 'ready');
    for (const [url, body] of [[`/seats/${two.id}/reset`, {}], [`/classes/${draft.id}/launch`, undefined],
      [`/seats/${two.id}/power`, { machine: 'desk', action: 'reboot' }]]) {
      const reply = await api('POST', url, body);
      assert.equal(reply.status, 503, `${url}: ${JSON.stringify(reply.body)}`);
      assert.match(reply.body.detail, /libvirtd/);
    }
    const launch = await terakoya('class', 'launch', String(draft.id));
    assert.equal(launch.code, 6);
    assert.match(launch.stderr, /libvirtd.*terakoya doctor --fix/);
  } finally {
    await prepareHost(); // doctor --fix starts it
  }
  await until('the daemon is connected again', libvirt, 15000, 50);
  assert.equal((await terminal.run('echo $$')).trim(), pid, 'still the same shell');
  await terminal.close();
  await reset(two.id);
  const clean = await shell(two);
  assert.match(await clean.run('hostname'), /desk/);
  await clean.close();
});

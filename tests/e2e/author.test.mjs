// An author's way: a new pack is taught and proven as it is; and no student of it gets a pass by what they do to
// their shell or to the tools of its checks.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api, Daemon, json, leftovers, ok, prepareHost, sleep, state, terakoya, until } from './lab.mjs';
import { check, openLab, reset, shell } from './seat.mjs';

const own = path.join(state, 'packs/sample');
let daemon;

before(async () => {
  await prepareHost();
  rmSync(own, { recursive: true, force: true });
  daemon = await new Daemon().start();
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  await ok('lab', 'new', own);
  await daemon.stop(); // courses are read at the start
  await daemon.start();
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  await ok('template', 'bake', 'sample');
}, { timeout: 900000 });

after(async () => {
  await daemon?.stop();
  rmSync(own, { recursive: true, force: true });
});

describe('a student who tampers', { timeout: 600000 }, () => {
  let made, seat, terminal;
  before(async () => {
    made = await json('class', 'create', 'sample', '--seats', '1');
    await ok('class', 'launch', String(made.id), '--untested');
    [seat] = (await json('class', 'show', String(made.id))).seat;
    await openLab(seat, 'first-lab');
    terminal = await shell(seat);
  });
  after(async () => {
    if (!made) return;
    await ok('class', 'close', String(made.id), '--yes');
    await ok('class', 'remove', String(made.id), '--yes');
  });

  let count = 0;
  /** Types a line and waits until it has run. */
  async function does(line) {
    const mark = `over${++count}`;
    terminal.type(`${line}; echo ${mark.slice(0, 4)}''${count}\r`);
    await until(`"${line}" has run`, () => terminal.text.includes(mark), 120000);
  }
  async function verdict() {
    const reply = await check(seat, 'first-lab', 'leave-a-note');
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return reply.body;
  }

  test('with the own shell, PATH, aliases, start-up files and a preloaded library gets no pass', async () => {
    await does(String.raw`mkdir -p ~/bin; printf '#!/bin/sh\nexit 0\n' >~/bin/grep; cp ~/bin/grep ~/bin/getent; chmod 755 ~/bin/*`);
    await does(String.raw`printf '%s\n' 'PATH=$HOME/bin:$PATH' "alias grep=true exit='exit 0'" 'export BASH_ENV=~/.trap ENV=~/.trap' | tee -a ~/.profile ~/.bashrc ~/.bash_profile >/dev/null`);
    await does(`echo 'exit 0' >~/.trap; export ENV=~/.trap BASH_ENV=~/.trap LD_PRELOAD=~/none.so PATH=~/bin:$PATH; touch ~/note.txt`);
    const said = await verdict();
    assert.deepEqual([said.verdict, said.code], ['not-yet', 12]);
  });

  test('as root, by programs of the same name and settings for everybody, gets no pass', async () => {
    await does('unset LD_PRELOAD ENV BASH_ENV; PATH=/usr/sbin:/usr/bin');
    await does('sudo install -m 755 ~/bin/grep ~/bin/getent /usr/local/bin/');
    await does(`echo 'PATH=/home/student/bin:/usr/bin' | sudo tee -a /etc/environment /etc/profile /root/.profile >/dev/null`);
    const said = await verdict();
    assert.deepEqual([said.verdict, said.code], ['not-yet', 12]);
  });

  test('as root, by a tool replaced, bound over or preloaded, gets an error that names it, until a reset', async () => {
    const gone = [
      ['grep', 'sudo cp /usr/bin/true /usr/bin/grep'],
      ['getent', 'sudo mount --bind /home/student/bin/getent /usr/bin/getent'],
      ['/etc/ld.so.preload', 'sudo touch /etc/ld.so.preload'],
      ['sh', 'sudo cp /usr/bin/true /usr/bin/sh.new; sudo mv /usr/bin/sh.new /usr/bin/sh'],
    ];
    for (const [name, line] of gone) {
      terminal = await shell(seat);
      await does(line);
      const said = await verdict();
      assert.equal(said.verdict, 'error', line);
      assert.match(said.error, /is not what this machine began with/);
      if (name === 'grep') assert.match(said.error, /^grep /);
      await reset(seat.id, 120000);
      await openLab(seat, 'first-lab');
      assert.equal((await verdict()).code, 11);
    }
  });

  test('and reboots has the machine looked at as it was before', async () => {
    terminal = await shell(seat);
    await does('touch ~/note.txt; sudo cp /usr/bin/true /usr/bin/grep; sync');
    await ok('seat', 'power', `${made.id}/1`, 'desk', 'reboot');
    await until('the machine is there again', async () => {
      await sleep(2000);
      const reply = await check(seat, 'first-lab', 'leave-a-note');
      return reply.status === 200 && reply.body.verdict === 'error' && /^grep is not/.test(reply.body.error);
    }, 180000);
  });
});

test('a new pack passes its test on real machines', { timeout: 900000 }, async () => {
  const result = await terakoya('lab', 'test', 'sample', '--seeds', '1');
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.doesNotMatch(result.stdout, /^not ok/m);
  const course = (await api('GET', '/courses')).body.find((one) => one.id === 'sample');
  assert.notEqual(course.proven_at, 0);
});

test('nothing of it stays: no class, no machine', async () => {
  const left = await until('all is removed', async () => {
    const seen = await leftovers();
    return seen.domains.length + seen.networks.length === 0 && seen;
  });
  assert.deepEqual(left.processes, []);
});

// An author's way: a new pack is taught and proven as it is; and no student of it gets a pass by what they do to
// their shell or to the tools of its checks.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api, build, chromium, Daemon, json, leftovers, ok, prepareHost, sleep, state, terakoya, until } from './lab.mjs';
import { person, signIn } from './page.mjs';
import { check, openLab, reset, shell, stateOf } from './seat.mjs';

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

describe('a student who tampers', { timeout: 900000 }, () => {
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
    if ((await api('GET', `/classes/${made.id}`)).body.state !== 'closed') await ok('class', 'close', String(made.id), '--yes');
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
      ['getent', 'sudo mount --bind /usr/bin/true /usr/bin/getent'],
      ['/etc/ld.so.preload', 'sudo touch /etc/ld.so.preload'],
      ['sh', 'sudo cp /usr/bin/true /usr/bin/sh.new; sudo mv /usr/bin/sh.new /usr/bin/sh'],
    ];
    for (const [name, line] of gone) {
      terminal = await shell(seat);
      await does(line);
      const said = await verdict();
      assert.equal(said.verdict, 'error', line);
      assert.match(said.error, /is not what this machine began with.*: reset the machine$/);
      if (name === 'grep') assert.match(said.error, /^grep /);
      await reset(seat.id, 120000);
      await openLab(seat, 'first-lab');
      assert.equal((await verdict()).code, 11);
    }
  });

  test('and reboots has the machine looked at as it was before', async () => {
    terminal = await shell(seat);
    await does('touch ~/note.txt; sudo cp /usr/bin/true /usr/bin/grep; sync');
    await ok('seat', 'power', `${made.id}/1`, 'desk', 'reboot', '--yes');
    await until('the machine is there again', async () => {
      await sleep(2000);
      const reply = await check(seat, 'first-lab', 'leave-a-note');
      return reply.status === 200 && reply.body.verdict === 'error' && /^grep is not/.test(reply.body.error);
    }, 180000);
  });

  const keyNow = async () => (await json('template', 'list')).find((one) => one.course === 'sample').key;
  let keyBefore;

  test('a class that is frozen comes back as it was although its course is baked anew meanwhile', async () => {
    keyBefore = await keyNow();
    await ok('class', 'freeze', String(made.id), '--yes');
    await ok('template', 'bake', 'sample', '--force');
    assert.notEqual(await keyNow(), keyBefore);
    await ok('class', 'resume', String(made.id));
    await stateOf(seat.id, 'ready');
    terminal = await shell(seat);
    await does("test -e ~/note.txt && echo it was kep''t");
    assert.match(terminal.text, /it was kept/);
  });

  test('a template that was baked anew gives machines whose own tools are believed', async () => {
    await reset(seat.id, 120000);
    await openLab(seat, 'first-lab');
    assert.equal((await verdict()).code, 11);
    terminal = await shell(seat);
    await does('sudo cp /usr/bin/true /usr/bin/grep');
    assert.match((await verdict()).error, /^grep is not/);
  });

  test('the one before it goes with the last machine that stood on it', async () => {
    const before = path.join(state, 'templates', keyBefore);
    assert.ok(existsSync(before), 'it stayed as long as the class was there');
    await ok('class', 'close', String(made.id), '--yes');
    await until('it is removed', () => !existsSync(before), 20000);
    assert.ok(existsSync(path.join(state, 'templates', await keyNow())));
  });
});

test('a new pack passes its test on real machines, run from its page: line by line, and still there after a reload', { timeout: 900000 }, async () => {
  const browser = await chromium();
  after(() => browser.close());
  const { password } = await json('account', 'set', 'mika', '--name', 'Mika', '--role', 'admin', '--new-password');
  const { page } = await person(browser);
  await signIn(page, `${daemon.url}/sign-in`, 'mika', password);
  await page.getByRole('link', { name: 'Packs' }).click();
  await page.getByRole('link', { name: /^sample / }).click();
  await page.getByRole('button', { name: 'Run the test' }).click();
  const lines = page.getByRole('region', { name: 'Results of the test' }).getByRole('row');
  await page.getByText('Testing sample').waitFor();
  await lines.nth(1).waitFor({ timeout: 120000 });
  assert.equal((await api('GET', '/courses/sample/proof')).body.running, true, 'lines come while it runs');
  await page.getByText(/^All \d+ promises hold|promises? do(es)? not hold\.$/).waitFor({ timeout: 600000 });
  const broken = (await api('GET', '/courses/sample/proof')).body.results.filter((one) => !one.ok);
  assert.deepEqual(broken, []);
  await page.reload();
  await page.getByText(/^All \d+ promises hold/).waitFor();
  const { results } = (await api('GET', '/courses/sample/proof')).body;
  assert.equal(await lines.count(), results.length + 1);
  const course = (await api('GET', '/courses')).body.find((one) => one.id === 'sample');
  assert.notEqual(course.proven_at, 0);
});

/** `lab try` on a copy of the pack that is nowhere installed. */
class Trial {
  constructor(directory, lab) {
    this.text = '';
    this.process = spawn(path.join(build, 'terakoya'), ['--state-dir', state, 'lab', 'try', directory, ...(lab ? [lab] : [])]);
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (data) => (this.text += data));
    this.ended = new Promise((done) => this.process.on('exit', (code, signal) => done({ code, signal })));
  }
  /** Waits until something is said that was not said before; forgets all before it. */
  async says(pattern, ms = 120000) {
    await until(`lab try says ${pattern}`, () => pattern.test(this.text), ms).catch((error) => {
      throw new Error(`${error.message}\n${this.text}`);
    });
    this.text = this.text.slice(this.text.search(pattern)).replace(pattern, '');
  }
  types(line) {
    this.process.stdin.write(`${line}\n`);
  }
}

describe('lab try', { timeout: 900000 }, () => {
  const copy = path.join(state, 'being-written');
  const file = (name) => path.join(copy, 'first-lab', name);
  const nothingLeft = () => until('all is removed', async () => {
    const seen = await leftovers();
    return seen.domains.length + seen.networks.length === 0;
  }, 120000);
  let trial;

  before(async () => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(own, copy, { recursive: true });
    trial = new Trial(copy);
    await trial.says(/first-lab is open/, 300000);
  });
  after(() => {
    trial?.process.kill('SIGKILL');
    rmSync(copy, { recursive: true, force: true });
  });

  test('gives the link of the page, and says what is missing', async () => {
    await trial.says(/http:\S+\/j\/[0-9a-f]{64}/);
    await trial.says(/leave-a-note +not yet, 11: There is no note/);
  });

  test('a check that is edited is the check that runs, without the seat being made anew', async () => {
    appendFileSync(file('leave-a-note.check'), 'exit 12\n');
    trial.types('s leave-a-note');
    await trial.says(/saved: first-lab\/leave-a-note\.check/);
    await trial.says(/leave-a-note +not yet, 12/);
    cpSync(path.join(own, 'first-lab/leave-a-note.check'), file('leave-a-note.check'));
    await trial.says(/leave-a-note +passes/);
  });

  test('a solve of an answer task prints the answer, which is right', async () => {
    trial.types('s desk-number');
    await trial.says(/the answer is \d{3}/);
    await trial.says(/desk-number +passes/);
  });

  test('a mistake is a finding, and the seat goes on with what it has', async () => {
    appendFileSync(file('setup.sh'), 'if true\n');
    await trial.says(/first-lab\/setup\.sh:\d+: Syntax error/);
    await trial.says(/goes on with what it has/);
    trial.types('c');
    await trial.says(/leave-a-note +passes/);
    cpSync(path.join(own, 'first-lab/setup.sh'), file('setup.sh'));
  });

  test('an environment that makes other machines is not taken over', async () => {
    appendFileSync(path.join(copy, 'environment/desk.sh'), 'true\n');
    await trial.says(/other machines/);
    cpSync(path.join(own, 'environment/desk.sh'), path.join(copy, 'environment/desk.sh'));
  });

  test('a reset gives the start again', async () => {
    trial.types('r');
    await trial.says(/leave-a-note +not yet, 11/);
  });

  test('the installed course of the same name is as it was, and no class is seen', async () => {
    const course = (await api('GET', '/courses')).body.filter((one) => one.id === 'sample');
    assert.equal(course.length, 1);
    assert.deepEqual((await api('GET', '/classes?closed=1')).body.filter((one) => one.name === 'lab try'), []);
  });

  test('Ctrl-C removes all that it had', async () => {
    trial.process.kill('SIGINT');
    assert.equal((await trial.ended).code, 0);
    await nothingLeft();
  });

  test('a command that was killed is missed, and what it had is removed', async () => {
    trial = new Trial(copy, 'first-lab');
    await trial.says(/first-lab is open/, 300000);
    trial.process.kill('SIGKILL');
    await nothingLeft();
  });
});

test('nothing of it stays: no class, no machine', async () => {
  const left = await until('all is removed', async () => {
    const seen = await leftovers();
    return seen.domains.length + seen.networks.length === 0 && seen;
  });
  assert.deepEqual(left.processes, []);
});

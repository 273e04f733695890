// kill -9 of terakoyad, at any moment: it converges on restart, and nobody loses anything.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { api, bake, closeAll, Daemon, json, leftovers, ok, prepareHost, sleep, Terminal, until } from './lab.mjs';
import { check, consoleOf, openLab, seatOf, shell, stateOf } from './seat.mjs';
import { solveLine } from './solve.mjs';

const SEATS = 4;
const MACHINES = 2 * SEATS;
const CONVERGE_MS = Number(process.env.CONVERGE_MS ?? 10000);
const daemon = new Daemon();

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
}, { timeout: 900000 });

after(async () => {
  await closeAll();
  await daemon.stop();
});

beforeEach(closeAll);

const children = (pid) => {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).split('\n').filter(Boolean);
  } catch {
    return [];
  }
};
const alive = (pid) => { try { process.kill(Number(pid), 0); return true; } catch { return false; } };
const libvirtUp = () => until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000, 20);
const counts = async () => Object.fromEntries(Object.entries(await leftovers()).map(([kind, all]) => [kind, all.length]));

/** Kills the daemon and starts it again; when libvirtd answered, by the clock. */
async function restart() {
  const helpers = children(daemon.pid);
  await daemon.kill();
  await until(`its helpers ${helpers} end with it`, () => !helpers.some(alive), 3000, 20);
  await daemon.start();
  await libvirtUp();
  return Date.now();
}

async function converged(classId, since) {
  const within = Math.max(1, since + CONVERGE_MS - Date.now());
  await until(`all seats of class ${classId} are ready`, async () => {
    const view = (await api('GET', `/classes/${classId}`)).body;
    return view.state === 'open' && view.ready === SEATS;
  }, within, 50);
  const expected = { domains: MACHINES, networks: SEATS, volumes: MACHINES, processes: MACHINES };
  let seen;
  await until(`exactly what ${SEATS} seats need is there`, async () => {
    seen = await counts();
    return Object.entries(expected).every(([kind, number]) => seen[kind] === number);
  }, Math.max(1, since + CONVERGE_MS - Date.now()), 200).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}`);
  });
}

test('killed at any moment of a launch, it makes the class whole within ten seconds', { timeout: 240000 }, async (t) => {
  for (const moment of [60, 350, 800, 1500, 2500]) {
    await t.test(`${moment} ms after launch`, async () => {
      await closeAll();
      const made = await json('class', 'create', 'linux-intro', '--seats', String(SEATS), '--name', `killed at ${moment}`);
      assert.equal((await api('POST', `/classes/${made.id}/launch`, { untested: true })).status, 202);
      await sleep(moment);
      await converged(made.id, await restart());
      await sleep(1500);
      assert.deepEqual((await leftovers()).domains.length, MACHINES, 'and nothing more appears later');
      const view = await json('class', 'show', String(made.id));
      const terminal = await shell(view.seat[SEATS - 1]);
      assert.match(await terminal.run('hostname'), /desk/);
      await terminal.close();
      await ok('class', 'close', String(made.id), '--yes');
      await until('nothing is left', async () => Object.values(await counts()).every((n) => n === 0), 10000, 200)
        .catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify(await leftovers())}`); });
    });
  }
});

test('killed while a class closes, it goes on closing', { timeout: 60000 }, async () => {
  const made = await json('class', 'create', 'linux-intro', '--seats', '3', '--name', 'killed while closing');
  await ok('class', 'launch', String(made.id), '--untested');
  await api('POST', `/classes/${made.id}/close`, {});
  await restart();
  await until('the class is closed', async () => (await api('GET', `/classes/${made.id}`)).body.state === 'closed', 10000);
  await until('nothing is left', async () => Object.values(await counts()).every((n) => n === 0), 10000, 200);
});

test('killed while students work, it gives them back the same shells and every byte, and loses no progress', { timeout: 180000 }, async () => {
  const made = await json('class', 'create', 'linux-intro', '--seats', '2', '--name', 'killed at work');
  await ok('class', 'launch', String(made.id), '--untested');
  const view = await json('class', 'show', String(made.id));
  const [one, two] = view.seat;

  // Seat 1: a counter that goes on all the while. Seat 2: vim, half way into a word, and a task done.
  const counter = await shell(one);
  const pid = (await counter.run('echo $$')).trim();
  const editor = await shell(two);
  const lab = view.labs[0];
  await openLab(two, lab.id);
  const task = lab.tasks.find((each) => each.kind === 'state');
  await editor.run(solveLine(two, lab.id, task.id), 30000);
  const reply = await until('a verdict', async () => {
    const one = await check(two, lab.id, task.id);
    return one.status !== 409 && one;
  });
  assert.equal(reply.body.verdict, 'pass', JSON.stringify(reply.body));
  const points = (await seatOf(two.id)).points;
  assert.ok(points > 0);
  const editorPid = (await editor.run('echo $$')).trim();
  const line = await consoleOf(one);
  const linePid = (await line.run('echo $$')).trim();
  editor.type('vim -u NONE -N /tmp/notes\r');
  await until('vim is open', () => /notes/.test(editor.text.slice(-600)), 20000);
  editor.type('iterak');
  await until('the letters are there', () => editor.text.slice(-400).includes('k'), 10000);
  counter.type('for i in $(seq 1 150); do echo "line $i"; sleep 0.05; done; echo counted\r');
  await until('the counter runs', () => counter.text.includes('line 20\r'), 20000, 10);

  const since = await restart();
  await Promise.all([counter.closed, editor.closed, line.closed]);
  await counter.open();
  await editor.open();
  editor.type('oya\x1b:wq\r');
  await until('the count is complete', () => counter.text.includes('\ncounted\r'), 90000)
    .catch((error) => { throw new Error(`${error.message}: ${counter.states} ${JSON.stringify(counter.text.slice(-300))}`); });
  await counter.prompt();
  const lines = [...counter.text.matchAll(/^line (\d+)\r$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(lines, Array.from({ length: 150 }, (_, i) => i + 1), 'every line once, in order');
  assert.ok(!counter.gap, 'no byte is missing');
  await stateOf(one.id, 'ready', Math.max(1, since + CONVERGE_MS - Date.now()));
  assert.equal((await counter.run('echo $$')).trim(), pid, 'the same shell');
  await line.open();
  assert.equal((await line.run('echo $$')).trim(), linePid, 'the same shell at the console');
  await editor.run('true');
  assert.equal((await editor.run('echo $$')).trim(), editorPid, 'the same shell');
  assert.equal((await editor.run('cat /tmp/notes')).trim(), 'terakoya');

  // One who has nothing yet gets the scroll-back.
  const again = await new Terminal(one.machines[0].id).open();
  await until('the scroll-back', () => again.text.includes('line 150\r'), 10000);
  const after = await json('class', 'show', String(made.id));
  assert.equal(after.seat[1].points, points);
  assert.ok(after.seat[1].progress.some((row) => row.task === task.id && row.done), 'the task is still done');
  const attempts = (await api('GET', `/seats/${two.id}/attempts`)).body;
  assert.ok(attempts.some((row) => row.task === task.id && row.verdict === 'pass'), 'and its attempt is kept');
  await Promise.all([counter, editor, again].map((terminal) => terminal.close()));
  await ok('class', 'close', String(made.id), '--yes');
});

test('a backup is restored under an open class: its shells live on, and a class of later goes with its machines', { timeout: 120000 }, async (t) => {
  const made = await json('class', 'create', 'linux-intro', '--seats', '1', '--name', 'backed up');
  await ok('class', 'launch', String(made.id), '--untested');
  const [seat] = (await json('class', 'show', String(made.id))).seat;
  const terminal = await shell(seat);
  const pid = (await terminal.run('cd /tmp; echo $$')).trim();
  const place = mkdtempSync(path.join(os.tmpdir(), 'tk-backup-'));
  await ok('backup', path.join(place, 'noon.db'));
  const later = await json('class', 'create', 'linux-intro', '--seats', '1', '--name', 'of later');
  await ok('class', 'launch', String(later.id), '--untested');
  assert.equal((await leftovers()).domains.length, 4);

  const begun = Date.now();
  await ok('restore', path.join(place, 'noon.db'), '--yes');
  await terminal.closed;
  await terminal.open();
  assert.equal((await terminal.run('pwd; echo $$', 30000)).trim().split(/\s+/).join(' '), `/tmp ${pid}`, 'the same shell');
  t.diagnostic(`its prompt was back ${Date.now() - begun} ms after the command`);
  await until('only the first class has machines', async () => (await leftovers()).domains.length === 2, 20000);
  assert.deepEqual((await api('GET', '/classes')).body.map((one) => one.name), ['backed up']);
  await stateOf(seat.id, 'ready');
  assert.deepEqual(children(daemon.pid).filter((child) => /^State:\tZ/m.test(readFileSync(`/proc/${child}/status`, 'utf8'))), []);
  await terminal.close();
  await ok('class', 'close', String(made.id), '--yes');
  rmSync(place, { recursive: true });
});

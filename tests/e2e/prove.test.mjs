// `lab test` on a course in which every task but one breaks a promise: each has to be found, and told by name.
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, Daemon, json, leftovers, ok, prepareHost, root, state, terakoya, until } from './lab.mjs';

const own = path.join(state, 'packs/wrong');
let daemon, result, lines;

before(async () => {
  await prepareHost();
  rmSync(own, { recursive: true, force: true });
  cpSync(path.join(root, 'tests/e2e/packs/wrong'), own, { recursive: true });
  daemon = await new Daemon().start();
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  await ok('template', 'bake', 'wrong');
  result = await terakoya('lab', 'test', 'wrong', '--seeds', '1');
  lines = result.stdout.split('\n');
}, { timeout: 900000 });

after(async () => {
  await daemon?.stop();
  rmSync(own, { recursive: true, force: true });
});

/** What is said of a promise: the lines that name the task and the words. */
const said = (task, words) => lines.filter((line) => line.includes(`promises${task ? `/${task}` : ''}: ${words}`));

function broken(task, words) {
  const found = said(task, words);
  assert.ok(found.some((line) => line.startsWith('not ok')), `${task}: ${words}\n${result.stdout}${result.stderr}`);
}

test('a course that breaks promises fails, in TAP, and is not proven', async () => {
  assert.notEqual(result.code, 0);
  assert.equal(lines[0], 'TAP version 13');
  const results = lines.filter((line) => /^(not )?ok /.test(line));
  assert.ok(lines.includes(`1..${results.length}`));
  const course = (await api('GET', '/courses')).body.find((one) => one.id === 'wrong');
  assert.equal(course.proven_at, 0);
});

test('a check that always passes is found', () => broken('', 'no task is done at the start'));
test('a solve that does not solve is found', () => broken('unsolved', 'its solve makes it pass'));
test('a pass that a reboot loses is found', () => broken('', 'what was passed survives a reboot'));
test('a solve that breaks an earlier task is found', () => broken('breaks', 'its solve leaves the other tasks'));
test("a task that a neighbour's solution passes is found", () => broken('anybody', "a neighbour's solution does not pass"));
test('equal answers are found', () => broken('same', 'seats and seeds have answers of their own'));

test('the task that is right is not blamed', () => {
  for (const words of ['its solve makes it pass', "a neighbour's solution does not pass"])
    for (const line of said('sound', words)) assert.match(line, /^ok /);
});

test('what its machines took is what capacity reckons with from now on', async () => {
  const capacity = (await api('GET', '/courses/wrong/capacity?seats=30')).body;
  assert.deepEqual([capacity.measured, capacity.time_measured], [true, true], JSON.stringify(capacity));
  assert.match(capacity.verdict, /\(measured on this host\)/);
  const each = capacity.memory_needed / 30 / 2 ** 20;
  assert.ok(each > 40 && each < 400, `${each} MiB a seat`);
});

test("a seat is caught up in seconds, without points; a solution that fails is named", { timeout: 120000 }, async () => {
  const made = await json('class', 'create', 'wrong', '--seats', '1');
  await ok('class', 'launch', String(made.id), '--untested');
  await ok('seat', 'catch-up', `${made.id}/1`, 'promises', 'unsolved', '--yes');
  const [seat] = (await json('class', 'show', String(made.id))).seat;
  assert.equal(seat.lab, 'promises');
  assert.deepEqual(seat.progress.map((one) => [one.task, one.done, one.caught_up, one.points]),
    [['sound', true, true, 0], ['always', true, true, 0]]);
  const further = await terakoya('seat', 'catch-up', `${made.id}/1`, 'promises', 'lost', '--yes');
  assert.notEqual(further.code, 0);
  assert.match(further.stderr, /promises\/unsolved/);
  await ok('class', 'close', String(made.id), '--yes');
  await ok('class', 'remove', String(made.id), '--yes');
});

test('nothing of the run stays: no class, no machine', async () => {
  assert.deepEqual((await api('GET', '/classes?closed=1')).body.filter((one) => one.course === 'wrong'), []);
  const left = await until('all is removed', async () => {
    const seen = await leftovers();
    return seen.domains.length + seen.networks.length === 0 && seen;
  });
  assert.deepEqual(left.processes, []);
});

// The course that ships proves itself: `lab test` on real machines, every lab, every task, one seed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, bake, Daemon, leftovers, ok, prepareHost, terakoya, until } from './lab.mjs';

let daemon, result, lines;

before(async () => {
  await prepareHost();
  daemon = await new Daemon().start();
  await bake();
  result = await terakoya('lab', 'test', 'linux-intro', '--seeds', '1');
  lines = result.stdout.split('\n');
}, { timeout: 1400000 });

after(() => daemon?.stop());

test('every promise of the course holds on real machines', (t) => {
  for (const line of lines.filter((one) => one.startsWith('#'))) t.diagnostic(line.slice(1));
  const broken = lines.flatMap((one, at) => (one.startsWith('not ok') ? lines.slice(at, at + 12) : []));
  assert.deepEqual(broken, [], broken.slice(0, 60).join('\n'));
  assert.equal(result.code, 0, result.stderr);
  const results = lines.filter((one) => one.startsWith('ok '));
  assert.ok(lines.includes(`1..${results.length}`), result.stdout);
});

test('no task is left without an answer of the seat’s own', () => {
  assert.deepEqual(lines.filter((one) => one.includes('# SKIP')), []);
});

test('the course counts as proven, and says so in the list', async () => {
  const course = (await api('GET', '/courses')).body.find((one) => one.id === 'linux-intro');
  assert.ok(course.proven_at > 0);
  assert.match(await ok('course', 'list'), /linux-intro/);
});

test('nothing of the run stays: no class, no machine', async () => {
  assert.deepEqual((await api('GET', '/classes?closed=1')).body.filter((one) => one.name === 'lab test'), []);
  await until('all is removed', async () => {
    const seen = await leftovers();
    return seen.domains.length + seen.networks.length === 0;
  });
});

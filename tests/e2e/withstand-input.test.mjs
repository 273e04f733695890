// What is asked wrongly, or at the wrong place: refused before anything starts, with words that name the thing and
// what to do, through the command line and the API alike. Each daemon here has a state directory of its own.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build, Daemon, json, leftovers, bake, closeAll, api, prepareHost, root, terakoya, until } from './lab.mjs';

const run = promisify(execFile);
const daemon = new Daemon();
const places = [];

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
}, { timeout: 900000 });

after(async () => {
  for (const place of places) await place.end();
  await closeAll();
  await daemon.stop();
});

/** Another daemon with an empty state directory, perhaps on a small disk. */
class Place {
  constructor({ megabytes, packs = path.join(root, 'labs'), images = path.join(root, 'images') } = {}) {
    this.state = mkdtempSync('/var/tmp/tk-place-');
    execFileSync('chmod', ['755', this.state]);
    if (megabytes) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'terakoya-test', this.state]);
    Object.assign(this, { mounted: megabytes, packs, images, log: '' });
    places.push(this);
  }

  async start() {
    this.process = spawn(path.join(build, 'terakoyad'), ['--state-dir', this.state, '--listen', '127.0.0.1:0',
      '--packs', this.packs, '--images', this.images, '--agent', path.join(root, 'build/terakoya-agent'), '--web', path.join(root, 'build/web')]);
    this.process.stderr.on('data', (part) => (this.log += part));
    this.exited = new Promise((done) => this.process.on('exit', (code) => done(code)));
    await until(`a daemon in ${this.state} answers`, async () => (await this.api('GET', '/health').catch(() => ({}))).status === 200, 15000);
    await until('it knows its host', async () => (await this.api('GET', '/host')).body.libvirt, 20000);
    return this;
  }

  async tool(...args) {
    try {
      return { code: 0, ...(await run(path.join(build, 'terakoya'), ['--state-dir', this.state, ...args])) };
    } catch ({ code, stdout, stderr }) {
      return { code, stdout, stderr };
    }
  }

  api(method, url, body) {
    return new Promise((done, fail) => {
      const request = http.request({ socketPath: path.join(this.state, 'terakoya.sock'), path: `/api/v1${url}`, method,
        headers: { 'content-type': 'application/json', host: 'localhost' } }, (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () => done({ status: response.statusCode, body: text ? JSON.parse(text) : null }));
      });
      request.on('error', fail);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async end() {
    this.process?.kill('SIGTERM');
    await this.exited;
    if (this.mounted) execFileSync('umount', [this.state]);
    rmSync(this.state, { recursive: true, force: true });
  }
}

function refused(result, code, pattern) {
  assert.equal(result.code, code, `${result.code}: ${result.stderr}${result.stdout}`);
  assert.match(result.stderr, pattern);
  assert.equal(result.stdout, '');
}

function problem(reply, status, pattern) {
  assert.equal(reply.status, status, JSON.stringify(reply.body));
  assert.match(reply.body.detail, pattern);
}

test('no seats, ten thousand seats and words for a number are refused with the bound', async () => {
  refused(await terakoya('class', 'create', 'linux-intro', '--seats', '0'), 2, /seats.*1.*500/);
  refused(await terakoya('class', 'create', 'linux-intro', '--seats', '10000'), 2, /seats.*1.*500/);
  refused(await terakoya('class', 'create', 'linux-intro', '--seats', 'many'), 2, /--seats takes a number, not "many"/);
  refused(await terakoya('class', 'create', 'linux-intro'), 2, /--seats N.*--roster FILE/);
  problem(await api('POST', '/classes', { course: 'linux-intro', seats: 0 }), 400, /seats.*1.*500/);
  problem(await api('POST', '/classes', { course: 'linux-intro', seats: 10000 }), 400, /seats.*1.*500/);
});

test('an unknown course, class, seat, machine, lab and task are named, with where to look', async () => {
  refused(await terakoya('class', 'create', 'linux-outro', '--seats', '2'), 3, /"linux-outro".*terakoya pack list/);
  refused(await terakoya('template', 'bake', 'linux-outro'), 3, /linux-outro/);
  refused(await terakoya('image', 'build', 'debian-12'), 3, /debian-12/);
  refused(await terakoya('class', 'show', '4711'), 3, /4711/);
  refused(await terakoya('seat', 'reset', '4711/1', '--yes'), 3, /4711/);
  const made = await json('class', 'create', 'linux-intro', '--seats', '1', '--name', 'bad input');
  const seat = (await api('GET', `/classes/${made.id}`)).body.seat[0];
  refused(await terakoya('seat', 'reset', `${made.id}/9`, '--yes'), 3, /9/);
  refused(await terakoya('seat', 'reset', `${made.id}/1`, '--yes'), 4, /class \d+ is draft/);
  problem(await api('POST', `/seats/${seat.id}/labs/cooking/open`, {}), 404, /cooking/);
  problem(await api('POST', `/seats/${seat.id}/labs/files/tasks/soup/check`, {}), 404, /soup/);
  problem(await api('POST', `/seats/${seat.id}/power`, { machine: 'oven', action: 'on' }), 404, /oven/);
});

test('a name that is there twice is named, from a roster as from a form', async () => {
  const roster = path.join(mkdtempSync('/tmp/tk-roster-'), 'names.txt');
  writeFileSync(roster, 'Aoki\nBaba\nAoki\n');
  refused(await terakoya('class', 'create', 'linux-intro', '--roster', roster), 2, /line 3, name: Line 1 has this name.*tell the two apart/s);
  refused(await terakoya('class', 'create', 'linux-intro', '--names', roster), 2, /line 1 \(Aoki\).*Line 3 has this name/);
  problem(await api('POST', '/classes', { course: 'linux-intro', names: ['Chiba', 'Chiba'] }), 400, /line 1 \(Chiba\).*Line 2 has this name/);
  refused(await terakoya('class', 'create', 'linux-intro', '--roster', '/nowhere/names.txt'), 1, /\/nowhere\/names\.txt/);
});

test('a class that does not fit is refused before anything starts, with the number that does', { timeout: 30000 }, async () => {
  const before = await leftovers();
  const made = await json('class', 'create', 'linux-intro', '--seats', '500', '--name', 'too many');
  const result = await terakoya('class', 'launch', String(made.id));
  refused(result, 5, /500 seats.*do not fit.*GB.*free.*\d+ seats fit/s);
  const fits = Number(/(\d+) seats fit/.exec(result.stderr)[1]);
  const capacity = (await api('GET', '/courses/linux-intro/capacity?seats=500')).body;
  assert.ok(fits > 0 && Math.abs(fits - capacity.seats_that_fit) <= 5, `${fits}, ${capacity.seats_that_fit}`);
  assert.equal((await api('GET', `/classes/${made.id}`)).body.state, 'draft');
  assert.deepEqual(await leftovers(), before);
  problem(await api('POST', `/classes/${made.id}/launch`), 507, /\d+ seats fit/);
});

test('a pack that is not valid is named with file, line and what was expected; the other courses work', { timeout: 60000 }, async () => {
  const packs = mkdtempSync('/var/tmp/tk-packs-');
  cpSync(path.join(root, 'labs/linux-intro'), path.join(packs, 'good'), { recursive: true });
  cpSync(path.join(root, 'labs/linux-intro'), path.join(packs, 'broken'), { recursive: true });
  const file = path.join(packs, 'broken/files/lab.xml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('points="', 'score="'));
  mkdirSync(path.join(packs, 'torn'));
  writeFileSync(path.join(packs, 'torn/course.xml'), '<course xmlns="urn:terakoya:course:1" id="torn"\n');
  const line = readFileSync(file, 'utf8').split('\n').findIndex((text) => text.includes('score=')) + 1;
  const place = await new Place({ packs }).start();
  const list = await place.tool('course', 'list');
  assert.equal(list.code, 0);
  assert.match(list.stdout, /linux-intro/);
  assert.match(list.stderr, new RegExp(`broken.*lab\\.xml:${line}.*score`), list.stderr);
  assert.match(list.stderr, /torn.*course\.xml:\d/, list.stderr);
  const lint = await place.tool('lab', 'lint', path.join(packs, 'broken'));
  assert.notEqual(lint.code, 0);
  assert.match(lint.stderr + lint.stdout, new RegExp(`lab\\.xml:${line}.*score`));
  rmSync(packs, { recursive: true });
});

test('without an image nothing is launched, and the command that makes it is named', { timeout: 60000 }, async () => {
  const place = await new Place().start();
  const made = JSON.parse((await place.tool('--json', 'class', 'create', 'linux-intro', '--seats', '2')).stdout);
  refused(await place.tool('class', 'launch', String(made.id)), 3, /debian-13.*terakoya image build debian-13/);
  problem(await place.api('POST', `/classes/${made.id}/launch`), 404, /debian-13.*terakoya image build debian-13/);
});

test('a disk that is too small for an image is said before the build begins', { timeout: 120000 }, async () => {
  const place = await new Place({ megabytes: 600 }).start();
  const result = await place.tool('image', 'build', 'debian-13');
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /MB|MiB|GB/, result.stderr);
  assert.match(result.stderr, /free|room|space/, result.stderr);
  assert.ok(statfsSync(place.state).bfree * 4096 > 400e6, 'and nothing of it is left');
});

test('with a full disk what could not be kept is refused, and all goes on when there is room again', { timeout: 60000 }, async () => {
  const place = await new Place({ megabytes: 16 }).start();
  const fill = path.join(place.state, 'fill');
  try { execFileSync('dd', ['if=/dev/zero', `of=${fill}`, 'bs=64k'], { stdio: 'ignore' }); } catch { /* full, as it should be */ }
  const names = Array.from({ length: 400 }, (_, i) => `A student with a rather long name, number ${i}`);
  problem(await place.api('POST', '/classes', { course: 'linux-intro', names }), 507, /no room is left on the disk.*free some/);
  assert.deepEqual((await place.api('GET', '/classes')).body, [], 'half a class is no class');
  assert.equal((await place.tool('course', 'list')).code, 0, 'reading works');
  rmSync(fill);
  assert.equal((await place.api('POST', '/classes', { course: 'linux-intro', names })).status, 201);
});

test('a state directory that was deleted is begun anew at the same place', { timeout: 60000 }, async () => {
  const place = await new Place().start();
  const pools = async () => (await run('virsh', ['-q', '-c', 'qemu:///system', 'pool-list', '--name'])).stdout.trim().split('\n');
  await until('its pool is there', async () => (await pools()).length >= 2, 20000);
  const before = await pools();
  place.process.kill();
  await place.exited;
  execFileSync('find', [place.state, '-mindepth', '1', '-delete']);
  place.log = '';
  await place.start();
  await until('a new pool has taken the old one’s place', async () => (await pools()).some((name) => !before.includes(name)), 20000);
  assert.equal((await pools()).length, before.length);
  assert.doesNotMatch(place.log, /cannot make storage pool/);
});

test('a busy port and a state directory in use are named, with what to do', { timeout: 30000 }, async () => {
  const start = async (...args) => {
    try {
      await run(path.join(build, 'terakoyad'), args, { timeout: 10000 });
      return { code: 0, stderr: '' };
    } catch (error) {
      return error;
    }
  };
  const place = new Place();
  const common = ['--packs', path.join(root, 'labs'), '--images', path.join(root, 'images')];
  const busy = await start('--state-dir', place.state, '--listen', `127.0.0.1:${daemon.port}`, ...common);
  assert.ok(busy.code > 0);
  assert.match(busy.stderr, new RegExp(`127\\.0\\.0\\.1:${daemon.port}.*--listen`, 's'), busy.stderr);
  const { state } = await import('./lab.mjs');
  const twice = await start('--state-dir', state, '--listen', '127.0.0.1:0', ...common);
  assert.ok(twice.code > 0);
  assert.match(twice.stderr, new RegExp(`another terakoyad.*${state}.*--state-dir`), twice.stderr);
  assert.ok(existsSync(path.join(state, 'terakoya.sock')), 'the first one keeps its socket');
  assert.equal((await api('GET', '/health')).status, 200);
});

test('a wrong class code and a broken cookie are refused, and malformed requests harm nobody', { timeout: 30000 }, async () => {
  const browser = async (method, url, body, headers = {}) => {
    const reply = await fetch(`${daemon.url}${url}`, { method, headers: { 'content-type': 'application/json', ...headers }, body });
    return { status: reply.status, body: await reply.json().catch(() => null) };
  };
  problem(await browser('POST', '/api/v1/session/join', JSON.stringify({ code: 'HOSHI-999', name: 'Aoki', language: 'en' })), 404, /HOSHI-999|code/);
  problem(await browser('GET', '/api/v1/session', undefined, { cookie: 'terakoya_session=%00broken' }), 401, /sign/i);
  problem(await browser('POST', '/api/v1/session', '{"login": '), 400, /line 1|JSON/);
  problem(await browser('POST', '/api/v1/session', JSON.stringify({ login: 'x'.repeat(2 << 20), password: 'y' })), 413, /2097\d+ bytes or more; at most 1048576/);
  const stranger = new (await import('ws')).WebSocket(`ws://127.0.0.1:${daemon.port}/ws/terminal?machine=1`, 'terakoya.terminal.1', { origin: daemon.url });
  const answer = await new Promise((done) => {
    stranger.on('unexpected-response', (_, response) => done(response.statusCode));
    stranger.on('open', () => done('open'));
    stranger.on('error', () => done('error'));
  });
  assert.equal(answer, 401);
  assert.equal((await api('GET', '/health')).status, 200);
});

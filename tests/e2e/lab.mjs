// A real Terakoya for end-to-end tests: the host prepared by `terakoya doctor --fix`, a daemon on its own state
// directory and port, the image built and the template baked (or reused by digest), the command line, the API
// over the unix socket, and Chromium.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../func/daemon.mjs';

const run = promisify(execFile);
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = path.join(root, process.env.TERAKOYA_BUILD ?? 'build');
export const state = process.env.TERAKOYA_E2E_STATE ?? path.join(root, 'build/e2e/state');
export const artifacts = path.join(root, 'build/e2e/artifacts');
mkdirSync(state, { recursive: true });
mkdirSync(artifacts, { recursive: true });

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until probe() gives something true, and gives that. */
export async function until(what, probe, ms = 30000, every = 100) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(every);
  }
}

/** Runs the command line; the result is {code, stdout, stderr}, never an exception. */
export async function terakoya(...args) {
  try {
    const { stdout, stderr } = await run(path.join(build, 'terakoya'), ['--state-dir', state, ...args], {
      maxBuffer: 1 << 26,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

export async function ok(...args) {
  const result = await terakoya(...args);
  if (result.code !== 0) throw new Error(`terakoya ${args.join(' ')}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

export async function json(...args) {
  const text = await ok('--json', ...args);
  return text ? JSON.parse(text) : null;
}

/** The API as root, over the unix socket of a state directory: {status, body}. */
export function api(method, url, body, directory = state) {
  return new Promise((done, fail) => {
    const request = http.request(
      {
        socketPath: path.join(directory, 'terakoya.sock'),
        path: `/api/v1${url}`,
        method,
        headers: { 'content-type': 'application/json', host: 'localhost' },
      },
      (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () => {
          done({ status: response.statusCode, body: text ? JSON.parse(text) : null });
        });
      },
    );
    request.on('error', fail);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export async function virsh(...args) {
  const { stdout } = await run('virsh', ['-q', '-c', 'qemu:///system', ...args]);
  return stdout;
}

/** Once per run of the tests: libvirtd and what else the host needs. Remembers what it had to start. */
export async function prepareHost() {
  const mark = path.join(root, 'build/e2e/started');
  const pids = async () =>
    (await run('pgrep', ['-x', 'libvirtd|virtlogd']).catch(() => ({ stdout: '' }))).stdout.split('\n').filter(Boolean);
  const before = await pids();
  const result = await terakoya('doctor', '--fix');
  if (result.code !== 0) throw new Error(`this host cannot hold classes:\n${result.stdout}${result.stderr}`);
  const started = (await pids()).filter((pid) => !before.includes(pid));
  if (started.length) writeFileSync(mark, started.join('\n') + '\n', { flag: 'a' });
}

export class Daemon {
  /** Starts terakoyad and waits until it answers. */
  async start(extra = []) {
    this.port ??= await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    this.log = path.join(artifacts, 'terakoyad.log');
    const log = openSync(this.log, 'a');
    this.process = spawn(
      path.join(build, 'terakoyad'),
      ['--state-dir', state, '--listen', `127.0.0.1:${this.port}`, '--packs', path.join(root, 'labs'), '--images',
        path.join(root, 'images'), '--agent', path.join(root, 'build/terakoya-agent'), '--web',
        path.join(root, 'build/web'), '--log-level', 'debug', ...extra],
      { stdio: ['ignore', log, log] },
    );
    this.exited = new Promise((done) => this.process.on('exit', (code, signal) => done({ code, signal })));
    let gone = null;
    this.exited.then((how) => (gone = how));
    await until('terakoyad answers', async () => {
      if (gone) throw new Error(`terakoyad ended: ${JSON.stringify(gone)}\n${this.tail()}`);
      return (await api('GET', '/health').catch(() => ({}))).status === 200;
    }, 15000, 50);
    return this;
  }

  tail() {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').split('\n').slice(-25).join('\n') : '';
  }

  get pid() {
    return this.process.pid;
  }

  async stop() {
    this.process.kill('SIGTERM');
    return this.exited;
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}

/** The image and the templates of the course, made or reused. */
export async function bake(course = 'linux-intro') {
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  await ok('template', 'bake', course);
}

let serial = 0;
/** A class that is ready: its view. */
export async function openClass(seats, { name } = {}) {
  const made = await json('class', 'create', 'linux-intro', '--seats', String(seats), '--name',
    name ?? `test ${process.pid}.${++serial}`);
  await ok('class', 'launch', String(made.id), '--untested');
  return json('class', 'show', String(made.id));
}

/** Closes and removes every class of this state directory. */
export async function closeAll() {
  for (const one of (await api('GET', '/classes?closed=1')).body) {
    if (!['draft', 'closed'].includes(one.state)) await ok('class', 'close', String(one.id), '--yes');
    await ok('class', 'remove', String(one.id), '--yes');
  }
}

/** What this state directory has on the host: domains, networks, volumes, agents' sockets, QEMU processes. */
export async function leftovers() {
  const pools = (await virsh('pool-list', '--all', '--name')).split('\n').map((s) => s.trim());
  const tag = await instanceTag();
  const mine = (text) => text.split('\n').map((s) => s.trim()).filter((s) => s.includes(tag));
  // What libvirt lists is what it read last; a disk that is removed while it reads stays in that list for a minute.
  if (pools.includes(tag)) await virsh('pool-refresh', tag).catch(() => {});
  const volumes = pools.includes(tag) ? (await virsh('vol-list', tag)).split('\n').filter((s) => s.trim()) : [];
  const processes = (await run('ps', ['-eo', 'args'])).stdout.split('\n').filter((s) => s.includes(`guest=${tag}-`));
  const sockets = (await run('find', ['/var/lib/libvirt/qemu/channel', '/run/libvirt', '-name', '*terakoya*'])
    .catch((e) => ({ stdout: e.stdout ?? '' }))).stdout.split('\n').filter((s) => s.includes(tag));
  return {
    domains: mine(await virsh('list', '--all', '--name')),
    networks: mine(await virsh('net-list', '--all', '--name')),
    volumes,
    processes,
    sockets,
  };
}

/** Makes the state directory forget that a course was proven; the daemon does not run. */
export async function forgetProofs() {
  const database = path.join(state, 'terakoya.db');
  if (!existsSync(database)) return;
  await run('sqlite3', [database, 'DELETE FROM proof']).catch(() => {}); // an old one has no such table
}

/** "tk-0a1b2c": what every object's name on libvirtd begins with. */
export async function instanceTag() {
  const { stdout } = await run('sqlite3', ['-readonly', path.join(state, 'terakoya.db'),
    "SELECT value FROM setting WHERE key = 'instance'"]).catch(() => ({ stdout: '' }));
  return `tk-${stdout.trim().slice(0, 6)}`;
}

/** Chromium, as a person would have it. */
export async function chromium() {
  const { chromium: engine } = await import('playwright-core');
  return engine.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
}

export { freePort };
export { Terminal } from './terminal.mjs';

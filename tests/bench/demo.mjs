// The first figure: what somebody waits for who has just cloned the repository and types `make demo`, until a student's
// shell answers. Nothing is reused but what is installed on the host and the packages' caches of apt and npm.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { api, artifacts, freePort, root, state, Terminal, until } from '../e2e/lab.mjs';

const MOST_MS = 600000;
const clone = path.join(state, 'fresh');
const directory = path.join(clone, 'var');
let demo = null;

async function firstSeat() {
  const classes = await api('GET', '/classes', undefined, directory).catch(() => ({ body: [] }));
  const open = Array.isArray(classes.body) && classes.body.find((one) => one.state === 'open');
  return open && (await api('GET', `/classes/${open.id}`, undefined, directory)).body.seat[0];
}

/** Seconds from `git clone` to the first prompt of a student. */
export async function demoSeconds() {
  rmSync(clone, { recursive: true, force: true });
  const begin = performance.now();
  execFileSync('git', ['clone', '-q', root, clone]);
  const log = openSync(path.join(artifacts, 'demo.log'), 'w');
  // A process group of its own: Ctrl-C at the bench is for the bench, which ends the demo in order.
  demo = spawn('make', ['-C', clone, 'demo', `LISTEN=127.0.0.1:${await freePort()}`],
    { detached: true, stdio: ['ignore', log, log], env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '' } });
  demo.over = new Promise((done) => demo.on('exit', done));
  let gone = false;
  demo.over.then(() => (gone = true));
  const seat = await until('the demo has an open class', async () => {
    if (gone) throw new Error('make demo ended before its class was open; see build/e2e/artifacts/demo.log');
    return existsSync(path.join(directory, 'terakoya.sock')) && (await firstSeat());
  }, MOST_MS, 200);
  const terminal = await new Terminal(seat.machines[0].id, { directory }).open();
  await terminal.prompt(60000);
  const seconds = (performance.now() - begin) / 1000;
  await terminal.close();
  return seconds;
}

/** Closes its class, ends it and removes it; its image is kept for the rest of the bench. */
export async function demoEnd() {
  if (demo && demo.exitCode === null) {
    process.kill(-demo.pid, 'SIGINT');
    await demo.over;
  }
  demo = null;
  const images = path.join(directory, 'images');
  mkdirSync(path.join(state, 'images'), { recursive: true });
  for (const name of existsSync(images) ? readdirSync(images) : []) {
    const kept = path.join(state, 'images', name);
    if (!name.endsWith('.partial') && !existsSync(kept)) renameSync(path.join(images, name), kept);
  }
  rmSync(clone, { recursive: true, force: true });
}

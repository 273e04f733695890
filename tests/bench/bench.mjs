// `make bench`: the figures, measured in one run on this machine, printed as a table and, with BENCH_JSON=FILE,
// written as JSON. Figures never fail anything. SEATS=N changes the size of the class (30).
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Daemon, api, bake, closeAll, instanceTag, json, ok, prepareHost, sleep, state, Terminal, until } from '../e2e/lab.mjs';
import { solveAll } from '../e2e/solve.mjs';

const seats = Number(process.env.SEATS ?? 30);
const figures = [];
const raw = {};

function figure(name, value, unit, goal, key) {
  figures.push({ name, value, unit, goal, key });
  raw[key] = value;
  console.log(`${name.padEnd(62)} ${String(value).padStart(9)} ${unit.padEnd(12)} ${goal ? `(goal ${goal})` : ''}`);
}

const round = (number, digits = 2) => Number(number.toFixed(digits));
function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

const ticks = Number(execFileSync('getconf', ['CLK_TCK']).toString());
/** Seconds of processor time of a process, user and system. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}
function pssMb(pid) {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(line[1]) / 1024;
}
function rssMb(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
/** Our QEMUs, and libvirt's daemons. */
function pids(pattern) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      return false;
    }
  });
}
let tag; // of this state directory: other daemons may have machines here, too
const machines = () => pids(new RegExp(`guest=${tag}-c\\d`));

async function launch(count, extra = []) {
  const made = await json('class', 'create', 'linux-intro', '--seats', String(count), ...extra);
  const pressed = Date.now();
  const reply = await api('POST', `/classes/${made.id}/launch`, { untested: true });
  if (reply.status >= 300) throw new Error(`${count} seats were not launched: ${reply.body.detail}`);
  const open = await until(`${count} seats ready`, async () => {
    const view = (await api('GET', `/classes/${made.id}`)).body;
    return view.state === 'open' && view;
  }, 1800000, 50);
  const ready = open.seat.filter((seat) => seat.state === 'ready').length;
  if (ready !== count) console.log(`! only ${ready} of ${count} seats are ready`);
  return { view: open, ms: open.ready_ms, seen: Date.now() - pressed };
}

const daemon = new Daemon();

async function launchFigures() {
  const { view, ms } = await launch(seats);
  figure(`${seats} seats: launch pressed to all ready`, round(ms / 1000), 's', '12', 'launch_s');
  await sleep(3000);
  const pss = machines().map(pssMb);
  figure(`memory per ready seat (PSS), ${seats} seats`, round(pss.reduce((a, b) => a + b, 0) / pss.length, 1), 'MB', '70', 'pss_ready_mb');
  return view;
}

async function idleFigure(view, name, key, goal) {
  const before = [...machines(), ...pids(/libvirtd|virtlogd/), String(daemon.pid)].map((pid) => [pid, cpu(pid)]);
  const begin = Date.now();
  await sleep(30000);
  const used = before.reduce((sum, [pid, was]) => sum + cpu(pid) - was, 0);
  figure(name, round((used / ((Date.now() - begin) / 1000) / 2) * 100, 1), '% of 2 cores', goal, key);
}

async function resetFigure(view) {
  const times = [];
  for (let i = 0; i < 15; i++) {
    const seat = view.seat[i % view.seat.length];
    const machine = seat.machines[0].id;
    const begin = performance.now();
    await api('POST', `/seats/${seat.id}/reset`, {});
    await until('the seat is ready', async () => (await api('GET', `/seats/${seat.id}`)).body.state === 'ready', 30000, 15);
    const terminal = await new Terminal(machine).open();
    await terminal.prompt(60000);
    times.push(performance.now() - begin);
    await terminal.close();
    await sleep(500);
  }
  figure('one seat reset: click to usable prompt, p50', round(quantile(times, 0.5) / 1000), 's', '1.2', 'reset_p50_s');
  figure('one seat reset: click to usable prompt, p95', round(quantile(times, 0.95) / 1000), 's', '', 'reset_p95_s');
}

async function checkFigure(view) {
  const times = [];
  for (const seat of view.seat.slice(0, 10)) {
    await api('POST', `/seats/${seat.id}/labs/first-steps/open`, {});
    for (const task of view.labs[0].tasks.filter((one) => one.kind === 'state')) {
      const begin = performance.now();
      const reply = await api('POST', `/seats/${seat.id}/labs/first-steps/tasks/${task.id}/check`, {});
      if (reply.status === 200) times.push(performance.now() - begin);
    }
  }
  figure('check: click to verdict, p50', round(quantile(times, 0.5) / 1000, 3), 's', '0.5', 'check_p50_s');
  figure('check: click to verdict, p95', round(quantile(times, 0.95) / 1000, 3), 's', '', 'check_p95_s');
}

/** One key after the other in every seat's terminal, a person's pace, each timed until its echo. */
async function echoFigure(view) {
  const terminals = await Promise.all(view.seat.map((seat) => new Terminal(seat.machines[0].id).open()));
  for (const one of terminals) await one.prompt(60000);
  const times = [];
  const end = Date.now() + 20000;
  await Promise.all(terminals.map(async (one, index) => {
    await sleep(index * 31);
    for (let key = 0; Date.now() < end; key++) {
      const had = one.text.length;
      const begin = performance.now();
      one.type(key % 40 === 39 ? '\x15' : 'abcdefghij'[key % 10]);
      if (key % 40 !== 39) {
        while (one.text.length === had && performance.now() - begin < 2000) await new Promise((done) => one.ws.once('message', done));
        times.push(performance.now() - begin);
      }
      await sleep(600 + Math.random() * 400);
    }
  }));
  figure(`keystroke to echo, ${seats} seats typing, p50`, round(quantile(times, 0.5), 1), 'ms', '', 'echo_p50_ms');
  figure(`keystroke to echo, ${seats} seats typing, p99`, round(quantile(times, 0.99), 1), 'ms', '50', 'echo_p99_ms');
  const stats = (await api('GET', '/stats')).body;
  figure("the daemon's own share of it, p99 in and p99 out", round((stats.keys.p99_us + stats.output.p99_us) / 1000, 3), 'ms', '2', 'echo_daemon_p99_ms');
  await Promise.all(terminals.map((one) => one.close()));
}

function sse(url) {
  return new Promise((done, fail) => {
    const request = http.get({ socketPath: path.join(state, 'terakoya.sock'), path: url, headers: { host: 'localhost' } }, (response) => {
      response.resume();
      done(request);
    });
    request.on('error', fail);
  });
}

async function daemonFigure(view) {
  const terminals = [];
  for (let i = 0; i < 300; i++) {
    const seat = view.seat[i % view.seat.length];
    terminals.push(await new Terminal(seat.machines[0].id, { watch: i >= view.seat.length }).open());
  }
  const streams = [];
  for (let i = 0; i < 300; i++) streams.push(await sse(`/api/v1/events?class=${view.id}`));
  await sleep(3000);
  const before = cpu(daemon.pid);
  const begin = Date.now();
  // Thirty people at work: each terminal prints a line every second or so.
  const typing = setInterval(() => {
    const one = terminals[Math.floor(Math.random() * view.seat.length)];
    one.type('echo terakoya\r');
  }, 50);
  await sleep(20000);
  clearInterval(typing);
  figure('daemon: 300 WebSockets + 300 SSE, 20 commands/s: processor', round(((cpu(daemon.pid) - before) / ((Date.now() - begin) / 1000)) * 100, 1), '% of a core', '10', 'daemon_cpu_percent');
  figure('daemon: 300 WebSockets + 300 SSE: resident memory', round(rssMb(daemon.pid), 1), 'MB', '60', 'daemon_rss_mb');
  await Promise.all(terminals.map((one) => one.close()));
  streams.forEach((one) => one.destroy());
}

async function busyMemory(view) {
  const waiting = [...view.seat];
  const worker = async () => {
    for (let seat; (seat = waiting.shift()); ) await solveAll(seat, view.labs.slice(0, 2));
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  const pss = machines().map(pssMb);
  figure('memory per seat after both labs (PSS)', round(pss.reduce((a, b) => a + b, 0) / pss.length, 1), 'MB', '250', 'pss_worked_mb');
}

async function hundredFigure() {
  const { view, ms } = await launch(100);
  figure('100 seats: launch pressed to all ready', round(ms / 1000), 's', '', 'launch100_s');
  const terminals = await Promise.all(view.seat.map((seat) => new Terminal(seat.machines[0].id).open()));
  for (const one of terminals) await one.prompt(120000);
  await sleep(20000);
  await idleFigure(view, '100 idle connected seats', 'idle100_percent', '25');
  await Promise.all(terminals.map((one) => one.close()));
}

/** Six machines booted at once by a daemon that never clones, scaled to the class. */
async function bootFigure() {
  await daemon.stop();
  await daemon.start(['--no-clone']);
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  const { ms } = await launch(6);
  const scaled = (ms / 1000) * (seats / 6);
  figure('6 seats booted instead: all ready', round(ms / 1000, 1), 's', '', 'boot6_s');
  figure(`the same, scaled to ${seats} seats`, round(scaled, 0), 's', '', 'boot_scaled_s');
  figure('cloning is faster by', round(scaled / raw.launch_s, 1), 'times', '40', 'clone_ratio');
  await closeAll();
  await daemon.stop();
}

await prepareHost();
await daemon.start();
let failed = null;
try {
  tag = await instanceTag();
  await bake();
  await closeAll();
  console.log(`on ${readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm).length} processors, ${(await api('GET', '/host')).body.accel}\n`);
  const view = await launchFigures();
  await idleFigure(view, `${seats} idle seats`, 'idle_percent', '');
  await resetFigure(view);
  await checkFigure(view);
  await echoFigure(view);
  await daemonFigure(view);
  await busyMemory(view);
  await closeAll();
  await hundredFigure().catch((error) => console.log(`! ${error.message}`));
  await closeAll();
  await bootFigure();
} catch (error) {
  failed = error;
} finally {
  await daemon.stop().catch(() => {});
}
if (process.env.BENCH_JSON) writeFileSync(process.env.BENCH_JSON, JSON.stringify({ at: new Date().toISOString(), figures }, null, 2) + '\n');
if (failed) {
  console.error(failed);
  process.exitCode = 1;
}

// `make bench`: the figures, measured in one run on this machine, printed as a table and, with BENCH_JSON=FILE, written
// as JSON. A figure that misses its goal fails nothing; a row that could not be measured says why, the others go on,
// and the exit status is 1. Ctrl-C cleans up, too.
//
//   BENCH_SEATS=N   a class of N seats instead of 30, and the other numbers of seats in proportion (100, 15)
//   BENCH_ONLY=a,b  only these parts, see PARTS below; `class` is needed by those that work in a class
//   BENCH_SKIP=a,b  all but these
//   TERAKOYA_E2E_STATE=DIR   where image, templates and database are kept between runs
//
// The rows about 30 and 100 seats are of seats with one machine. Where the course has more, they are measured with a
// course made from it, of the machine `desk` and the labs of the first hour; the rows that say "all machines" with it as
// it is.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Daemon, api, closeAll, freePort, instanceTag, json, ok, prepareHost, root, sleep, state, Terminal, until, virsh } from '../e2e/lab.mjs';
import { demoEnd, demoSeconds } from './demo.mjs';
import { cpu, mean, pids, pssMb, quantile, round, rssMb, Table } from './measure.mjs';
import { busy, launchOnPage, pageKeys, sshKeys } from './people.mjs';
import { countPack, openLab, studyAll, typeLab } from './students.mjs';

const seats = Number(process.env.BENCH_SEATS ?? 30);
const many = Math.max(seats, Math.round((seats * 100) / 30));
const half = Math.ceil(seats / 2);
const booted = Math.min(6, seats);
const LAUNCHES = 3;
const BOOTS = 3;
const LABS = ['first-steps', 'files'];

const course = path.join(root, 'labs/linux-intro');
const machinesOf = (pack) => [...readFileSync(path.join(pack, 'course.xml'), 'utf8').matchAll(/<machine name=/g)].length;
const perSeat = machinesOf(course);
const packs = path.join(state, 'packs-of-bench');
const small = perSeat > 1 ? { id: 'bench-desk', path: path.join(packs, 'bench-desk') } : { id: 'linux-intro', path: course };

const ROWS = {
  demo_s: ['fresh clone, make demo, to the first student shell', 's', '300'],
  bake_s: [`template bake of the course (${perSeat} machine${perSeat > 1 ? 's' : ''})`, 's'],
  tasks: ['tasks of the course', ''],
  feedback_cases: ['feedback cases', ''],
  hints: ['hints', ''],
  launch_s: [`${seats} seats: launch pressed to all ready, median of ${LAUNCHES}`, 's', '12'],
  pss_ready_mb: [`memory per ready seat (PSS), ${seats} seats`, 'MB', '70'],
  reset_p50_s: ['one seat reset: click to usable prompt, p50', 's', '1.2'],
  reset_p95_s: ['one seat reset: click to usable prompt, p95', 's'],
  check_p50_s: ['check: click to verdict, p50', 's', '0.5'],
  check_p95_s: ['check: click to verdict, p95', 's'],
  echo_p50_ms: [`keystroke to echo, ${seats} seats typing, p50`, 'ms'],
  echo_p99_ms: [`keystroke to echo, ${seats} seats typing, p99`, 'ms', '50'],
  echo_daemon_p99_ms: ["the daemon's own share of it, p99 in and p99 out", 'ms', '2'],
  page_key_p50_ms: [`all ${seats} seats at work: key to echo drawn in a browser, p50`, 'ms'],
  page_key_p99_ms: [`all ${seats} seats at work: key to echo drawn in a browser, p99`, 'ms'],
  ssh_key_p50_ms: [`all ${seats} seats at work: key to echo in ssh, p50`, 'ms'],
  ssh_key_p99_ms: [`all ${seats} seats at work: key to echo in ssh, p99`, 'ms'],
  daemon_cpu_percent: ['daemon: 300 WebSockets + 300 SSE, 20 commands/s: processor', '% of a core', '10'],
  daemon_rss_mb: ['daemon: 300 WebSockets + 300 SSE: resident memory', 'MB', '60'],
  study_s: [`${seats} seats do all tasks of both labs`, 's'],
  pss_worked_mb: ['memory per seat after both labs (PSS)', 'MB', '250'],
  freeze_s: [`${seats} seats frozen: every machine on disk, its memory free`, 's'],
  frozen_mb: ['disk per frozen machine', 'MB'],
  resume_s: [`${seats} seats resumed: all ready as they were`, 's'],
  open_prepared_s: [`${seats} seats prepared beforehand: Open pressed to open`, 's', '2'],
  launch_page_s: [`${seats} seats: launched from the page in a browser, until it shows all green`, 's'],
  launch100_s: [`${many} seats: launch pressed to all ready`, 's'],
  idle100_percent: [`${many} idle connected seats`, '% of 2 cores', '25'],
  launch_all_s: [`${half} seats with all machines (${perSeat} each): launch pressed to all ready`, 's'],
  pss_all_mb: [`memory per seat with all machines (${perSeat} each), ready (PSS)`, 'MB'],
  boot_s: [`${booted} seats booted instead: all ready, median of ${BOOTS}`, 's'],
  boot_scaled_s: [`the same, scaled to ${seats} seats`, 's'],
  clone_ratio: ['cloning is faster by', 'times', '40'],
};
const table = new Table(ROWS);
const daemon = new Daemon();
const start = async (extra = []) => daemon.start(['--packs', packs, `--ssh-port=${await freePort()}`, ...extra]);
let tag; // of this state directory: other daemons may have machines here, too
const machines = () => pids(new RegExp(`guest=${tag}-c\\d`));

/** The packs that the daemon serves: the course as it is, and the one of a single machine. */
function layPacks() {
  rmSync(packs, { recursive: true, force: true });
  mkdirSync(packs, { recursive: true });
  cpSync(course, path.join(packs, 'linux-intro'), { recursive: true });
  if (small.path === course) return;
  const other = (name) => existsSync(path.join(course, name, 'lab.xml')) && !LABS.includes(name);
  cpSync(course, small.path, { recursive: true, filter: (from) => !other(path.relative(course, from)) });
  const xml = readFileSync(path.join(course, 'course.xml'), 'utf8')
    .replace('id="linux-intro"', `id="${small.id}"`)
    .replace(/\s*<machine name="(?!desk").*?<\/machine>/gs, '')
    .replace(/\s*<(lab ref="([^"]+)"|break) [^>]*\/>/g, (element, kind, lab) => (LABS.includes(lab) ? element : ''));
  writeFileSync(path.join(small.path, 'course.xml'), xml);
}

/** A class of a course, launched by the page's own request, when all its seats are ready. It is {view, seconds}; the
 * error, when some are not, has the view of those that are. */
async function launch(id, count) {
  const made = await json('class', 'create', id, '--seats', String(count));
  const reply = await api('POST', `/classes/${made.id}/launch`, { untested: true });
  if (reply.status >= 300) throw new Error(`${count} seats were not launched: ${reply.body.detail}`);
  const open = await until(`${count} seats ready`, async () => {
    const view = (await api('GET', `/classes/${made.id}`)).body;
    return view.state === 'open' && view;
  }, 900000, 500); // the daemon says how long it took; who asks often takes processors from those who are launched
  const ready = open.seat.filter((seat) => seat.state === 'ready');
  if (ready.length === count) return { view: open, seconds: open.ready_ms / 1000 };
  const broken = open.seat.find((seat) => seat.state !== 'ready').machines.find((machine) => machine.state !== 'ready');
  throw Object.assign(new Error(`only ${ready.length} of ${count} seats are ready: ${broken.reason}`), { view: { ...open, seat: ready } });
}

const desk = (seat) => seat.machines.find((machine) => machine.name === 'desk').id;

async function terminalsOf(view) {
  const terminals = await Promise.all(view.seat.map((seat) => new Terminal(desk(seat)).open()));
  for (const one of terminals) await one.prompt(180000);
  return terminals;
}

// ---- the parts ------------------------------------------------------------------------------------------------------

let view = null; // the class of all seats

async function demoPart() {
  try {
    table.put('demo_s', round(await demoSeconds(), 0));
  } finally {
    await demoEnd();
  }
}

/** Anew, also where it is there; the image is built before, so that only the template counts. */
async function bakePart() {
  const images = readFileSync(path.join(course, 'course.xml'), 'utf8').matchAll(/ image="([^"]+)"/g);
  for (const image of new Set([...images].map(([, name]) => name))) await ok('image', 'build', image);
  const begin = performance.now();
  await ok('template', 'bake', 'linux-intro', '--force');
  table.put('bake_s', round((performance.now() - begin) / 1000, 1));
}

async function countPart() {
  const count = countPack(course);
  table.put('tasks', count.tasks);
  table.put('feedback_cases', count.feedback);
  table.put('hints', count.hints);
}

/** Several launches one after the other, since a single one scatters by a sixth; the last class stays open. */
async function launchOften(count, times) {
  const seconds = [];
  for (let i = 0; i < times; i++) {
    await closeAll();
    const launched = await launch(small.id, count).catch((error) => ({ error, view: error.view }));
    view = launched.view?.seat.length ? launched.view : null;
    if (launched.error) throw launched.error;
    seconds.push(launched.seconds);
  }
  console.log(`  ${count} seats, each launch: ${seconds.map((one) => round(one)).join(', ')} s`);
  return quantile(seconds, 0.5);
}

async function classPart() {
  await ok('template', 'bake', small.id);
  table.put('launch_s', round(await launchOften(seats, LAUNCHES)));
  await sleep(3000);
  table.put('pss_ready_mb', round(mean(machines().map(pssMb)), 1));
}

function inClass() {
  if (!view) throw new Error(`there is no class of ${seats} seats`);
}

async function resetPart() {
  inClass();
  const times = [];
  for (let i = 0; i < 15; i++) {
    const seat = view.seat[i % view.seat.length];
    const begin = performance.now();
    await api('POST', `/seats/${seat.id}/reset`, {});
    await until('the seat is ready', async () => (await api('GET', `/seats/${seat.id}`)).body.state === 'ready', 30000, 15);
    const terminal = await new Terminal(desk(seat)).open();
    await terminal.prompt(60000);
    times.push((performance.now() - begin) / 1000);
    await terminal.close();
    await sleep(500);
  }
  table.put('reset_p50_s', round(quantile(times, 0.5)));
  table.put('reset_p95_s', round(quantile(times, 0.95)));
}

/** Every check of a lab in a seat, one after the other: how long each takes. */
async function timeChecks(seat, lab, times) {
  for (const task of lab.tasks.filter((one) => one.kind === 'state')) {
    const begin = performance.now();
    const reply = await api('POST', `/seats/${seat.id}/labs/${lab.id}/tasks/${task.id}/check`, {});
    if (reply.status === 409) continue; // checks that run by themselves were under way
    if (!['pass', 'not-yet'].includes(reply.body.verdict)) throw new Error(`${lab.id}/${task.id}: ${reply.body.error ?? reply.body.detail}`);
    times.push((performance.now() - begin) / 1000);
  }
}

/** Before the tasks are done and after: a check that finds everything right looks at most. */
async function checkPart() {
  inClass();
  const times = [];
  const lab = view.labs.find((one) => one.id === LABS[0]);
  for (const seat of view.seat.slice(0, 10)) {
    const terminal = await new Terminal(desk(seat)).open();
    await terminal.prompt(60000);
    await openLab(seat, lab);
    await timeChecks(seat, lab, times);
    await typeLab(terminal, small.path, seat, lab);
    await timeChecks(seat, lab, times);
    await terminal.close();
  }
  table.put('check_p50_s', round(quantile(times, 0.5), 3));
  table.put('check_p95_s', round(quantile(times, 0.95), 3));
}

/** One key after the other, at a person's pace, each timed until its echo. */
async function typeKeys(terminal, end, times) {
  for (let key = 0; Date.now() < end; key++) {
    const had = terminal.text.length;
    const begin = performance.now();
    terminal.type(key % 40 === 39 ? '\x15' : 'abcdefghij'[key % 10]);
    if (key % 40 !== 39) {
      const message = () => new Promise((done) => terminal.ws.once('message', done));
      while (terminal.text.length === had && performance.now() - begin < 2000) await Promise.race([message(), sleep(2000)]);
      times.push(performance.now() - begin);
    }
    await sleep(600 + Math.random() * 400);
  }
}

async function echoPart() {
  inClass();
  const terminals = await terminalsOf(view);
  const times = [];
  const end = Date.now() + 20000;
  await sleep(3000); // what the shells' starts have set going is over
  await Promise.all(terminals.map((one, index) => sleep(index * 31).then(() => typeKeys(one, end, times))));
  const stats = (await api('GET', '/stats')).body;
  for (const one of terminals) one.type('\x15\r'); // who comes next finds a prompt at the end, and nothing behind it
  await Promise.all(terminals.map((one) => one.prompt(30000)));
  await Promise.all(terminals.map((one) => one.close()));
  table.put('echo_p50_ms', round(quantile(times, 0.5), 1));
  table.put('echo_p99_ms', round(quantile(times, 0.99), 1));
  table.put('echo_daemon_p99_ms', round((stats.keys.p99_us + stats.output.p99_us) / 1000, 3));
}

async function busyPart() {
  inClass();
  const [first, second, ...others] = view.seat;
  const rest = await busy(others.map(desk));
  try {
    const inPage = await pageKeys(daemon.url, `${view.id}/${first.number}`);
    table.put('page_key_p50_ms', round(quantile(inPage, 0.5), 1));
    table.put('page_key_p99_ms', round(quantile(inPage, 0.99), 1));
    const overSsh = await sshKeys(`${view.id}/${second.number}`);
    table.put('ssh_key_p50_ms', round(quantile(overSsh, 0.5), 1));
    table.put('ssh_key_p99_ms', round(quantile(overSsh, 0.99), 1));
  } finally {
    await rest();
  }
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

async function daemonPart() {
  inClass();
  const terminals = [];
  for (let i = 0; i < 300; i++)
    terminals.push(await new Terminal(desk(view.seat[i % view.seat.length]), { watch: i >= view.seat.length }).open());
  const streams = [];
  for (let i = 0; i < 300; i++) streams.push(await sse(`/api/v1/events?class=${view.id}`));
  await sleep(3000);
  const before = cpu(daemon.pid);
  const begin = Date.now();
  // Thirty people at work: each terminal prints a line every second or so.
  const typing = setInterval(() => {
    terminals[Math.floor(Math.random() * view.seat.length)].type('echo terakoya\r');
  }, 50);
  await sleep(20000);
  clearInterval(typing);
  table.put('daemon_cpu_percent', round(((cpu(daemon.pid) - before) / ((Date.now() - begin) / 1000)) * 100, 1));
  table.put('daemon_rss_mb', round(rssMb(daemon.pid), 1));
  await Promise.all(terminals.map((one) => one.close()));
  streams.forEach((one) => one.destroy());
}

async function studyPart() {
  inClass();
  const labs = LABS.map((id) => view.labs.find((lab) => lab.id === id));
  const begin = performance.now();
  const before = machines().map(cpu);
  // More at once than processors does not end sooner: every pause then is long enough for a round of automatic checks.
  const spent = await studyAll(small.path, view.seat, labs, Math.min(6, seats));
  table.put('study_s', round((performance.now() - begin) / 1000, 0));
  console.log(`  a seat and lab, p50: ${Object.entries(spent).map(([step, times]) => `${step} ${round(quantile(times, 0.5), 1)} s`).join(', ')};`
    + ` processor ${round(mean(machines().map(cpu)) - mean(before), 1)} s a seat`);
  table.put('pss_worked_mb', round(mean(machines().map(pssMb)), 1));
}

/** On the same two processors as everything else: the browser's share is in it. */
async function pagePart() {
  await closeAll();
  view = null;
  table.put('launch_page_s', round(await launchOnPage(daemon.url, seats)));
}

async function hundredPart() {
  await closeAll();
  view = null;
  const launched = await launch(small.id, many);
  table.put('launch100_s', round(launched.seconds));
  const terminals = await terminalsOf(launched.view);
  await sleep(15000);
  const before = [...machines(), ...pids(/libvirtd|virtlogd/), String(daemon.pid)].map((pid) => [pid, cpu(pid)]);
  const begin = Date.now();
  await sleep(60000);
  const used = before.reduce((sum, [pid, was]) => sum + cpu(pid) - was, 0);
  table.put('idle100_percent', round((used / ((Date.now() - begin) / 1000) / 2) * 100, 1));
  await Promise.all(terminals.map((one) => one.close()));
}

async function allPart() {
  await closeAll();
  view = null;
  await ok('template', 'bake', 'linux-intro');
  const launched = await launch('linux-intro', half);
  table.put('launch_all_s', round(launched.seconds));
  await sleep(3000);
  table.put('pss_all_mb', round(machines().map(pssMb).reduce((a, b) => a + b, 0) / half, 1));
}

/** A few machines booted at once by a daemon that never clones, scaled to the class. */
async function bootPart() {
  await closeAll();
  view = null;
  await daemon.stop();
  await start(['--no-clone']);
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  const seconds = await launchOften(booted, BOOTS);
  const scaled = seconds * (seats / booted);
  table.put('boot_s', round(seconds, 1));
  table.put('boot_scaled_s', round(scaled, 0));
  if (!table.values.launch_s) throw new Error('there is no time of a launch to compare with');
  table.put('clone_ratio', round(scaled / table.values.launch_s, 1));
}

const reaches = (id, wanted) => until(`class ${id} is ${wanted}`,
  async () => (await api('GET', `/classes/${id}`)).body.state === wanted, 900000, 20);

/** Seconds from a button to the state that it leads to. */
async function press(id, action, wanted, body = {}) {
  const begin = performance.now();
  const reply = await api('POST', `/classes/${id}/${action}`, body);
  if (reply.status >= 300) throw new Error(`${action}: ${reply.body.detail}`);
  await reaches(id, wanted);
  return (performance.now() - begin) / 1000;
}

async function freezePart() {
  inClass();
  const pool = path.join(state, 'pool');
  table.put('freeze_s', round(await press(view.id, 'freeze', 'frozen')));
  const saved = readdirSync(pool).filter((name) => name.startsWith(`c${view.id}-`) && name.endsWith('.saved'));
  table.put('frozen_mb', round(mean(saved.map((name) => statSync(path.join(pool, name)).blocks / 2048)), 1));
  table.put('resume_s', round(await press(view.id, 'resume', 'open')));
  const made = await json('class', 'create', small.id, '--seats', String(seats));
  await press(made.id, 'prepare', 'prepared', { untested: true });
  table.put('open_prepared_s', round(await press(made.id, 'open', 'open'), 3));
  await ok('class', 'close', String(made.id), '--yes');
}

const PARTS = {
  demo: [['demo_s'], demoPart],
  bake: [['bake_s'], bakePart],
  count: [['tasks', 'feedback_cases', 'hints'], countPart],
  class: [['launch_s', 'pss_ready_mb'], classPart],
  reset: [['reset_p50_s', 'reset_p95_s'], resetPart],
  check: [['check_p50_s', 'check_p95_s'], checkPart],
  echo: [['echo_p50_ms', 'echo_p99_ms', 'echo_daemon_p99_ms'], echoPart],
  busy: [['page_key_p50_ms', 'page_key_p99_ms', 'ssh_key_p50_ms', 'ssh_key_p99_ms'], busyPart],
  daemon: [['daemon_cpu_percent', 'daemon_rss_mb'], daemonPart],
  study: [['study_s', 'pss_worked_mb'], studyPart],
  freeze: [['freeze_s', 'frozen_mb', 'resume_s', 'open_prepared_s'], freezePart],
  page: [['launch_page_s'], pagePart],
  hundred: [['launch100_s', 'idle100_percent'], hundredPart],
  all: [['launch_all_s', 'pss_all_mb'], allPart],
  boot: [['boot_s', 'boot_scaled_s', 'clone_ratio'], bootPart],
};

// ---- from start to end ----------------------------------------------------------------------------------------------

function chosen() {
  const list = (name) => process.env[name]?.split(',').filter(Boolean);
  const only = list('BENCH_ONLY') ?? Object.keys(PARTS);
  const skipped = list('BENCH_SKIP') ?? [];
  return Object.keys(PARTS).filter((name) => only.includes(name) && !skipped.includes(name));
}

/** Ctrl-C at a terminal reached the daemon as well: then it is started once more, to close what is open. */
async function cleanUp() {
  await demoEnd().catch((error) => console.error(`! ${error.message}`));
  if (!tag) return;
  try {
    if (!(await api('GET', '/health').catch(() => null))) await start();
    await closeAll();
  } catch (error) {
    console.error(`! what the bench made may still be there: ${error.message}`);
  }
  await daemon.stop().catch(() => {});
  // A machine that was being baked: the next daemon would remove it.
  for (const domain of (await virsh('list', '--all', '--name')).split('\n').filter((name) => name.startsWith(`${tag}-bake-`)))
    await virsh('destroy', domain.trim()).catch(() => {});
  rmSync(packs, { recursive: true, force: true });
}

/** After the demo, whose image is taken over. */
async function begin() {
  layPacks();
  await start();
  tag = await instanceTag();
  await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
  await closeAll();
  const host = (await api('GET', '/host')).body;
  console.log(`on ${os.cpus().length} processors, ${host.accel}, QEMU ${host.qemu_version}, libvirt ${host.libvirt_version}`);
}

let ending = null;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    ending ??= cleanUp().then(() => process.exit(130));
  });

const begun = Date.now();
try {
  await prepareHost();
  for (const name of chosen()) {
    if (name !== 'demo' && !tag) await begin();
    if (!ending) await table.part(...PARTS[name]);
  }
} finally {
  if (ending) await ending;
  else await cleanUp();
}
console.log(`\n${Object.keys(table.values).length} figures, ${table.missing} not measured, after ${round((Date.now() - begun) / 1000, 0)} s`);
if (process.env.BENCH_JSON)
  writeFileSync(process.env.BENCH_JSON, JSON.stringify({ at: new Date().toISOString(), seats, figures: table.figures }, null, 2) + '\n');
process.exitCode = table.missing ? 1 : 0;

// OpenSSH's own programs against a real machine: shells, commands, files, forwarded connections, and ends.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, bake, chromium, closeAll, Daemon, json, ok, openClass, prepareHost, sleep, until } from './lab.mjs';

const daemon = new Daemon();
const place = mkdtempSync(path.join(os.tmpdir(), 'tk-ssh-'));
const file = (name) => path.join(place, name);
let class1;

const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

/** ssh reads the password from a program, and everything else from one file: no terminal is needed. */
function configure(port) {
  writeFileSync(file('ask'), `#!/bin/sh\ncat ${file('password')}\n`);
  chmodSync(file('ask'), 0o755);
  writeFileSync(file('config'), [
    'Host *', `  HostName 127.0.0.1`, `  Port ${port}`, `  UserKnownHostsFile ${file('known')}`,
    '  StrictHostKeyChecking accept-new', '  PreferredAuthentications password', '  NumberOfPasswordPrompts 1',
    '  BatchMode no', '  LogLevel ERROR', '',
  ].join('\n'));
}

const env = { ...process.env, SSH_ASKPASS: file('ask'), SSH_ASKPASS_REQUIRE: 'force' };

/** Runs one of the programs: {code, stdout, stderr}. */
function client(program, args, { input, ms = 60000 } = {}) {
  return new Promise((done) => {
    const child = execFile(program, ['-F', file('config'), ...args], {
      env, timeout: ms, maxBuffer: 1 << 26, encoding: 'buffer',
    }, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, stdout, stderr: stderr.toString() });
    });
    child.stdin.end(input);
  });
}

const seatOf = async (number) => (await json('class', 'show', String(class1.id))).seat[number - 1];
let login, made;

/** A new password for a seat; ssh asks for it from here on. */
async function password(number) {
  made = JSON.parse(await ok('--json', 'seat', 'ssh', `${class1.id}/${number}`));
  writeFileSync(file('password'), made.password + '\n');
  login = `${made.login}@lab`;
  return made;
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

before(async () => {
  await prepareHost();
  const port = await freePort();
  configure(port);
  await daemon.start([`--ssh-port=${port}`]);
  daemon.sshPort = port;
  await closeAll();
  await bake();
  class1 = await openClass(2, { name: 'ssh' });
  await password(1);
}, { timeout: 900000 });

after(async () => {
  await closeAll();
  await daemon.stop();
  rmSync(place, { recursive: true, force: true });
});

test('the card says how to connect, and the host key is the one that ssh sees', async () => {
  assert.match(made.command, new RegExp(`^ssh -p ${daemon.sshPort} ${made.login}@127\\.0\\.0\\.1$`));
  assert.match(made.password, /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
  assert.equal((await api('GET', '/host')).body.ssh.fingerprint, made.fingerprint);
  await client('ssh', [login, 'true']);
  const shown = await new Promise((done) => execFile('ssh-keygen', ['-lf', file('known')], (_, out) => done(out)));
  assert.ok(shown.includes(made.fingerprint), `${shown} should show ${made.fingerprint}`);
});

test('a command has its input, its output apart from its errors, and its exit status', async () => {
  const ran = await client('ssh', [login, 'cat; echo to errors >&2; id -un; pwd; exit 7'], { input: 'to input\n' });
  assert.equal(ran.code, 7);
  assert.equal(ran.stdout.toString(), 'to input\nstudent\n/home/student\n');
  assert.equal(ran.stderr, 'to errors\n');
});

test('a name may be typed loosely, and a machine named behind it', async () => {
  const [word, digits] = made.login.split('-');
  for (const name of [`${word.toUpperCase()}${digits}-1`, `${word}-${digits}-001+desk`]) {
    assert.equal((await client('ssh', [`${name}@lab`, 'hostname'])).stdout.toString(), 'desk\n', name);
  }
  const lost = await client('ssh', [`${made.login}+attic@lab`, 'hostname']);
  assert.equal(lost.code, 255);
  assert.match(lost.stderr, /this seat has no machine "attic"/);
});

test('a login shell has a terminal, reads what is typed, and its exit status comes back', async () => {
  const child = spawn('ssh', ['-F', file('config'), '-tt', login], { env });
  let shown = '';
  child.stdout.on('data', (bytes) => (shown += bytes));
  const ended = new Promise((done) => child.on('exit', (code) => done(code)));
  await until(`there is a prompt: ${shown}`, () => shown.includes('student@desk'), 20000);
  const terminals = async () => (await seatOf(1)).machines[0].terminals.filter((number) => number > 1);
  await until('everybody sees that the seat has another terminal', async () => (await terminals()).length === 1);
  child.stdin.write('tty; echo $0; exit 5\n');
  assert.equal(await ended, 5, shown);
  await until('and that it is gone', async () => (await terminals()).length === 0);
  assert.match(shown, /\/dev\/pts\/\d+\r\n-bash\r\n/);
});

test('who types while the class is paused is told that nothing can be, and goes on in the same shell', async () => {
  const child = spawn('ssh', ['-F', file('config'), '-tt', login], { env });
  let shown = '';
  child.stdout.on('data', (bytes) => (shown += bytes));
  const ended = new Promise((done) => child.on('exit', (code) => done(code)));
  try {
    await until('there is a prompt', () => shown.includes('student@desk'), 20000);
    await ok('class', 'pause', String(class1.id));
    child.stdin.write('exit 6\n');
    await until('it says so', () => shown.includes('the class is paused: nothing can be typed until it goes on'), 20000);
    await ok('class', 'continue', String(class1.id));
    child.stdin.write('exit 7\n');
    assert.equal(await ended, 7, shown);
  } finally {
    child.kill();
  }
});

/** ssh with a key and nothing else: {code, stdout, stderr}. */
const withKey = (name, ...args) => client('ssh', ['-i', file(name), '-o', 'IdentitiesOnly=yes', '-o', 'PreferredAuthentications=publickey', ...args]);
const keygen = (name, ...args) => new Promise((done, failed) => execFile('ssh-keygen',
  ['-q', '-N', '', '-C', name, '-f', file(name), ...args], (error) => (error ? failed(error) : done(readFileSync(file(`${name}.pub`), 'utf8')))));

test('a public key of each kind lets its owner in, until it is removed', async () => {
  const seat = await seatOf(1);
  const kinds = { 'key-ed': ['-t', 'ed25519'], 'key-ec': ['-t', 'ecdsa'], 'key-rsa': ['-t', 'rsa', '-b', '2048'] };
  await keygen('key-other', '-t', 'ed25519');
  for (const [name, args] of Object.entries(kinds)) {
    const added = await api('POST', `/seats/${seat.id}/keys`, { key: await keygen(name, ...args) });
    assert.equal(added.status, 201, JSON.stringify(added.body));
    const ran = await withKey(name, login, 'id -un');
    assert.equal(ran.stdout.toString(), 'student\n', `${name}: ${ran.stderr}`);
  }
  assert.equal((await withKey('key-other', login, 'id')).code, 255, 'another key does not');
  const other = await seatOf(2);
  assert.equal((await withKey('key-ed', login.replace(/-0*1@/, '-2@'), 'id')).code, 255, 'nor does it in another seat');
  assert.equal((await api('GET', `/seats/${other.id}/keys`)).body.keys.length, 0);
  const { keys } = (await api('GET', `/seats/${seat.id}/keys`)).body;
  assert.deepEqual(keys.map((key) => key.comment), Object.keys(kinds));
  const staying = withKey('key-ed', login, 'sleep 60');
  await until('it is connected', async () => (await withKey('key-ed', login, 'pgrep -x sleep')).code === 0);
  assert.equal((await api('DELETE', `/seats/${seat.id}/keys/${keys[0].id}`)).status, 204);
  assert.equal((await staying).code, 255, 'its connections end with it');
  assert.equal((await withKey('key-ed', login, 'true')).code, 255);
  assert.equal((await withKey('key-ec', login, 'true')).code, 0, 'the others stay');
  assert.equal((await client('ssh', [login, 'echo by password'])).stdout.toString(), 'by password\n');
});

/** An instructor finds an ssh shell as a tab of the seat's drawer, watches, and helps; ssh is told, and keeps its size. */
async function lookedAt(browser, child, shown) {
  const { password: secret } = await json('account', 'set', 'hana', '--name', 'Hana', '--role', 'admin', '--new-password');
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' })).newPage();
  await page.request.post(`${daemon.url}/api/v1/session`, { data: { login: 'hana', password: secret } });
  await page.goto(`${daemon.url}/classes/${class1.id}`);
  await page.getByRole('table').getByRole('button', { name: 'Aoi' }).click();
  const drawer = page.getByRole('complementary', { name: /Aoi/ });
  await drawer.getByRole('tab', { name: 'desk 2' }).click();
  await until(`ssh is told: ${shown()}`, () => shown().includes('an instructor is watching this terminal: Hana'), 20000);
  const rows = drawer.locator('.xterm-rows');
  await rows.getByText('typed 42 in the page').first().waitFor();
  child.stdin.write('echo rows of $(stty size)\n');
  const size = (await until('ssh shows its size', () => /rows of (\d+ \d+)/.exec(shown()), 20000))[1];
  await rows.getByText(`rows of ${size}`).waitFor();
  await drawer.getByRole('button', { name: 'Assist' }).click();
  await until(`ssh is told: ${shown()}`, () => shown().includes('an instructor is helping here: Hana'), 20000);
  await rows.getByText(`rows of ${size}`).waitFor();
  await drawer.locator('.xterm-screen').click();
  await page.keyboard.type('echo helped $((50 + 5)) at $(stty size)\n');
  await until(`ssh shows what was typed in the drawer: ${shown()}`, () => shown().includes(`helped 55 at ${size}`), 20000);
  await page.context().close();
}

test("an ssh shell is a tab of the student's page while it lives, and both may type", async () => {
  const browser = await chromium();
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  const child = spawn('ssh', ['-F', file('config'), '-tt', login], { env });
  let shown = '';
  child.stdout.on('data', (bytes) => (shown += bytes));
  try {
    const link = (await api('POST', `/seats/${(await seatOf(1)).id}/join-link`)).body.url;
    await page.request.post(`${daemon.url}/api/v1/session/join`, {
      data: { token: link.split('/').pop(), name: 'Aoi', language: 'en' },
    });
    await page.goto(`${daemon.url}/seats/${(await seatOf(1)).id}`);
    await page.getByRole('tab', { name: 'desk 2' }).click({ timeout: 30000 });
    await page.locator('.terminal-view:not([hidden]) .xterm').click({ timeout: 30000 });
    await page.keyboard.type('echo typed $((40 + 2)) in the page\n');
    await until(`ssh shows what was typed in the page: ${shown}`, () => shown.includes('typed 42 in the page'), 20000);
    await lookedAt(browser, child, () => shown);
    child.stdin.write('exit\n');
    await until('the tab is gone', async () => (await page.getByRole('tab', { name: 'desk 2' }).count()) === 0, 20000);
  } finally {
    child.kill();
    await browser.close();
  }
});

/** The status of ssh on a terminal that script(1) makes, and what it showed; the window changes after its first line. */
function inWindow(command) {
  const change = `(until grep -q '^30 100' ${file('shown')}; do sleep 0.2; done; stty rows 41 cols 111 </dev/tty)`;
  const line = `stty rows 30 cols 100; ${change} & exec ssh -F ${file('config')} -tt ${login} '${command}'`;
  return new Promise((done) => execFile('script', ['-qefc', line, file('shown')], { env, timeout: 60000 },
    (error, shown) => done({ code: error ? error.code : 0, shown })));
}

test('a command may have a terminal, which follows the window', async () => {
  const { code, shown } = await inWindow('stty size; while stty size | grep -q "^30"; do sleep 0.2; done; stty size; exit 4');
  assert.equal(code, 4, shown);
  assert.match(shown, /30 100\s+41 111/);
});

test('5 MB go there and back with scp, old and new, unchanged', async () => {
  const bytes = randomBytes(5 << 20);
  writeFileSync(file('five'), bytes);
  for (const [option, name] of [['-s', 'new'], ['-O', 'old']]) {
    let ran = await client('scp', ['-q', option, file('five'), `${login}:${name}`]);
    assert.equal(ran.code, 0, ran.stderr);
    const there = await client('ssh', [login, `sha256sum ${name}`]);
    assert.equal(there.stdout.toString().split(' ')[0], digest(bytes));
    ran = await client('scp', ['-q', option, `${login}:${name}`, file('back')]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(digest(readFileSync(file('back'))), digest(bytes));
  }
});

test('sftp makes, lists and fetches', async () => {
  writeFileSync(file('batch'), `mkdir kept\nput ${file('five')} kept/five\nls -l kept\nget kept/five ${file('fetched')}\n`);
  const ran = await client('sftp', ['-oBatchMode=no', '-b', file('batch'), login]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout.toString(), /5242880 .* kept\/five/);
  assert.equal(digest(readFileSync(file('fetched'))), digest(readFileSync(file('five'))));
});

test('rsync brings a tree, and then only what changed', async () => {
  mkdirSync(file('tree/deep'), { recursive: true });
  writeFileSync(file('tree/deep/one'), 'one\n');
  writeFileSync(file('tree/two'), 'two\n');
  const rsync = () => new Promise((done) => execFile('rsync',
    ['-a', '-i', '-e', `ssh -F ${file('config')}`, file('tree'), `${login}:`], { env, timeout: 60000 },
    (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr })));
  const first = await rsync();
  assert.equal(first.code, 0, first.stderr);
  writeFileSync(file('tree/two'), 'two, longer\n');
  const second = await rsync();
  assert.match(second.stdout, /tree\/two/);
  assert.doesNotMatch(second.stdout, /deep\/one/);
  assert.equal((await client('ssh', [login, 'cat tree/deep/one tree/two'])).stdout.toString(), 'one\ntwo, longer\n');
});

/** What a port of this host says to a line. */
const ask = (port, line) => new Promise((done, fail) => {
  const socket = net.connect(port, '127.0.0.1', () => socket.end(line));
  let text = '';
  socket.on('data', (bytes) => (text += bytes));
  socket.on('close', () => done(text));
  socket.on('error', fail);
});

test('a connection is forwarded to a service in the machine, and only within its network', async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const child = spawn('ssh', ['-F', file('config'), '-o', 'LogLevel=INFO', '-L', `${ports[0]}:localhost:8000`, '-L', `${ports[1]}:desk:8000`,
    '-L', `${ports[2]}:192.0.2.1:80`, login,
    'while printf "served\\n" | nc -l -N 8000 >/dev/null; do :; done'], { env });
  let said = '';
  child.stderr.on('data', (bytes) => (said += bytes));
  try {
    const answers = async (port) => (await ask(port, 'hello\n').catch(() => '')) === 'served\n';
    await until('the service answers over ssh', () => answers(ports[0]), 30000, 500);
    await until('a machine is known by its name', () => answers(ports[1]), 30000, 500);
    assert.equal(await ask(ports[2], 'hello\n').catch(() => ''), '');
    await until('ssh says that it was refused', () => /open failed: administratively prohibited/.test(said));
  } finally {
    child.kill();
  }
  const back = await client('ssh', ['-o', 'ExitOnForwardFailure=yes', '-R', '18080:localhost:80', login, 'true']);
  assert.equal(back.code, 255, 'a port of the machine is not forwarded to here');
});

test('a wrong password is refused, and soon not even looked at', async () => {
  await password(2);
  writeFileSync(file('password'), 'wrong\n');
  const config = ['-o', 'NumberOfPasswordPrompts=1'];
  const first = await client('ssh', [...config, login, 'true']);
  assert.equal(first.code, 255);
  assert.match(first.stderr, /Permission denied/);
  let last = first;
  for (let i = 0; i < 6 && !/too many failed tries/.test(last.stderr); i++) {
    last = await client('ssh', [...config, '-o', 'LogLevel=INFO', login, 'true']);
  }
  assert.match(last.stderr, /terakoya: too many failed tries: try again in \d+ s/);
  const audit = (await api('GET', '/audit')).body;
  assert.ok(audit.length && JSON.stringify(audit).includes('seat.ssh-failed'), 'the audit log knows');
  await password(1);
});

test('a new password ends the connections that came with the old one', async () => {
  const running = client('ssh', [login, 'echo begun; sleep 1000']);
  await sleep(1500);
  await password(1);
  const ended = await running;
  assert.equal(ended.code, 255);
  assert.match(ended.stderr, /a new password was made for this seat/);
  assert.equal((await client('ssh', [login, 'echo well'])).stdout.toString(), 'well\n');
});

test('kill -9 of the daemon cuts connections; the next start has the same key, password and machine', async () => {
  await client('ssh', [login, 'echo kept > kept.txt']);
  const running = client('ssh', [login, 'sleep 1000']);
  await sleep(1500);
  await daemon.kill();
  assert.equal((await running).code, 255);
  await daemon.start([`--ssh-port=${daemon.sshPort}`]);
  await until('the machine answers again', async () => (await seatOf(1)).state === 'ready', 20000);
  const again = await client('ssh', ['-o', 'StrictHostKeyChecking=yes', login, 'cat kept.txt']);
  assert.equal(again.stdout.toString(), 'kept\n', again.stderr);
});

test('a closed class ends connections with a word, and lets nobody in', async () => {
  const running = client('ssh', [login, 'sleep 1000']);
  await sleep(1500);
  await ok('class', 'close', String(class1.id), '--yes');
  const ended = await running;
  assert.equal(ended.code, 255);
  assert.match(ended.stderr, /terakoya: (the class is over|.*gone|.*let go)/);
  const late = await client('ssh', [login, 'true']);
  assert.equal(late.code, 255);
});

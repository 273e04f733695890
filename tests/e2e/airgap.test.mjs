// The air gap: whatever a machine sends on its network, the host neither answers it nor takes it in nor passes it
// on, even with forwarding switched on and with frames addressed to the bridge itself. A network namespace stands
// in for the machine, so that it can be as rude as a guest's root may be.
//
// Each attempt is first made on a plain bridge, where it has to succeed: a test that cannot see a leak proves nothing.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, prepareHost, until } from './lab.mjs';

const PLAIN = 'airgapplain';
const GUARDED = 'tkf00d5e7';
const HOST = '192.0.2.1'; // of the host, on another interface
const HOST6 = '2001:db8:1::1';
const OUTSIDE = '198.51.100.2'; // of a neighbour that the host routes to
const FORWARD = '/proc/sys/net/ipv4/ip_forward';

const sh = (...argv) => execFileSync(argv[0], argv.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const quietly = (...argv) => { try { return sh(...argv); } catch { return ''; } };
const inside = (space, ...argv) => ['ip', 'netns', 'exec', space, ...argv];
const macOf = (name) => readFileSync(`/sys/class/net/${name}/address`, 'utf8').trim();

let holder;
let state;
const forwarded = readFileSync(FORWARD, 'utf8');

/** A namespace with a card in a bridge, which sends everything to the bridge's own hardware address. */
function plugIn(space, bridge, number = 2) {
  sh('ip', 'netns', 'add', space);
  sh('ip', 'link', 'add', `v-${space}`, 'type', 'veth', 'peer', 'name', 'card', 'netns', space);
  sh('ip', 'link', 'set', `v-${space}`, 'master', bridge, 'up');
  const ip = (...argv) => sh('ip', '-n', space, ...argv);
  ip('link', 'set', 'card', 'up');
  ip('link', 'set', 'lo', 'up');
  ip('address', 'add', `10.99.0.${number}/24`, 'dev', 'card');
  ip('neigh', 'add', '10.99.0.1', 'lladdr', macOf(bridge), 'dev', 'card');
  ip('route', 'add', 'default', 'via', '10.99.0.1');
  ip('address', 'add', `2001:db8:99::${number}/64`, 'dev', 'card', 'nodad');
  ip('neigh', 'add', '2001:db8:99::1', 'lladdr', macOf(bridge), 'dev', 'card');
  ip('-6', 'route', 'add', 'default', 'via', '2001:db8:99::1');
}

const LISTEN = `const s = require('dgram').createSocket(process.argv[1]);
s.on('message', () => { console.log('heard'); process.exit(0); });
s.bind(+process.argv[3], process.argv[2], () => console.log('ready'));
setTimeout(() => process.exit(3), 4000);`;
const SEND = `const s = require('dgram').createSocket(process.argv[1]); let n = 0;
const t = setInterval(() => { s.send('x', +process.argv[3], process.argv[2], () => {}); if (++n > 8) process.exit(0); }, 50);`;

/** Whether a datagram from the space reaches somebody who listens at the address (in another space, or the host). */
async function reaches(from, family, address, port, where = []) {
  const listener = spawn(...split([...where, process.execPath, '-e', LISTEN, family, address, String(port)]));
  let said = '';
  listener.stdout.on('data', (part) => (said += part));
  const ended = new Promise((done) => listener.on('exit', done));
  await until('the listener listens', () => said.includes('ready'), 5000, 20);
  quietly(...inside(from, process.execPath, '-e', SEND, family, address, String(port)));
  await new Promise((done) => setTimeout(done, 300));
  listener.kill();
  await ended;
  return said.includes('heard');
}

const split = (argv) => [argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] }];

/** Whether anybody on the segment answers ARP for the address. */
function answersArp(space, address) {
  quietly('ip', '-n', space, 'route', 'add', `${address}/32`, 'dev', 'card');
  quietly(...inside(space, process.execPath, '-e', SEND, 'udp4', address, '9'));
  const seen = sh('ip', '-n', space, 'neigh', 'show', address);
  quietly('ip', '-n', space, 'neigh', 'flush', 'dev', 'card', 'to', address);
  quietly('ip', '-n', space, 'route', 'del', `${address}/32`, 'dev', 'card');
  return seen.includes('lladdr');
}

function removeAll() {
  for (const space of ['ag-plain', 'ag-guest', 'ag-second', 'ag-out']) quietly('ip', 'netns', 'del', space);
  for (const link of [PLAIN, 'ag-own', 'ag-host']) quietly('ip', 'link', 'del', link);
}

before(async () => {
  await prepareHost();
  removeAll();
  state = mkdtempSync('/var/tmp/terakoya-airgap-');
  holder = spawn(path.join(build, 'tests/virt_try'), [state], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  holder.stdout.on('data', (part) => (said += part));
  await until('the network is made', () => said.includes('network ready') || said.includes('not ok'), 20000);
  assert.match(said, /network ready/);
  sh('ip', 'link', 'add', PLAIN, 'type', 'bridge');
  sh('ip', 'link', 'set', PLAIN, 'up');
  sh('ip', 'link', 'add', 'ag-own', 'type', 'bridge');
  sh('ip', 'link', 'set', 'ag-own', 'up');
  sh('ip', 'address', 'add', `${HOST}/32`, 'dev', 'ag-own');
  sh('ip', 'address', 'add', `${HOST6}/128`, 'dev', 'ag-own', 'nodad');
  sh('ip', 'netns', 'add', 'ag-out');
  sh('ip', 'link', 'add', 'ag-host', 'type', 'veth', 'peer', 'name', 'card', 'netns', 'ag-out');
  sh('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'ag-host');
  sh('ip', 'link', 'set', 'ag-host', 'up');
  sh('ip', '-n', 'ag-out', 'address', 'add', `${OUTSIDE}/24`, 'dev', 'card');
  sh('ip', '-n', 'ag-out', 'link', 'set', 'card', 'up');
  plugIn('ag-plain', PLAIN);
  plugIn('ag-guest', GUARDED);
  plugIn('ag-second', GUARDED, 3);
  // The host has a way back to the machines of both, so that only the guard can stand between.
  sh('ip', 'route', 'add', '10.99.0.0/24', 'dev', PLAIN);
  for (const each of ['all', PLAIN]) writeFileSync(`/proc/sys/net/ipv4/conf/${each}/rp_filter`, '0');
  writeFileSync(FORWARD, '1');
});

after(async () => {
  writeFileSync(FORWARD, forwarded);
  removeAll();
  if (holder) {
    const ended = new Promise((done) => holder.on('exit', done));
    holder.stdin.end();
    await ended;
  }
  if (state) rmSync(state, { recursive: true, force: true });
  assert.ok(!existsSync(`/sys/class/net/${GUARDED}`), 'the bridge is gone with its network');
});

test('the host answers no ARP request from a segment for an address of its own', () => {
  assert.equal(answersArp('ag-plain', HOST), true, 'on a plain bridge it does');
  assert.equal(answersArp('ag-guest', HOST), false);
});

test('the host takes in nothing that a machine addresses to the bridge itself', async () => {
  assert.equal(await reaches('ag-plain', 'udp4', HOST, 19001), true, 'on a plain bridge it does');
  assert.equal(await reaches('ag-guest', 'udp4', HOST, 19002), false);
});

test('the host takes in no IPv6 either', async () => {
  assert.equal(await reaches('ag-plain', 'udp6', HOST6, 19003), true, 'on a plain bridge it does');
  assert.equal(await reaches('ag-guest', 'udp6', HOST6, 19004), false);
});

test('the host forwards nothing from a segment, although it forwards for others', async () => {
  assert.equal(await reaches('ag-plain', 'udp4', OUTSIDE, 19005, inside('ag-out')), true, 'from a plain bridge it does');
  assert.equal(await reaches('ag-guest', 'udp4', OUTSIDE, 19006, inside('ag-out')), false);
});

test('two machines of one segment reach each other', async () => {
  assert.equal(await reaches('ag-guest', 'udp4', '10.99.0.3', 19007, inside('ag-second')), true);
});

// What clones of one template may not share, reach or change, seen from inside them and from beside them.
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { bake, closeAll, Daemon, instanceTag, openClass, prepareHost, Terminal, virsh } from './lab.mjs';
import { shell } from './seat.mjs';

const daemon = new Daemon();
let view;
let terminals;

before(async () => {
  await prepareHost();
  await daemon.start();
  await closeAll();
  await bake();
  view = await openClass(4, { name: 'twins' });
  terminals = await Promise.all(view.seat.map((seat) => shell(seat)));
}, { timeout: 900000 });

after(async () => {
  await Promise.all((terminals ?? []).map((terminal) => terminal.close()));
  await closeAll();
  await daemon.stop();
});

const everywhere = (command) => Promise.all(terminals.map(async (terminal) => (await terminal.run(command)).trim()));
const distinct = (values, what) => assert.equal(new Set(values).size, values.length, `${what}: ${values.join(' | ')}`);
const pids = (pattern) => readdirSync('/proc').filter((name) => {
  try { return /^\d+$/.test(name) && pattern.test(readFileSync(`/proc/${name}/cmdline`, 'latin1')); } catch { return false; }
});

test('clones have their own random numbers, machine-id and host keys', { timeout: 60000 }, async () => {
  const uuids = (await everywhere('cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid')).flatMap((s) => s.split('\n'));
  assert.equal(uuids.length, 8);
  distinct(uuids, 'uuids');
  distinct(await everywhere('head -c 16 /dev/urandom | od -An -tx1'), 'urandom');
  distinct(await everywhere('cat /etc/machine-id'), 'machine-id');
  const keys = await everywhere('cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub');
  for (const key of keys) assert.match(key, /^AAAA/);
  distinct(keys, 'host keys');
});

test('clones have the right time, and the same name and address', { timeout: 60000 }, async () => {
  for (const terminal of terminals) {
    const before = Date.now();
    const inside = Number((await terminal.run('date +%s%3N')).trim());
    assert.ok(inside > before - 1500 && inside < Date.now() + 1500, `${inside - before} ms off`);
  }
  assert.deepEqual(new Set(await everywhere('hostname')), new Set(['desk']));
  assert.equal(new Set(await everywhere('ip -4 -o addr show scope global')).size, 1);
});

/** Opens for writing as root, who may more than QEMU's user; says with what error the write failed. */
function tryToWrite(path) {
  const outcomes = [];
  let fd;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    return [error.code];
  }
  for (const harm of [() => writeSync(fd, Buffer.from('evil'), 0, 4, 4096), () => ftruncateSync(fd, 0)]) {
    try {
      harm();
      outcomes.push('done');
    } catch (error) {
      outcomes.push(error.code);
    }
  }
  closeSync(fd);
  return outcomes;
}

test("nobody can write the template's RAM: not through a clone, not through its holder", { timeout: 60000 }, async () => {
  const tag = await instanceTag();
  const clones = pids(new RegExp(`guest=${tag}-c${view.id}-s\\d+-desk-`));
  const holders = pids(/^terakoya-holder/).filter((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(daemon.pid));
  assert.equal(clones.length, 4);
  assert.equal(holders.length, 2, 'one for each template');
  const doors = [];
  for (const pid of [...clones, ...holders])
    for (const door of readdirSync(`/proc/${pid}/fd`)) doors.push(`/proc/${pid}/fd/${door}`);
  for (const door of readdirSync(`/proc/${clones[0]}/map_files`)) doors.push(`/proc/${clones[0]}/map_files/${door}`);
  const sealed = doors.filter((door) => { try { return readlinkSync(door).includes('terakoya-ram'); } catch { return false; } });
  for (const holder of holders)
    assert.ok(sealed.some((door) => door.startsWith(`/proc/${holder}/`)), `the holder ${holder} has it`);
  assert.ok(sealed.length >= 2, `clones have it: ${sealed}`);
  for (const door of sealed)
    for (const outcome of tryToWrite(door)) assert.match(outcome, /EPERM|EACCES/, `${door}: ${outcome}`);
  for (const pid of clones)
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').filter((text) => text.includes('terakoya-ram')))
      assert.match(line, / r[w-].p /, `mapped privately: ${line}`);
});

test('a machine has no way to the host, to another seat or out, whatever root inside does', { timeout: 180000 }, async () => {
  const [rude, other] = terminals;
  assert.equal((await rude.run('ip route show default; ip -6 route show default')).trim(), '');
  const tag = await instanceTag();
  const network = (await virsh('net-list', '--name')).split('\n').map((name) => name.trim()).find((name) => name.startsWith(`${tag}-c${view.id}-s01-`));
  const bridge = /<bridge name='([^']+)'/.exec(await virsh('net-dumpxml', network))[1];
  const mac = readFileSync(`/sys/class/net/${bridge}/address`, 'utf8').trim();
  const card = (await rude.run("ip -o link | awk -F': ' '$2 != \"lo\" {print $2; exit}'")).trim();
  const root = (command) => rude.run(`sudo sh -c '${command}'`, 60000);
  await root(`ip neigh replace 10.10.0.1 lladdr ${mac} dev ${card}; ip route replace default via 10.10.0.1 onlink`);
  await root(`ip -6 neigh replace fe80::1 lladdr ${mac} dev ${card}; ip -6 route replace default via fe80::1 dev ${card}`);
  const hosts = Object.values(os.networkInterfaces()).flat().filter((each) => !each.internal && !each.address.startsWith('fe80'));
  assert.ok(hosts.length > 0, 'the host has an address to be reached at');
  const tries = [...hosts.map((each) => each.address), '192.0.2.1', '2001:db8::1', `fe80::1%${card}`];
  const said = await root(`for to in ${tries.join(' ')}; do ping -n -c 2 -i 0.2 -W 1 $to 2>&1 & done; wait`);
  assert.equal(said.match(/0 received|unreachable|not permitted/gi)?.length >= tries.length, true, said);
  assert.doesNotMatch(said, /bytes from/, said);
  // Everybody on the link, by multicast and by broadcast: only the seat's own machines may answer.
  const beside = await new Terminal(view.seat[0].machines[1].id).open();
  await beside.prompt();
  const addresses = (await Promise.all([rude, beside].map((each) => each.run(`ip -o addr show dev ${card}`)))).join(' ');
  const own = addresses.match(/fe80[0-9a-f:]+|10\.10\.0\.\d+(?=\/)/g);
  await beside.close();
  const all = await root(`ping -n -c 2 -i 0.2 -W 1 -I ${card} ff02::1 2>&1; ping -n -b -c 2 -i 0.2 -W 1 10.10.0.255 2>&1`);
  for (const [, from] of all.matchAll(/bytes from ([0-9a-f:.]+?)(%\w+)?:? /g)) assert.ok(own.includes(from), `${from} answered: ${all}`);
  // Seat 2 takes an address that nobody else has, and is not found from seat 1.
  await other.run(`sudo ip addr add 10.10.0.77/24 dev ${card}`);
  assert.match(await other.run('ping -n -c 1 -W 1 10.10.0.77'), /1 received/, 'ping works at all');
  const across = await root('ping -n -c 2 -i 0.2 -W 1 10.10.0.77 2>&1');
  assert.match(across, /0 received/, across);
});

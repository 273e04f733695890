// src/virt alone, on real machines: bakes a template and clones it, tries to write the template's RAM through the clone,
// resets, switches off, boots again, removes. tests/e2e/virt_try.c does the work; each line of it is a test here.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Daemon, build, ok, prepareHost, state, until, virsh } from './lab.mjs';

const run = promisify(execFile);

/** The newest image of the name, built by a daemon when there is none. */
async function image(name) {
  const all = path.join(state, 'images');
  const find = () =>
    (existsSync(all) ? readdirSync(all) : [])
      .map((entry) => path.join(all, entry))
      .filter((dir) => path.basename(dir).startsWith(name) && existsSync(path.join(dir, 'image.json')))
      .map((dir) => ({ dir, ...JSON.parse(readFileSync(path.join(dir, 'image.json'), 'utf8')) }))
      .sort((a, b) => b.built_at - a.built_at)[0];
  if (find()) return find();
  const daemon = await new Daemon().start();
  try {
    await ok('image', 'build', name);
  } finally {
    await daemon.stop();
  }
  return find();
}

test('machines are baked, cloned, reset and removed through libvirt', async (t) => {
  await prepareHost();
  const { dir, cmdline } = await image('debian-13');
  const scratch = mkdtempSync('/var/tmp/terakoya-virt-');
  chmodSync(scratch, 0o711); // libvirt's QEMU user has to pass
  try {
    const { stdout } = await run(
      path.join(build, 'tests/virt_try'),
      [scratch, ...['vmlinuz', 'initrd', 'disk.qcow2'].map((file) => path.join(dir, file)), cmdline, '10'],
      { timeout: 900000 },
    ).catch((error) => error);
    const lines = (stdout ?? '').split('\n').filter((line) => /^(not )?ok /.test(line));
    assert.match(stdout ?? '', /^1\.\.\d+$/m, `virt_try came to no end:\n${stdout}`);
    for (const line of lines)
      await t.test(line.replace(/^.*? - /, ''), () => assert.match(line, /^ok /, stdout));
    assert.ok(!(await virsh('list', '--all', '--name')).includes('tk-f00d5e-'), 'nothing is left behind');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

test('a kernel costs no machine memory of its own: QEMU is given the loader, and finds the kernel with the initrd', async () => {
  const { dir } = await image('debian-13');
  assert.equal(statSync(path.join(dir, 'vmlinuz')).size, statSync(path.join(build, 'terakoya-loader')).size);
  assert.equal(readFileSync(path.join(dir, 'initrd')).subarray(0x202, 0x206).toString(), 'HdrS');
});

test('the loader says on the serial line that there is no kernel', async () => {
  const scratch = mkdtempSync('/tmp/terakoya-loader-');
  try {
    const initrd = path.join(scratch, 'initrd');
    writeFileSync(initrd, Buffer.alloc(65536));
    const qemu = spawn('qemu-system-x86_64', ['-accel', 'tcg', '-m', '64', '-display', 'none', '-nodefaults', '-serial',
      'stdio', '-kernel', path.join(build, 'terakoya-loader'), '-initrd', initrd], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    qemu.stdout.on('data', (bytes) => (said += bytes));
    try {
      await until('the loader spoke', () => said.includes('there is no kernel at the head of the initrd'), 60000);
    } finally {
      qemu.kill();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

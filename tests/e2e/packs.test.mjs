// Two versions of one course live side by side on real machines, each with a template of its own; and a lab on fresh
// machines is asked for before anything is lost. The tests go in order.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packEntries, packFiles, tarGz } from '../func/archive.mjs';
import { api, chromium, closeAll, Daemon, instanceTag, json, ok, prepareHost, root, state, until, virsh } from './lab.mjs';
import { join, person } from './page.mjs';
import { reset, seatOf, shell } from './seat.mjs';

let browser;
before(async () => (browser = await chromium()));
after(() => browser?.close());

const MOTTO = { '1.0.0': 'Leave nothing to chance.', '2.0.0': 'Leave something to others.' };

/** A course whose machine says by its motto which version made it, with a lab that begins on fresh machines. The first
 *  version's machine is that of every new pack: another test may have baked it. */
function twins(version) {
  const files = packFiles({ id: 'twins', version });
  files['course.xml'] = files['course.xml'].replace('<user name="student"/>', '<user name="student" sudo="true"/>')
    .replace('</machine>', '<setup script="environment/desk.sh"/></machine>')
    .replace('</day>', '<lab ref="anew" minutes="20"/></day>');
  files['environment/desk.sh'] = readFileSync(path.join(root, 'src/cli/skeleton/environment/desk.sh'), 'utf8')
    .replace(MOTTO['1.0.0'], MOTTO[version]);
  for (const lang of ['en', 'ja']) files[`anew/guide.${lang}.md`] = files[`greeting/guide.${lang}.md`];
  files['anew/lab.xml'] = files['greeting/lab.xml'].replace('id="greeting"', 'id="anew" fresh="true"').replaceAll('Say hello', 'Begin anew');
  return tarGz(packEntries(files, 'twins', version));
}

describe('two versions of one course', { timeout: 600000 }, () => {
  const daemon = new Daemon(), made = {}, keys = {};
  const remove = () => Promise.all(['1.0.0', '2.0.0'].map((version) => api('DELETE', `/packs/twins/${version}`)));

  before(async () => {
    await prepareHost();
    await daemon.start();
    await closeAll();
    await remove();
    await until('libvirtd answers', async () => (await api('GET', '/host')).body.libvirt, 20000);
    for (const version of ['1.0.0', '2.0.0']) {
      const file = path.join(state, `twins-${version}.tar.gz`);
      writeFileSync(file, twins(version));
      await ok('pack', 'import', file);
      rmSync(file);
      await ok('template', 'bake', 'twins', '--version', version);
      made[version] = await json('class', 'create', 'twins', '--version', version, '--seats', '1');
      await ok('class', 'launch', String(made[version].id), '--untested', '--no-wait');
    }
    for (const { key, version, course } of (await api('GET', '/templates')).body)
      if (course === 'twins') keys[version] = key;
  });
  after(async () => {
    await closeAll();
    await remove();
    await daemon.stop();
  });

  const seat = async (version) => (await json('class', 'show', String(made[version].id))).seat[0];
  const ready = (version) => until('the seat is ready', async () => {
    const one = await seat(version);
    return one.state === 'ready' && one;
  }, 120000);
  /** What the machine itself says, and which template's disk it stands on. */
  async function machineOf(version) {
    const terminal = await shell(await ready(version));
    const said = (await terminal.run('cat /srv/office/motto')).trim();
    await terminal.close();
    const [machine] = (await seatOf((await seat(version)).id)).machines;
    const domains = (await virsh('list', '--name')).split('\n').map((one) => one.trim());
    // A reset makes the next generation before it removes the last one.
    const name = domains.filter((one) => one.startsWith(`${tag}-c${made[version].id}-s01-desk-g`)).sort().at(-1);
    const xml = await virsh('dumpxml', name);
    return { said, of: Object.keys(keys).filter((one) => xml.includes(keys[one])), machine, name };
  }
  let tag, earlier;

  test('each class has the machines of its own version', async () => {
    tag = await instanceTag();
    assert.notEqual(keys['1.0.0'], keys['2.0.0']);
    for (const version of ['1.0.0', '2.0.0']) {
      const { said, of } = await machineOf(version);
      assert.deepEqual([said, of], [MOTTO[version], [version]]);
    }
  });

  test('a class keeps its version when another is activated and the daemon starts anew', async () => {
    await ok('pack', 'activate', 'twins', '1.0.0');
    await ok('pack', 'activate', 'twins', '2.0.0');
    earlier = await machineOf('1.0.0');
    await daemon.stop();
    await daemon.start();
    const now = await machineOf('1.0.0');
    assert.equal((await json('class', 'show', String(made['1.0.0'].id))).version, '1.0.0');
    assert.deepEqual([now.said, now.of, now.name], [MOTTO['1.0.0'], ['1.0.0'], earlier.name]);
  });

  test('and a reset of its seat clones from its own template', async () => {
    await reset((await seat('1.0.0')).id, 60000);
    const now = await machineOf('1.0.0');
    assert.notEqual(now.name, earlier.name);
    assert.deepEqual([now.said, now.of], [MOTTO['1.0.0'], ['1.0.0']]);
  });

  test('a student is asked before a lab begins on fresh machines, and the old ones are gone then', async () => {
    const { page } = await person(browser);
    const file = async (command) => {
      const terminal = await shell(await ready('2.0.0'));
      const said = (await terminal.run(command)).trim();
      await terminal.close();
      return said;
    };
    await join(page, daemon.url, made['2.0.0'].code, 'Aiko');
    await page.getByRole('button', { name: 'Start this lab' }).click();
    await page.getByRole('group', { name: 'Why?' }).waitFor();
    await file('echo mine >~/mine');
    await page.getByRole('button', { name: /Begin anew/ }).click();
    await page.getByText('what is in yours now is lost').waitFor();
    const one = await seat('2.0.0');
    const unasked = await api('POST', `/seats/${one.id}/labs/anew/open`, {});
    assert.equal(unasked.status, 409, 'the API asks, too');
    assert.match(unasked.body.detail, /fresh machines.*lost/);
    const button = page.getByRole('button', { name: 'Reset and start this lab' });
    const question = page.getByRole('dialog', { name: 'Start “Begin anew” on fresh machines?' });
    await button.click();
    await question.getByText('Everything in desk is lost').waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await file('cat ~/mine'), 'mine');
    await button.click();
    await question.getByRole('button', { name: 'Reset and start this lab' }).click();
    await page.getByRole('group', { name: 'Why?' }).waitFor({ timeout: 60000 });
    assert.match(await file('cat ~/mine'), /No such file/);
    assert.equal(await file('cat /srv/office/motto'), MOTTO['2.0.0']);
    assert.equal((await seat('2.0.0')).lab, 'anew');
  });
});

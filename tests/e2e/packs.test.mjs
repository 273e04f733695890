// An admin installs a course on the courses' page. The daemon is real, machines are not needed.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import path from 'node:path';
import { Daemon, root } from '../func/daemon.mjs';
import { packArchive, packEntries, packFiles, tarGz } from '../func/archive.mjs';
import { chromium } from './lab.mjs';
import { person } from './page.mjs';

let daemon, browser, page;
before(async () => {
  daemon = await Daemon.start({ web: path.join(root, 'build/web') });
  await daemon.account('admin', 'admin');
  browser = await chromium();
  ({ page } = await person(browser));
  await page.goto(`http://127.0.0.1:${daemon.port}/sign-in`);
  await page.getByLabel('Login').fill('admin');
  await page.getByLabel('Password').fill('admin-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Courses' }).click();
});
after(async () => {
  await browser?.close();
  await daemon?.stop();
});

const choose = (buffer) => page.getByLabel("A pack's archive").setInputFiles({ name: 'hello.tar.gz', mimeType: 'application/gzip', buffer });

test('what is wrong with a pack is shown with file and line, and a mended one is installed', async () => {
  const files = packFiles();
  files['course.xml'] = files['course.xml'].replace('network="office" address', 'network="offce" address');
  await choose(tarGz(packEntries(files)));
  await page.getByText('course.xml:8').waitFor();
  await page.getByText('there is no network offce', { exact: false }).first().waitFor();
  await choose(packArchive());
  await page.getByText('hello 1.0.0 is installed.').waitFor();
  await page.getByRole('heading', { name: 'Hello 1.0.0' }).waitFor();
  assert.equal(await page.getByText('course.xml:8').count(), 0);
});

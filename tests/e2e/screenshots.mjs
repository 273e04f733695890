// The pictures of docs/students.md, into docs/images: run by `make screenshots`.
import path from 'node:path';
import { Daemon } from '../func/daemon.mjs';
import { build, chromium, root } from './lab.mjs';

const SIZE = { width: 1000, height: 640 };

const daemon = await Daemon.start({ web: path.join(build, 'web') });
const browser = await chromium();
for (const language of ['en', 'ja']) {
  const context = await browser.newContext({ viewport: SIZE, reducedMotion: 'reduce' });
  await context.addInitScript((spoken) => {
    localStorage.setItem('terakoya.language', spoken);
    localStorage.setItem('terakoya.theme', 'light');
  }, language);
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await page.locator('#code').waitFor();
  await page.screenshot({ path: path.join(root, `docs/images/join-${language}.png`) });
  await page.goto(`http://127.0.0.1:${daemon.port}/check`);
  await page.locator('.check-verdict:not(.running)').waitFor();
  await page.screenshot({ path: path.join(root, `docs/images/check-${language}.png`) });
  await context.close();
}
await browser.close();
await daemon.stop();

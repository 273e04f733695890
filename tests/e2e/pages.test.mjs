// Every page in Chromium, on a daemon without machines: nothing that axe-core finds wrong (WCAG 2.2 AA), in both
// languages and both colours; no page wider than its window, on a small laptop and with 200 % zoom; and what the first
// load weighs and takes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon, launchedClass, until } from '../func/daemon.mjs';
import { build, chromium, root } from './lab.mjs';
import { dressed } from './page.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const LOOKS = [['en', 'light'], ['en', 'dark'], ['ja', 'dark'], ['ja', 'light']];
const LAPTOP = { width: 1366, height: 768 };
/** What 200 % zoom leaves of it: the layout sees half of each side. */
const ZOOMED = { width: 683, height: 384 };
const FIRST_LOAD_BYTES = 300_000; // compressed; requests and their headers come on top
/** The best of three loads, on loopback; of more while none is, on a host that has much to do. */
const FIRST_PAINT_MS = 1000;

let daemon, browser, sessions, classes, seat, code;

/** The patterns of app.js's tables, and those that it matches by hand. */
function routes() {
  const text = readFileSync(path.join(root, 'web/components/app.js'), 'utf8');
  const listed = [...text.matchAll(/\["(\/[^"]*)", \w+Page\]/g)].map((found) => found[1]);
  const matched = [...text.matchAll(/path\.value === "(\/[^"]*)"|match\("(\/[^"]*)"/g)].map((found) => found[1] ?? found[2]);
  return [...new Set([...listed, ...matched])];
}

/** Who looks at which address of each pattern. A new page has to be added here. */
const VISITS = {
  '/': [['nobody', () => '/']],
  '/sign-in': [['nobody', () => '/sign-in']],
  '/check': [['nobody', () => '/check']],
  '/j/:token': [['nobody', () => '/j/00000000000000000000000000000000']],
  '/join/:code': [['nobody', () => '/join/hoshi-742'], ['student', () => '/join/hoshi-742']],
  '/classes': [['admin', () => '/classes']],
  '/classes/:id/wall': [['admin', () => `/classes/${classes.live}/wall`]],
  '/classes/new': [['admin', () => '/classes/new']],
  '/classes/:id': ['draft', 'live', 'closed'].map((state) => ['admin', () => `/classes/${classes[state]}`]),
  '/classes/:id/results': ['live', 'closed'].map((state) => ['admin', () => `/classes/${classes[state]}/results`]),
  '/classes/:id/certificates': [['admin', () => `/classes/${classes.live}/certificates`]],
  '/results': [['observer', () => '/results']],
  '/verify': [['nobody', () => '/verify']],
  '/verify/:code': [['nobody', () => `/verify/${code}`], ['nobody', () => '/verify/2222-2222-2222']],
  '/classes/:id/cards': [['admin', () => `/classes/${classes.draft}/cards`]],
  '/packs': [['admin', () => '/packs']],
  '/packs/:course/:version': [['admin', () => '/packs/linux-intro/1.0.0']],
  '/packs/:course/:version/:lab': [['admin', () => '/packs/linux-intro/1.0.0/first-steps']],
  '/images': [['admin', () => '/images']],
  '/host': [['admin', () => '/host']],
  '/design': [['admin', () => '/design']],
  '/audit': [['admin', () => '/audit']],
  '/people': [['admin', () => '/people']],
  '/settings': [['admin', () => '/settings']],
  '/seats/:id': [['student', () => `/seats/${seat}`], ['admin', () => `/seats/${seat}`]],
};

before(async () => {
  daemon = await Daemon.start({ web: path.join(build, 'web') });
  const admin = await daemon.account('ada', 'admin');
  const close = async (id) => {
    await daemon.as(admin, 'POST', `/classes/${id}/close`);
    await until(async () => (await daemon.as(admin, 'GET', `/classes/${id}`)).json.state === 'closed', 60000);
  };
  const closed = await launchedClass(daemon, admin, ['Mio']);
  await close(closed.id);
  const live = await launchedClass(daemon, admin, [{ name: 'Aoi', organisation: 'Sakura Bank', mail: 'aoi@sakura.example' },
    { name: 'Ren' }, { name: 'Sora', language: 'ja' }]);
  const draft = (await daemon.as(admin, 'POST', '/classes', { course: 'linux-intro', seats: 2 })).json;
  const student = await daemon.join(live.code, 'Aoi');
  seat = student.seat;
  await daemon.as(student, 'POST', `/seats/${seat}/hand`, { raised: true });
  classes = { draft: draft.id, live: live.id, closed: closed.id };
  const certificates = (await daemon.as(admin, 'POST', `/classes/${live.id}/certificates`, { seats: [{ seat }],
    begins: '2026-06-09', ends: '2026-06-10', minutes: 390 })).json;
  code = certificates.certificates[0].code;
  const [bank] = (await daemon.as(admin, 'GET', '/organisations')).json;
  await daemon.local('PUT', '/accounts/oba', { name: 'oba', role: 'observer', password: 'oba-password', organisation: bank.id });
  sessions = { admin, student, observer: await daemon.signIn('oba', 'oba-password') };
  browser = await chromium();
}, { timeout: 180000 });

after(async () => {
  await browser?.close();
  await daemon?.stop();
});

const url = (address) => `http://127.0.0.1:${daemon.port}${address}`;

/** A browser of somebody's, with a language and colours chosen. */
async function open(who, [language, theme], viewport = LAPTOP) {
  const context = await browser.newContext({ viewport, locale: 'en-GB', reducedMotion: 'reduce' });
  context.setDefaultTimeout(20000);
  await context.addInitScript(([spoken, colours]) => {
    localStorage.setItem('terakoya.language', spoken);
    localStorage.setItem('terakoya.theme', colours);
  }, [language, theme]);
  if (sessions[who]) {
    const [name, value] = sessions[who].cookie.split('=');
    await context.addCookies([{ name, value, url: url('/') }]);
  }
  return { context, page: await context.newPage() };
}

/** Everything has been loaded (a browser drops what is on its way when a network comes or goes, and the page then loads
 * itself again), and nothing is under way. */
async function settled(page) {
  await page.waitForFunction(() => document.querySelector('main h1, main .workspace, main .class-live, main form, main table') &&
    !document.querySelector('main [aria-busy=true], .check-verdict.running'));
  await page.waitForFunction(dressed);
  await page.evaluate(() => document.fonts.ready);
}

async function visits(look, viewport, visit) {
  const wrong = [];
  for (const who of ['nobody', 'student', 'observer', 'admin']) {
    const { context, page } = await open(who, look, viewport);
    const addresses = Object.values(VISITS).flat().filter(([one]) => one === who).map(([, address]) => address());
    for (const address of [...addresses, ...(who === 'admin' ? ['/nowhere'] : [])]) {
      await page.goto(url(address));
      await settled(page);
      wrong.push(...(await visit(page)).map((what) => `${address} for ${who}: ${what}`));
    }
    await context.close();
  }
  return wrong;
}

/** In the page. xterm.js's own inside is not ours; its help for screen readers is tried with a screen reader. */
const examine = (tags) => window.axe.run({ exclude: ['.xterm'] }, { runOnly: tags, resultTypes: ['violations'] }).then((result) =>
  result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')} ${node.failureSummary.split('\n')[1] ?? ''}`)));

test('a computer on which everything works is told so before the class, and on paper', async () => {
  const { context, page } = await open('nobody', LOOKS[0]);
  await page.goto(url('/'));
  await page.getByRole('link', { name: 'Try this computer and its network' }).click();
  await page.getByText('Everything works.').waitFor();
  assert.match(await page.getByLabel('For the IT department').last().textContent(), /TCP port \d+[^]*WebSocket[^]*All of this works now/);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false);
  await context.close();
});

test('every page that there is has its visit here', () => {
  assert.deepEqual(routes().sort(), Object.keys(VISITS).sort());
});

/** In the page: its own buttons, which the projector's view hides. */
function press([language, theme]) {
  const root = document.documentElement;
  if (root.lang !== language) document.querySelector('header button[lang]').click();
  for (let i = 0; i < 3 && root.dataset.theme !== theme; i++) document.querySelector('header button.icon').click();
  return [root.lang, root.dataset.theme];
}

/** In the page: colours on their way from one light to the other. */
const faded = () => Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity)
  .map((one) => one.finished.catch(() => {})));

test('axe-core finds nothing wrong on any page, in both languages and both colours', { timeout: 400000 }, async (t) => {
  let runs = 0;
  const wrong = await visits(LOOKS[0], LAPTOP, async (page) => {
    const found = [];
    await page.evaluate(AXE);
    for (const look of LOOKS) {
      await until(async () => `${await page.evaluate(press, look)}` === `${look}`);
      await settled(page);
      await page.evaluate(faded);
      found.push(...(await page.evaluate(examine, TAGS)).map((what) => `${look.join(' ')}: ${what}`));
      runs++;
    }
    return found;
  });
  t.diagnostic(`${runs} runs of axe-core`);
  assert.deepEqual(wrong, []);
});

test('? lists the keys, and they work', async () => {
  const { context, page } = await open('student', LOOKS[0]);
  await page.goto(url(`/seats/${seat}`));
  await settled(page);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.getByText('check the task whose turn it is').waitFor();
  await page.evaluate(AXE);
  assert.deepEqual(await page.evaluate(examine, TAGS), []);
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'hidden' });
  const size = () => page.evaluate(() => localStorage.getItem('terakoya.terminal-size'));
  await page.keyboard.press('Control+Shift+Period');
  assert.equal(await size(), '16');
  await page.getByRole('button', { name: 'Another shell' }).click();
  const front = () => page.locator('.terminal [role=tab][aria-selected=true]').textContent();
  await until(async () => / 2$/.test(await front()));
  await page.keyboard.press('Control+Shift+ArrowRight');
  await until(async () => !/ 2$/.test(await front()));
  const inside = () => page.evaluate(() => !!document.activeElement.closest('.terminal-view'));
  await page.locator('.terminal-view:not([hidden]) textarea').focus();
  await page.keyboard.press('Control+Shift+L');
  await until(async () => !(await inside()));
  await page.keyboard.press('Control+Shift+L');
  await until(inside);
  await page.keyboard.press('Control+Shift+ArrowLeft');
  await until(async () => / 2$/.test(await front()), 5000);
  const splitter = page.getByRole('separator', { name: 'Width of the guide' });
  const wide = Number(await splitter.getAttribute('aria-valuenow'));
  await splitter.focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(Number(await splitter.getAttribute('aria-valuenow')), wide + 2);
  await context.close();
});

/** In the page: what is wider than the window, and which buttons lie upon each other. */
function crowded() {
  const wide = document.documentElement.scrollWidth - innerWidth;
  const found = wide > 0 ? [`wider than the window by ${wide} px`] : [];
  const hits = [...document.querySelectorAll('header button, header a, main button')].filter((one) => {
    const box = one.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (!box.width || x < 0 || y < 0 || x > innerWidth || y > innerHeight) return false;
    for (let frame = one.parentElement; frame; frame = frame.parentElement) {
      const clip = frame.getBoundingClientRect(); // what a pane has scrolled away is not covered
      if (getComputedStyle(frame).overflow !== 'visible' && (x < clip.left || x > clip.right || y < clip.top || y > clip.bottom)) return false;
    }
    const top = document.elementFromPoint(x, y);
    return top && !one.contains(top) && !top.contains(one);
  });
  return [...found, ...hits.map((one) => `covered: ${one.textContent.trim() || one.getAttribute('aria-label')}`)];
}

for (const [size, viewport] of [['a laptop of 1366 x 768', LAPTOP], ['200 % zoom on it', ZOOMED]]) {
  test(`no page is wider than its window, and no button is covered: ${size}`, { timeout: 120000 }, async () => {
    assert.deepEqual(await visits(['ja', 'light'], viewport, (page) => page.evaluate(crowded)), []);
  });
}

test('a style sheet that was lost on its way is asked for again, and what was typed meanwhile stays', async () => {
  const { context, page } = await open('nobody', LOOKS[0]);
  let asked = 0;
  await page.route('**/styles/front.css', (route) => (asked++ < 3 ? route.abort('connectionreset') : route.continue()));
  await page.goto(url('/'));
  await page.getByLabel('Class code').fill('HOSHI-742');
  await settled(page);
  assert.equal(await page.getByLabel('Class code').inputValue(), 'HOSHI-742');
  assert.equal(asked, 4);
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('link[rel=stylesheet]')].map((one) => one.getAttribute('href')).slice(-2)),
    ['/styles/message.css', '/styles/design.css'], 'their order holds');
  await context.close();
});

test('the first load is light, and painted at once', async (t) => {
  const paints = [];
  let bytes = 0, all = 0;
  const painted = () => Math.min(...paints) < FIRST_PAINT_MS;
  for (let i = 0; i < 3 || (i < 8 && !painted()); i++) {
    const { context, page } = await open('nobody', LOOKS[0]);
    const client = await context.newCDPSession(page);
    bytes = all = 0;
    await client.send('Network.enable');
    client.on('Network.dataReceived', (event) => (bytes += event.encodedDataLength));
    client.on('Network.loadingFinished', (event) => (all += event.encodedDataLength));
    await page.goto(url('/'), { waitUntil: 'networkidle' });
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
    await context.close();
  }
  t.diagnostic(`first load ${(bytes / 1000).toFixed(0)} kB, with its headers ${(all / 1000).toFixed(0)} kB; first contentful paint ${paints.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  assert.ok(bytes < FIRST_LOAD_BYTES, `${bytes} bytes`);
  assert.ok(painted(), `painted after ${paints} ms`);
});

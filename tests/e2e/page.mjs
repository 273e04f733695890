// People at their browsers: what they see, press and type, by the names that are on the page. And people at a
// terminal of the host.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { artifacts, build, state, until } from './lab.mjs';

/** Browsers complain into their console; a person would not see it, so a test has to. */
export const complaints = [];

/** The pages that people have open: what they show is told when a test fails. */
const open = new Set();

async function tell(test) {
  if (!test.error) return;
  for (const page of open) {
    const shown = await page.locator('body').innerText({ timeout: 2000 }).catch((error) => String(error));
    console.log(`at the failure: ${page.url()}: ${shown.replace(/\s+/g, ' ').slice(0, 600)}`);
  }
  for (const line of complaints.slice(-5)) console.log(`at the failure: browser: ${line}`);
}

// Figures and pictures are no tests.
if (process.env.NODE_TEST_CONTEXT) (await import('node:test')).afterEach(tell);

/** A person with a browser profile of their own. */
export async function person(browser, { locale = 'en-GB', viewport = { width: 1440, height: 900 } } = {}) {
  const context = await browser.newContext({ locale, viewport, timezoneId: 'Asia/Tokyo' });
  context.setDefaultTimeout(30000);
  const page = await context.newPage();
  listen(page);
  return { context, page };
}

/** Another tab of the same profile. */
export async function tab(context) {
  const page = await context.newPage();
  listen(page);
  return page;
}

/** In the page: every style sheet has come. One that failed is there, too, but its rules cannot be read. */
export function dressed() {
  try {
    return [...document.querySelectorAll('link[rel=stylesheet]')].every((one) => one.sheet?.cssRules.length > 0);
  } catch {
    return false;
  }
}

/**
 * Opens an address and waits until the page is whole: a browser drops what is on its way when a network comes or goes,
 * and the page then loads itself again, with what was typed into it lost.
 */
export async function visit(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('main h1, main form, main .workspace'));
  await page.waitForFunction(dressed);
}

/** An account of the staff comes in. */
export async function signIn(page, url, login, password) {
  await visit(page, url);
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A student comes in by the class's code. */
export async function join(page, url, code, name) {
  await visit(page, url);
  await page.getByLabel('Class code').fill(code);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Join' }).click();
}

function listen(page) {
  open.add(page);
  page.on('close', () => open.delete(page));
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()} ${message.location().url ?? ''}`);
  });
}

/** The task of that title in the open lab. */
export const task = (page, title) => page.getByRole('group', { name: title });

/** The cell of a seat and a task in the instructor's matrix: what it says. */
export async function cell(page, seat, title) {
  const head = page.getByRole('row').filter({ has: page.getByRole('button', { name: seat }) });
  return head.getByTitle(title).getAttribute('aria-label');
}

/** The terminal that is in front on a page. */
export class Screen {
  constructor(page, within = page) {
    this.page = page;
    this.within = within.locator('.terminal-view:not([hidden])');
  }

  /** What is in view, line by line. */
  async lines() {
    const rows = await this.within.locator('.xterm-rows > div').allTextContents();
    return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd());
  }

  async text() {
    return (await this.lines()).join('\n').trimEnd();
  }

  sees(text, ms = 30000) {
    return until(`the terminal shows ${text}`, async () => {
      const shown = await this.text();
      return (text instanceof RegExp ? text.test(shown) : shown.includes(text)) && shown;
    }, ms, 50);
  }

  /** Waits for a shell that listens: nothing on the last line but its prompt. */
  prompt(ms = 30000) {
    return until('a prompt', async () => {
      const shown = await this.text();
      return /[~\w]\$$/.test(shown.split('\n').at(-1)) && shown;
    }, ms, 50);
  }

  focus() {
    return this.within.locator('.xterm-screen').click();
  }

  /** Types a line key by key, as fingers do, and presses Enter when it stands there. */
  async type(line) {
    await this.page.keyboard.type(line, { delay: 2 });
    const tail = line.slice(-12);
    await until(`"${tail}" is echoed`, async () => (await this.text()).replaceAll('\n', '').endsWith(tail), 15000, 30);
    await this.page.keyboard.press('Enter');
  }

  /** Types a command and waits for the next prompt; gives what it said. The screen has to be long enough. */
  async run(line, ms = 30000) {
    await this.prompt(ms);
    await this.type('clear');
    await until('a clean screen', async () => /^\S*\$$/.test(await this.text()), ms, 30);
    await this.type(line);
    const shown = await until(`the end of: ${line}`, async () => {
      const all = (await this.text()).split('\n');
      return all.length > 1 && /[~\w]\$$/.test(all.at(-1)) && all;
    }, ms, 30);
    return shown.slice(1, -1).join('\n');
  }
}

/**
 * A person at a terminal of the host: the command line below a pty, which `script` makes. closed gives its exit status.
 */
export class Typist {
  constructor(...args) {
    const words = [path.join(build, 'terakoya'), '--state-dir', state, ...args].map((word) => `'${word}'`);
    this.text = '';
    this.process = spawn('script', ['-qefc', words.join(' '), '/dev/null'], { env: { ...process.env, TERM: 'xterm' } });
    this.process.stdout.on('data', (part) => (this.text += part));
    this.closed = new Promise((done) => this.process.on('exit', (code) => done(code)));
  }

  type(text) {
    this.process.stdin.write(text);
  }

  sees(text, ms = 30000) {
    return until(`the terminal shows ${text}: ${JSON.stringify(this.text.slice(-300))}`, () => this.text.includes(text), ms, 30);
  }
}

/** In the page: by how much it is wider than its window; and higher, where panes should scroll, not the page. */
function overflow() {
  const { scrollWidth, scrollHeight } = document.documentElement;
  const panes = document.querySelector('.workspace, .class-live');
  return { wide: Math.max(0, scrollWidth - innerWidth), tall: panes ? Math.max(0, scrollHeight - innerHeight) : 0 };
}

/** Language and colours, by the buttons on top. */
async function choose(page, language, theme) {
  const chosen = () => page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]);
  if ((await chosen())[0] !== language)
    await page.getByRole('button', { name: language === 'ja' ? '日本語' : 'English', exact: true }).click();
  while ((await chosen())[1] !== theme) await page.getByRole('button', { name: /^(Colours|配色)/ }).click();
}

const SIZES = [{ width: 1440, height: 900 }, { width: 1366, height: 768 }];

/**
 * Pictures of a page in both languages, both colours and two sizes, for people to look at; and what no picture may
 * show: a page wider than its window, or a page of panes that scrolls as a whole.
 */
export async function pictures(page, name, ready) {
  const before = page.viewportSize();
  const spoken = await page.evaluate(() => document.documentElement.lang);
  for (const language of ['en', 'ja'])
    for (const theme of ['light', 'dark']) {
      await choose(page, language, theme);
      await ready();
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await page.waitForTimeout(250);
        assert.deepEqual(await page.evaluate(overflow), { wide: 0, tall: 0 }, `${name} (${language}) at ${size.width}`);
        await page.screenshot({ path: path.join(artifacts, `${name}-${language}-${theme}-${size.width}.png`) });
      }
    }
  await page.setViewportSize(before);
  await choose(page, spoken, 'light');
  await ready();
}

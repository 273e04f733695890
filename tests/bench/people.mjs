// What people see: a class launched from the page itself, and keys pressed in a browser's terminal and in a real ssh while
// every other seat of the class is at work.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, json, sleep, Terminal, until } from '../e2e/lab.mjs';
import { person, Screen, signIn } from '../e2e/page.mjs';

/** What a person types who is at work: something that is looked at, some reading, a little counting. */
const WORK = ['ls -l /etc', 'cat /etc/services | head -n 30', 'grep -r root /etc/default 2>/dev/null', 'ps aux', 'df -h', 'sort /etc/passwd'];
const THINK_MS = 4000;
const KEYS = 100;
const KEY_MS = 250;

/** Seconds from the button "Launch" on the page New class until it shows all seats ready. */
export async function launchOnPage(url, seats) {
  const { password } = await json('account', 'set', 'bench', '--name', 'Bench', '--role', 'admin', '--new-password');
  const browser = await chromium();
  try {
    const { page } = await person(browser);
    await signIn(page, url, 'bench', password);
    await page.getByRole('link', { name: 'New class' }).click();
    await page.getByRole('radio').first().check();
    await page.getByRole('spinbutton', { name: 'Seats' }).fill(String(seats));
    const untested = page.getByLabel('Launch it untested all the same');
    if (await untested.count()) await untested.check();
    const launch = page.getByRole('button', { name: `Launch ${seats} seat` });
    await until('the page lets it be launched', () => launch.isEnabled());
    const begin = performance.now();
    await launch.click();
    await page.getByText(`${seats} / ${seats}`).first().waitFor({ timeout: 300000 });
    return (performance.now() - begin) / 1000;
  } finally {
    await browser.close();
  }
}

/** People at work in these machines, until the function that it gives is called. */
export async function busy(machines) {
  const terminals = await Promise.all(machines.map((machine) => new Terminal(machine).open()));
  for (const one of terminals) await one.prompt(180000);
  let on = true;
  const working = terminals.map(async (one, index) => {
    await sleep((THINK_MS * index) / terminals.length);
    for (let at = index; on; at++) {
      one.type(`${WORK[at % WORK.length]}\r`);
      await sleep(THINK_MS * (0.5 + Math.random()));
    }
  });
  return async () => {
    on = false;
    await Promise.all(working);
    await Promise.all(terminals.map((one) => one.close()));
  };
}

/** In the page: milliseconds from each key's press until the terminal shows something new. */
function watchKeys() {
  window.keyTimes = [];
  let pressed = 0;
  addEventListener('keydown', () => (pressed = performance.now()), true);
  new MutationObserver(() => {
    if (pressed) window.keyTimes.push(performance.now() - pressed);
    pressed = 0;
  }).observe(document.querySelector('.terminal-view:not([hidden]) .xterm-rows'), { subtree: true, childList: true, characterData: true });
}

/** Keys in a browser's terminal of that seat: milliseconds each, until the echo is drawn. */
export async function pageKeys(url, seat) {
  const browser = await chromium();
  try {
    const { page } = await person(browser);
    const link = (await json('seat', 'link', seat)).url.replace(/^https?:\/\/[^/]+/, url);
    await page.goto(link);
    await page.getByLabel('Your name').fill('Bench');
    await page.getByRole('button', { name: 'Join' }).click();
    const screen = new Screen(page);
    await screen.prompt(60000);
    await screen.focus();
    await sleep(1000);
    await page.evaluate(watchKeys);
    for (let key = 0; key < KEYS; key++) {
      await page.keyboard.press('abcdefghij'[key % 10]);
      await sleep(KEY_MS);
    }
    return await page.evaluate(() => window.keyTimes);
  } finally {
    await browser.close();
  }
}

/** Keys in OpenSSH's own client: milliseconds each, until the echo is there. */
export async function sshKeys(seat) {
  const made = await json('seat', 'ssh', seat);
  const place = mkdtempSync(path.join(os.tmpdir(), 'tk-bench-'));
  const ask = path.join(place, 'ask');
  writeFileSync(ask, `#!/bin/sh\necho ${made.password}\n`);
  chmodSync(ask, 0o755);
  const port = made.command.match(/-p (\d+)/)[1];
  const client = spawn('ssh', ['-tt', '-F', 'none', '-p', port, '-o', `UserKnownHostsFile=${path.join(place, 'known')}`, '-o',
    'StrictHostKeyChecking=accept-new', '-o', 'PreferredAuthentications=password', '-o', 'LogLevel=ERROR', `${made.login}@127.0.0.1`],
  { env: { ...process.env, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force' } });
  let shown = '';
  client.stdout.on('data', (bytes) => (shown += bytes));
  try {
    await until('a prompt over ssh', () => /[$#] $/.test(shown.replaceAll(/\x1b\[[0-9;?]*[a-zA-Z]/g, '')), 60000);
    await sleep(1000);
    const times = [];
    for (let key = 0; key < KEYS; key++) {
      const had = shown.length;
      const begin = performance.now();
      client.stdin.write('abcdefghij'[key % 10]);
      while (shown.length === had && performance.now() - begin < 2000)
        await Promise.race([new Promise((done) => client.stdout.once('data', done)), sleep(2000)]);
      times.push(performance.now() - begin);
      await sleep(KEY_MS);
    }
    return times;
  } finally {
    client.kill();
    rmSync(place, { recursive: true, force: true });
  }
}

// Does the tasks of a lab in a seat's machine, typing into its terminal: the pack's own solve scripts, with the values
// that the seat has. The values are computed here once more, from the class's secret: a second opinion on pack_values().
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { api, root, state, Terminal, until } from './lab.mjs';

function secretOf(classId) {
  const hex = execFileSync('sqlite3', ['-readonly', path.join(state, 'terakoya.db'), `SELECT hex(secret) FROM class WHERE id = ${classId}`]);
  return Buffer.from(hex.toString().trim(), 'hex');
}

function draw(secret, message) {
  return createHmac('sha256', secret).update(message).digest().readBigUInt64BE(0);
}

/** {P_NAME: value} of one seat in one lab. */
export function valuesOf(seat, lab) {
  const secret = secretOf(seat.class);
  const xml = readFileSync(path.join(root, 'labs/linux-intro', lab, 'lab.xml'), 'utf8');
  const values = { P_SEED: (draw(secret, `${seat.number}/${lab}/seed`) >> 32n).toString(16).padStart(8, '0') };
  for (const [, name, kind, text] of xml.matchAll(/<parameter name="(\w+)" (choose|number)="([^"]*)"/g)) {
    const number = draw(secret, `${seat.number}/${lab}/${name}`);
    if (kind === 'choose') {
      const words = text.trim().split(/\s+/);
      values[`P_${name.toUpperCase()}`] = words[Number(number % BigInt(words.length))];
    } else {
      const [low, high] = text.split('..').map(Number);
      values[`P_${name.toUpperCase()}`] = String(low + Number(number % BigInt(high - low + 1)));
    }
  }
  return values;
}

/** The solve script of a task, as a line that can be typed into a terminal. */
export function solveLine(seat, lab, task) {
  const xml = readFileSync(path.join(root, 'labs/linux-intro', lab, 'lab.xml'), 'utf8');
  const body = xml.slice(xml.indexOf(`<task id="${task}"`));
  const script = readFileSync(path.join(root, 'labs/linux-intro', lab, /<solve script="([^"]+)"/.exec(body)[1]));
  const env = Object.entries({ ...valuesOf(seat, lab), TK_USER: 'student', TK_LANG: 'en', TK_MACHINE: 'desk' })
    .map(([name, value]) => `${name}=${value}`).join(' ');
  return `echo ${script.toString('base64')} | base64 -d | sudo env ${env} sh -s`;
}

/** Opens the labs in turn and solves all their tasks; gives what the checks said. */
export async function solveAll(seat, labs) {
  const terminal = await new Terminal(seat.machines[0].id).open();
  const verdicts = [];
  await terminal.prompt(60000);
  for (const lab of labs) {
    const opened = await api('POST', `/seats/${seat.id}/labs/${lab.id}/open`, {});
    if (opened.status >= 300) throw new Error(`the lab ${lab.id} did not open: ${JSON.stringify(opened.body)}`);
    for (const task of lab.tasks) {
      const output = await terminal.run(solveLine(seat, lab.id, task.id), 30000);
      const check = () => api('POST', `/seats/${seat.id}/labs/${lab.id}/tasks/${task.id}/check`,
        task.kind === 'answer' ? { answer: output.trim().split('\n').pop() } : {});
      const reply = await until(`a verdict on ${lab.id}/${task.id}`, async () => {
        const one = await check();
        return one.status !== 409 && one;
      });
      verdicts.push({ lab: lab.id, task: task.id, ...reply.body });
    }
  }
  await terminal.close();
  return verdicts;
}

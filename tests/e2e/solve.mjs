// What does a task in a seat's machine when it is typed into its terminal: the pack's own solve scripts, with the values
// that the seat has. The values are computed here once more, from the class's secret: a second opinion on pack_values().
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root, state } from './lab.mjs';

const intro = path.join(root, 'labs/linux-intro');

function secretOf(classId) {
  const hex = execFileSync('sqlite3', ['-readonly', path.join(state, 'terakoya.db'), `SELECT hex(secret) FROM class WHERE id = ${classId}`]);
  return Buffer.from(hex.toString().trim(), 'hex');
}

function draw(secret, message) {
  return createHmac('sha256', secret).update(message).digest().readBigUInt64BE(0);
}

/** {P_NAME: value} of one seat in one lab. */
export function valuesOf(seat, lab, pack = intro) {
  const secret = secretOf(seat.class);
  const xml = readFileSync(path.join(pack, lab, 'lab.xml'), 'utf8');
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

function taskText(lab, task, pack) {
  const xml = readFileSync(path.join(pack, lab, 'lab.xml'), 'utf8');
  const body = xml.slice(xml.indexOf(`<task id="${task}"`));
  return body.slice(0, body.indexOf('</task>'));
}

/** The right options of a quiz, as the seat sees them: "0,2". */
export function rightOptions(seat, lab, task, pack = intro) {
  const secret = secretOf(seat.class);
  const right = [...taskText(lab, task, pack).matchAll(/<option( correct="true")?/g)].map(([, correct]) => !!correct);
  for (let i = right.length; i > 1; i--) {
    const other = Number(draw(secret, `${seat.number}/${lab}/${task}:${i}`) % BigInt(i));
    [right[i - 1], right[other]] = [right[other], right[i - 1]];
  }
  return right.flatMap((correct, at) => (correct ? [at] : [])).join(',');
}

/** The text of a task's solve script. */
export function solveScript(lab, task, pack = intro) {
  const body = taskText(lab, task, pack);
  return readFileSync(path.join(pack, lab, /<solve script="([^"]+)"/.exec(body)[1]), 'utf8');
}

/** The solve script of a task, as a line that can be typed into a terminal. */
export function solveLine(seat, lab, task) {
  const env = Object.entries({ ...valuesOf(seat, lab), TK_USER: 'student', TK_LANG: 'en', TK_MACHINE: 'desk' })
    .map(([name, value]) => `${name}=${value}`).join(' ');
  return `echo ${Buffer.from(solveScript(lab, task)).toString('base64')} | base64 -d | sudo env ${env} sh -s`;
}

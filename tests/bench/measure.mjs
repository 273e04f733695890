// What the bench measures with, and how it writes down what it found: one row a figure, with its goal. A row that
// could not be measured says why.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const PART_MS = 900000;

export const round = (number, digits = 2) => Number(number.toFixed(digits));

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

const ticks = Number(execFileSync('getconf', ['CLK_TCK']).toString());
/** Seconds of processor time of a process, user and system. */
export function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/** Memory of a process in MB: its share of what it shares counted (PSS). */
export function pssMb(pid) {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
}

export function rssMb(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Processes by their command lines. */
export function pids(pattern) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      return false;
    }
  });
}

/** The table: rows are declared by key, and filled by parts. */
export class Table {
  /** @param rows {key: [name, unit, goal]} */
  constructor(rows) {
    this.rows = rows;
    this.figures = [];
    this.values = {};
    this.missing = 0;
  }

  put(key, value) {
    const [name, unit, goal] = this.rows[key];
    this.values[key] = value;
    this.figures.push({ key, name, value, unit, goal: goal ?? '' });
    console.log(`${name.padEnd(66)} ${String(value).padStart(9)} ${unit.padEnd(12)} ${goal ? `(goal ${goal})` : ''}`);
  }

  fail(key, reason) {
    const [name, unit, goal] = this.rows[key];
    this.figures.push({ key, name, value: null, unit, goal: goal ?? '', reason });
    this.missing++;
    console.log(`${name.padEnd(66)} not measured: ${reason}`);
  }

  /** Runs one part of the bench; of the rows that it should have filled, the others say why they are empty. */
  async part(keys, run) {
    const begin = Date.now();
    let reason = 'the part that measures it gave no figure';
    let timer;
    const late = new Promise((done, fail) => {
      timer = setTimeout(fail, PART_MS, new Error(`the part that measures it did not end in ${PART_MS / 1000} s`));
    });
    try {
      await Promise.race([run(), late]);
    } catch (error) {
      reason = error.message.split('\n')[0];
    }
    clearTimeout(timer);
    for (const key of keys) if (!(key in this.values)) this.fail(key, reason);
    console.log(`${''.padEnd(66)} ${`[${round((Date.now() - begin) / 1000, 1)} s]`.padStart(9)}`);
  }
}

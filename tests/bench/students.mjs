// Students at work: each has a terminal in the own machine, opens a lab, pastes what solves its tasks (the pack's solve
// scripts, with the values of the seat) into the shell, and then asks for a check of every task.
//
// A lab is pasted at once, with the brackets that a browser's terminal puts round a paste: so the shell draws it once
// and not key by key, and nobody waits between tasks for an echo over a busy machine. What remains is what costs in a
// class, too: the lab's setup, the commands, the checks, and the rounds of checks that run by themselves.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { api, Terminal, until } from '../e2e/lab.mjs';
import { plain } from '../e2e/terminal.mjs';
import { rightOptions, solveScript, valuesOf } from '../e2e/solve.mjs';

const LAB_MS = 240000;

/** What a student types to do all tasks of a lab. Between marks, since some tasks ask for what is printed. */
function labText(pack, seat, lab) {
  const values = Object.entries({ ...valuesOf(seat, lab.id, pack), TK_USER: 'student' });
  const tasks = lab.tasks.filter((task) => task.kind !== 'quiz').map((task) => {
    const script = solveScript(lab.id, task.id, pack).replace(/^#!.*\n/, '');
    return `echo be''gin-${task.id}\n(\n${script.trimEnd()}\n)\necho e''nd-${task.id}`;
  });
  return ['set +H', values.map(([name, value]) => `${name}='${value}'`).join(' '), ...tasks].join('\n');
}

function printed(text, task) {
  return text.slice(text.lastIndexOf(`begin-${task}`), text.lastIndexOf(`end-${task}`)).split('\n').slice(1).join('\n').trim();
}

/** Waits while another lab of the seat is being opened. */
export async function openLab(seat, lab) {
  const reply = await until(`the lab ${lab.id} opens`, async () => {
    const one = await api('POST', `/seats/${seat.id}/labs/${lab.id}/open`, {});
    return one.status !== 409 && one;
  }, LAB_MS, 500);
  if (reply.status >= 300) throw new Error(`seat ${seat.number}: the lab ${lab.id} did not open: ${reply.body.detail}`);
}

/** Pastes what solves the lab's tasks, and gives what the shell printed. */
export async function typeLab(terminal, pack, seat, lab) {
  const from = terminal.text.length;
  const last = `end-${lab.tasks.findLast((task) => task.kind !== 'quiz').id}`;
  terminal.type(`\x1b[200~${labText(pack, seat, lab)}\x1b[201~\r`);
  await until(`seat ${seat.number} has done ${lab.id}: ${JSON.stringify(terminal.text.slice(-300))}`,
    () => terminal.text.indexOf(last, from) >= 0, LAB_MS, 50);
  return plain(terminal.text.slice(from)).replaceAll('\r', '');
}

/** Once more while other checks of the seat are under way, and when a check did not end in time on a busy machine. */
async function checkTask(pack, seat, lab, task, shown) {
  const body = task.kind === 'answer' ? { answer: printed(shown, task.id) } :
    task.kind === 'quiz' ? { answer: rightOptions(seat, lab.id, task.id, pack) } : {};
  const reply = await until(`a verdict on ${lab.id}/${task.id}`, async () => {
    const one = await api('POST', `/seats/${seat.id}/labs/${lab.id}/tasks/${task.id}/check`, body);
    return one.status !== 409 && one.body.verdict !== 'error' && one;
  }, LAB_MS, 200);
  if (reply.body.verdict !== 'pass')
    throw new Error(`seat ${seat.number}: ${lab.id}/${task.id} is ${reply.body.verdict ?? reply.body.detail} (${reply.body.code})`);
}

/** One student does these labs. Adds the seconds that each step took to `spent`. */
async function study(pack, seat, labs, spent) {
  let begin = performance.now();
  const lap = (step) => {
    const now = performance.now();
    spent[step].push((now - begin) / 1000);
    begin = now;
  };
  const desk = seat.machines.find((machine) => machine.name === 'desk');
  const terminal = await new Terminal(desk.id).open();
  try {
    await terminal.prompt(LAB_MS);
    lap('shell');
    for (const lab of labs) {
      await openLab(seat, lab);
      lap('opened');
      const shown = await typeLab(terminal, pack, seat, lab);
      lap('typed');
      for (const task of lab.tasks) await checkTask(pack, seat, lab, task, shown);
      lap('checked');
    }
  } finally {
    await terminal.close();
  }
}

/** All seats do the labs, `atOnce` of them at a time; gives the seconds that each step took: {step: [seconds]}. */
export async function studyAll(pack, seats, labs, atOnce) {
  const spent = { shell: [], opened: [], typed: [], checked: [] };
  const waiting = [...seats];
  const worker = async () => {
    for (let seat; (seat = waiting.shift()); ) await study(pack, seat, labs, spent);
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return spent;
}

/** How many tasks, feedback cases and hints a pack has. */
export function countPack(pack) {
  const course = readFileSync(path.join(pack, 'course.xml'), 'utf8');
  const labs = [...course.matchAll(/<lab ref="([^"]+)"/g)].map(([, id]) => readFileSync(path.join(pack, id, 'lab.xml'), 'utf8'));
  const count = (element) => labs.reduce((sum, xml) => sum + [...xml.matchAll(new RegExp(`<${element}[ >]`, 'g'))].length, 0);
  return { labs: labs.length, tasks: count('task'), feedback: count('feedback'), hints: count('hint') };
}

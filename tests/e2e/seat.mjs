// A seat as the tests of the class room see it: its state, its terminals' echo, its checks.
import { api, sleep, Terminal, until } from './lab.mjs';

export const seatOf = async (id) => (await api('GET', `/seats/${id}`)).body;
export const machineOf = async (id) => (await seatOf(id)).machines[0];

/** Waits until a seat's machine is in a state; gives the machine. */
export function stateOf(id, state, ms = 30000) {
  return until(`seat ${id} is ${state}`, async () => {
    const machine = await machineOf(id);
    if (machine.state === 'failed' && state !== 'failed') throw new Error(`seat ${id} failed: ${machine.reason}`);
    return machine.state === state && machine;
  }, ms, 50);
}

/** Resets a seat and waits until its new machine is ready. */
export async function reset(id, ms = 30000) {
  const reply = await api('POST', `/seats/${id}/reset`, {});
  if (reply.status >= 300) throw new Error(`reset: ${JSON.stringify(reply.body)}`);
  return stateOf(id, 'ready', ms);
}

/** A terminal with a prompt. */
export async function shell(seat, options) {
  const terminal = await new Terminal(seat.machines[0].id, options).open();
  await terminal.prompt(30000);
  return terminal;
}

/** The machine's console, with a prompt: Enter gives one, of a login or of the shell that is there. */
export async function consoleOf(seat) {
  const line = await new Terminal(seat.machines[0].id, { terminal: 0 }).open();
  await until('the console lives', () => line.states.at(-1) === 'live', 10000);
  line.type('\r');
  await line.prompt(30000);
  return line;
}

/** Milliseconds from each keystroke to its echo, sorted. */
export async function echoes(terminal, count = 20) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const from = terminal.text.length;
    const start = performance.now();
    terminal.type('x');
    await until('an echo', () => terminal.text.length > from, 20000, 1);
    times.push(performance.now() - start);
    terminal.type('\x7f');
    await sleep(60);
  }
  return times.sort((a, b) => a - b);
}

export const median = (times) => times[Math.floor(times.length / 2)];

/** What a check of the lab's task says. */
export const check = (seat, lab, task, body = {}) => api('POST', `/seats/${seat.id}/labs/${lab}/tasks/${task}/check`, body);

export async function openLab(seat, lab) {
  const reply = await api('POST', `/seats/${seat.id}/labs/${lab}/open`, {});
  if (reply.status >= 300) throw new Error(`the lab did not open: ${JSON.stringify(reply.body)}`);
}

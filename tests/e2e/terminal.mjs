// A terminal in a machine, as the page has it: the WebSocket of /ws/terminal, over the unix socket as root.
import path from 'node:path';
import WebSocket from 'ws';
import { state, until } from './lab.mjs';

/** Without colours, titles and the like. */
export const plain = (text) => text.replaceAll(/\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07/g, '');

export class Terminal {
  constructor(machine, { terminal = 1, watch = false, rows = 24, columns = 80, directory = state } = {}) {
    Object.assign(this, { machine, terminal, watch, rows, columns, directory });
    this.text = '';
    this.offset = undefined;
    this.states = [];
  }

  open() {
    const query = new URLSearchParams({ machine: this.machine, terminal: this.terminal, rows: this.rows, columns: this.columns });
    if (this.watch) query.set('watch', '1');
    if (this.offset !== undefined) query.set('offset', String(this.offset));
    const socket = path.join(this.directory, 'terakoya.sock');
    this.ws = new WebSocket(`ws+unix://${socket}:/ws/terminal?${query}`, 'terakoya.terminal.1', {
      headers: { host: 'localhost' },
    });
    this.ws.on('message', (data, binary) => this.take(data, binary));
    this.closed = new Promise((done) => this.ws.on('close', done));
    return new Promise((done, fail) => {
      this.ws.on('open', () => done(this));
      this.ws.on('error', fail);
    });
  }

  take(data, binary) {
    if (!binary) {
      const word = JSON.parse(data.toString());
      if (word.type === 'state') this.states.push(word.state);
      this.why = word.why ?? this.why;
      return;
    }
    let offset = Number(data.readBigUInt64BE(0));
    let bytes = data.subarray(8);
    if (this.offset !== undefined && offset < this.offset) {
      bytes = bytes.subarray(Math.min(bytes.length, this.offset - offset));
      offset = this.offset;
    }
    if (this.offset !== undefined && offset > this.offset) this.gap = true;
    this.offset = offset + bytes.length;
    this.text += bytes.toString('utf8');
  }

  type(text) {
    this.ws.send(Buffer.from(text));
  }

  /** Types a command and waits for its end; gives its output. */
  async run(command, ms = 20000) {
    const mark = `m${Math.random().toString(36).slice(2, 8)}`;
    const typed = `${mark.slice(0, 1)}''${mark.slice(1)}`;
    const from = this.text.length;
    this.type(`${command}; echo ${typed}\r`);
    await until(`the end of: ${command}\n${this.text.slice(-400)}`, () => this.text.slice(from).includes(mark), ms, 20);
    const shown = plain(this.text.slice(from)).replaceAll('\r', '');
    // Behind the last echo of what was typed (the kernel's, then the shell's when it was not yet at its prompt);
    // a narrow screen breaks that, and then behind the first line.
    const echo = shown.indexOf('\n', Math.max(0, shown.lastIndexOf(typed)));
    return shown.slice(echo + 1, shown.lastIndexOf(mark));
  }

  async prompt(ms = 20000) {
    await until(`a prompt: ${JSON.stringify(this.text.slice(-200))} ${this.states} ${this.why ?? ''}`,
      () => /[$#] $/.test(plain(this.text.slice(-4096))), ms, 10);
  }

  close() {
    this.ws.close();
    return this.closed;
  }
}

// A proxy of the unfriendly kind, between a browser and the daemon: it lets no WebSocket through, may keep replies
// back until they are whole, and cuts connections when it is told to. And a wire that can fall silent.
import http from 'node:http';
import net from 'node:net';

export class Proxy {
  constructor(port) {
    this.port = port;
    this.keeps = false;
    this.refused = 0;
    this.sockets = new Set();
    this.server = http.createServer((request, reply) => this.pass(request, reply));
    this.server.on('upgrade', (request, socket) => {
      this.refused++;
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async start() {
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  pass(request, reply) {
    const { method, url, headers } = request;
    const ahead = http.request({ host: '127.0.0.1', port: this.port, method, path: url, headers, agent: false }, (answer) => {
      const parts = [];
      if (!this.keeps) reply.writeHead(answer.statusCode, answer.headers);
      if (!this.keeps) reply.flushHeaders();
      answer.on('data', (part) => (this.keeps ? parts.push(part) : reply.write(part)));
      answer.on('error', () => reply.destroy());
      answer.on('end', () => {
        if (this.keeps) reply.writeHead(answer.statusCode, answer.headers);
        reply.end(Buffer.concat(parts));
      });
    });
    ahead.on('error', () => reply.destroy());
    reply.on('close', () => ahead.destroy());
    request.pipe(ahead);
  }

  /** Every connection that there is now. */
  cut() {
    for (const socket of this.sockets) socket.destroy();
  }

  stop() {
    this.cut();
    return new Promise((done) => this.server.close(done));
  }
}

/** What a radio link or a router does: nothing fails, nothing arrives. */
export class Wire {
  constructor(port) {
    this.silent = false;
    this.ends = new Set();
    this.server = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      for (const [from, to] of [[near, far], [far, near]]) {
        this.ends.add(from);
        from.on('data', (bytes) => to.write(bytes));
        from.on('error', () => {});
        from.on('close', () => {
          this.ends.delete(from);
          to.destroy();
        });
        if (this.silent) from.pause();
      }
    });
  }

  async start() {
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  hush() {
    this.silent = true;
    for (const end of this.ends) end.pause();
  }

  /** What was on its way arrives late; or never, when routers on the way have forgotten the connections. */
  speak({ forgotten = false } = {}) {
    this.silent = false;
    for (const end of this.ends) forgotten ? end.destroy() : end.resume();
  }

  stop() {
    this.speak({ forgotten: true });
    return new Promise((done) => this.server.close(done));
  }
}

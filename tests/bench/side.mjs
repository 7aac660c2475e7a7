// One side of a comparison: a process that answers a line for each command.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';

export class Side {
  constructor(command, args, env = {}) {
    this.name = [command, ...args].join(' ');
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.gone = once(this.child, 'exit');
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line of its own accord. */
  async next() {
    const line = await this.lines.next();
    if (line.done) {
      throw new Error(`${this.name} ended without an answer`);
    }
    return JSON.parse(line.value);
  }

  #ask(command) {
    this.child.stdin.write(`${command}\n`);
    return this.next();
  }

  /** Milliseconds of CPU that a run of the case took. */
  async run(name) {
    return (await this.#ask(`run ${name}`)).cpu_ns / 1e6;
  }

  results(name) {
    return this.#ask(`results ${name}`);
  }

  async stop() {
    this.child.stdin.end();
    await this.gone;
  }
}

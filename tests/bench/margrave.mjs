// margrave's half: one process of margrave_bench that answers a line for each command.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';

export class Margrave {
  constructor(binary, inputFile) {
    this.child = spawn(binary, ['peer', inputFile], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.gone = once(this.child, 'exit');
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async #ask(command) {
    this.child.stdin.write(`${command}\n`);
    const line = await this.lines.next();
    if (line.done) {
      throw new Error(`margrave_bench ended without an answer to "${command}"`);
    }
    return JSON.parse(line.value);
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

import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

/** A process of its own that runs a file of this folder, and answers one message with one. */
export interface Child {
  readonly process: ChildProcess;
  /** @throws Error where the child ends, or answers with an error */
  ask<T>(question: object): Promise<T>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Of Node. */
  readonly flags?: readonly string[];
}

const root = path.join(import.meta.dirname, '..');
const stopMs = 15_000;
const running = new Set<ChildProcess>();

export function startChild(file: string, { args = [], environment = {}, flags = [] }: ChildOptions = {}): Child {
  const child = fork(path.join(import.meta.dirname, file), args, {
    cwd: root,
    env: environment,
    execArgv: [...flags, '--expose-gc', '--import', './.ci/swc-loader.mjs'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  running.add(child);
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  return {
    process: child,
    ask: question => answerOf(child, question),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await ended;
      clearTimeout(cut);
    },
  };
}

/** For the end of a run that was broken off. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

function answerOf<T>(child: ChildProcess, question: object): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = (): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (message: unknown): void => {
      end();
      const { answer, error } = message as { readonly answer?: T; readonly error?: string };
      if (error === undefined) resolve(answer as T);
      else reject(new Error(error));
    };
    const onExit = (code: number | null): void => {
      end();
      reject(new Error(`A process of the benchmark ended with ${String(code)}`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(question);
  });
}

/** In the child: answers each question in turn, and ends when nobody is left to ask. */
export function answerQuestions(answer: (question: never) => unknown): void {
  process.on('message', (question: unknown) => {
    void (async () => {
      try {
        process.send?.({ answer: await answer(question as never) });
      } catch (error) {
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  process.on('disconnect', () => { process.exit(); });
}

export interface Memory {
  /** Bytes. */
  readonly heapUsed: number;
  /** Bytes outside the heap that objects in it hold. */
  readonly external: number;
  readonly rss: number;
}

/** What this process holds once the garbage is gone. */
export function memoryWithoutGarbage(): Memory {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss };
}

import { answerQuestions, memoryWithoutGarbage } from './child.js';

/** The built server, as `npm start` runs it, in a process that also tells what memory it holds. */
answerQuestions(() => memoryWithoutGarbage());
process.channel?.unref();
await import(new URL('../dist/main.js', import.meta.url).href);

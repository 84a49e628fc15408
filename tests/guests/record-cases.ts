import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach } from 'vitest';
import { resultsFolder } from '../contract/contract-case.ts';

/** Every case of this suite stands in the table that the run prints; those of the contracts note themselves. */
afterEach(({ task }) => {
  const folder = process.env[resultsFolder];
  if (folder === undefined || task.suite !== undefined) return;
  const port = `Guests: ${basename(task.file.name, '.test.ts')}`;
  const outcome = task.result?.state === 'fail' ? 'broken' : 'kept';
  const line = JSON.stringify({ port, title: task.name, side: 'guests', outcome });
  appendFileSync(join(folder, `${process.pid}.ndjson`), `${line}\n`);
});

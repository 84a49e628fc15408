import { runLab } from '@vmstation/lab';

// The background process of a lab; `vmstation lab start` starts it with the workspace as its only argument.
await runLab(process.argv[2] ?? '');

import { runLabInstaller } from '@vmstation/lab';

// The lab's `ansible-playbook`: the workspace, then the arguments that Kubespray's caller gave.
const [workspaceRoot = '', ...args] = process.argv.slice(2);
process.exitCode = await runLabInstaller(workspaceRoot, args);

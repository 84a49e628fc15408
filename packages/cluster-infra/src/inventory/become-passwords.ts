import type { ClusterNode, Secrets, WorkspaceFiles } from '@vmstation/core';

/** The extra variable with the passwords of sudo, in base64 by node; never in an inventory. */
export const becomePasswordsVariable = 'vmstation_become_passwords';

/**
 * Makes Ansible's sudo use it. In base64 nothing in a password is read as a template. The node stands there by its name: in a task that one host delegates to
 * another, `inventory_hostname` is the first one.
 */
export function becomeVariables(node: ClusterNode): Record<string, string> {
  if (node.ssh.sudoPassword === undefined) return {};
  return { ansible_become_password: `{{ ${becomePasswordsVariable}['${node.name}'] | b64decode }}` };
}

/** The extra variables that some nodes need to become root, and the values that must be shown nowhere. Throws secret/missing, secret/cannot-decrypt. */
export async function becomePasswords(
  nodes: readonly ClusterNode[],
  secrets: Secrets,
): Promise<{ readonly variables: Record<string, unknown>; readonly values: readonly string[] }> {
  const passwords = await Promise.all(
    nodes.flatMap(({ name, ssh: { sudoPassword } }) =>
      sudoPassword === undefined
        ? []
        : [secrets.get(sudoPassword.secret).then((secret) => [name, secret.reveal()] as const)],
    ),
  );
  const hidden = passwords.map(([name, value]) => [name, Buffer.from(value).toString('base64')] as const);
  return {
    variables: hidden.length === 0 ? {} : { [becomePasswordsVariable]: Object.fromEntries(hidden) },
    values: [...passwords, ...hidden].map(([, value]) => value),
  };
}

/** Files of secrets (`secrets-…`) that a killed run left in a folder of the state go. */
export async function removeLeftSecrets(files: WorkspaceFiles, folder: string): Promise<void> {
  for (const file of await files.list(folder)) if (file.startsWith('secrets-')) await files.remove(`${folder}/${file}`);
}

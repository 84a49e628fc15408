import { parseIpv4 } from '@vmstation/core';
import type { EffectiveHost } from './effective-inventory.ts';
import { type InventoryNote, type InventoryPlace, vaultedValue } from './inventory-model.ts';

/** Variables that say nothing a cluster file needs: the product becomes root by itself and needs no Python. */
const needless = new Set([
  'ansible_become',
  'ansible_become_method',
  'ansible_become_user',
  'ansible_connection',
  'ansible_python_interpreter',
  'etcd_member_name',
  'vmstation_power',
]);

const keyFiles = new Set(['ansible_ssh_private_key_file', 'ansible_private_key_file']);
const secretName = /pass(?:word|wd|phrase)?$|_pass_|secret|token|credential|api_?key|private_key$/i;
const onlyVariable = /^\{\{\s*([A-Za-z_]\w*)\s*\}\}$/;

/** Reads the variables of one host and remembers which were of no use. */
export class HostReading {
  readonly #host: EffectiveHost;
  readonly #taken = new Set<string>(needless);
  readonly #notes: InventoryNote[] = [];

  constructor(host: EffectiveHost) {
    this.#host = host;
  }

  /** The text of a variable; a template is followed where it is the name of another variable and nothing else. */
  text(name: string): string | undefined {
    const variable = this.#host.variables.get(name);
    if (variable === undefined) return undefined;
    this.#taken.add(name);
    const text = this.#resolved(name, new Set());
    if (text === undefined) this.note(variable.place, `${name} ${this.#whyNot(variable.value)}`);
    return text;
  }

  /** The first of some variables that is set, where it has the form that a cluster file takes. */
  checked(names: readonly string[], form: RegExp, what: string): string | undefined {
    const found = names.map((name) => ({ name, text: this.text(name) })).find(({ text }) => text !== undefined);
    if (found?.text === undefined || form.test(found.text)) return found?.text;
    this.note(this.placeOf(found.name) ?? this.#host.place, `${found.name} is not ${what} and was not taken.`);
    return undefined;
  }

  /** The port of the SSH server. */
  port(): number | undefined {
    const text = this.checked(['ansible_ssh_port', 'ansible_port'], /^\d{1,5}$/, 'a port');
    const port = Number(text);
    return text === undefined || port < 1 || port > 65_535 ? undefined : port;
  }

  /** A list of IPv4 addresses; what else is in it is left out and noted. */
  addresses(name: string): readonly string[] {
    const variable = this.#host.variables.get(name);
    if (variable === undefined) return [];
    this.#taken.add(name);
    const items: readonly unknown[] = Array.isArray(variable.value) ? variable.value : [variable.value];
    const addresses = items.filter((item): item is string => typeof item === 'string' && parseIpv4(item) !== undefined);
    if (addresses.length < items.length) this.note(variable.place, `Not every entry of ${name} is an IPv4 address.`);
    return addresses;
  }

  placeOf(name: string): InventoryPlace | undefined {
    return this.#host.variables.get(name)?.place;
  }

  note({ file, line }: InventoryPlace, message: string): void {
    this.#notes.push({ file, line, message });
  }

  /** All notes of this host, with one for each variable that nobody asked for. Names, never values. */
  remaining(): readonly InventoryNote[] {
    const unused = [...this.#host.variables].filter(([name]) => !this.#taken.has(name));
    const told = unused.map(([name, { value, place }]): InventoryNote => {
      const { file, line } = place;
      return { file, line, message: `${name} ${whyUnused(name, value)}` };
    });
    return [...this.#notes, ...told];
  }

  #resolved(name: string, asked: ReadonlySet<string>): string | undefined {
    if (name === 'inventory_hostname') return this.#host.name;
    const value = this.#host.variables.get(name)?.value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'string' || value === '' || asked.has(name)) return undefined;
    if (!value.includes('{{') && !value.includes('{%')) return value;
    const next = onlyVariable.exec(value)?.[1];
    return next === undefined ? undefined : this.#resolved(next, new Set([...asked, name]));
  }

  #whyNot(value: unknown): string {
    if (value === vaultedValue) return 'is encrypted by ansible-vault and was not read.';
    if (typeof value === 'string' && value.includes('{')) return 'is a template and was not worked out.';
    return 'has no plain value and was not taken.';
  }
}

function whyUnused(name: string, value: unknown): string {
  if (/^ansible_(?:become|sudo)_pass(?:word)?$/.test(name))
    return 'was not copied: give the workspace the password with `vmstation secret set sudo`, and name it in ssh.sudo-password.';
  if (holdsVault(value)) return 'is encrypted by ansible-vault; its value was not read.';
  if (keyFiles.has(name)) {
    return 'names a private key, which is not copied: the workspace makes one of its own, and until setup has brought it in ssh offers yours.';
  }
  if (secretName.test(name)) return 'looks like a secret and was not copied; secrets stand encrypted below secrets/.';
  if (/^ansible_ssh_(?:common|extra)_args$/.test(name)) return 'was not taken: options for ssh stand in ~/.ssh/config.';
  if (name === 'kube_version') return 'was not taken: the version of Kubernetes stands in versions.lock.';
  return 'was not taken: the cluster file has no place for it.';
}

function holdsVault(value: unknown): boolean {
  if (value === vaultedValue) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsVault);
}

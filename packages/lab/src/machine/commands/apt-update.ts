import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';

const folder = '/var/lib/apt/lists';

/** One stanza of a .sources file, by the lower case of its fields. */
type Stanza = ReadonlyMap<string, string>;

/** What no resolver knows (RFC 2606), and a folder that is not there. */
export function isUnreachable(machine: Machine, uri: string): boolean {
  const path = /^file:(?:\/\/)?(\/.*)$/.exec(uri)?.[1];
  if (path !== undefined) return machine.files.find(path) === undefined;
  return /^https?:\/\/[^/]*\.(?:invalid|test)(?:[:/]|$)/.test(uri);
}

/** apt-get update, with the settings of its `-o`: the index of each suite becomes a file of `/var/lib/apt/lists`. Given a source list, only that is read. */
export async function aptUpdate(
  process: Process,
  machine: Machine,
  settings: readonly string[],
  quiet: boolean,
): Promise<number> {
  const setting = (name: string): string | undefined =>
    settings.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const list = setting('Dir::Etc::sourcelist');
  const lines: string[] = [];
  if (list === undefined) {
    machine.files.write(
      `${folder}/deb.debian.org_debian_dists_bookworm_InRelease`,
      `Date: ${new Date(machine.now()).toUTCString()}\n`,
    );
    lines.push('Hit:1 http://deb.debian.org/debian bookworm InRelease');
  }
  const files = list === undefined ? sourceFiles(machine) : [list];
  for (const file of files) {
    const refused = readSource(machine, file, setting('APT::Update::Error-Mode') === 'any', lines);
    if (refused === undefined) continue;
    await process.err(`E: ${refused}\n`);
    return 100;
  }
  const hits = quiet ? '' : lines.map((line) => `${line}\n`).join('');
  await process.out(`${hits}Reading package lists...${quiet ? '' : ' Done'}\n`);
  return 0;
}

function sourceFiles(machine: Machine): readonly string[] {
  return machine.files
    .list('/etc/apt/sources.list.d')
    .filter((name) => /^[^.].*\.sources$/.test(name))
    .map((name) => `/etc/apt/sources.list.d/${name}`);
}

/** Reads what a file names. Gives apt's complaint, or undefined. */
function readSource(machine: Machine, file: string, strict: boolean, lines: string[]): string | undefined {
  const stanzas = (machine.files.read(file) ?? '').split(/\n{2,}/).map(stanzaOf);
  for (const stanza of stanzas.filter((one) => one.size > 0)) {
    const words = (name: string): readonly string[] => (stanza.get(name) ?? '').split(/\s+/).filter(Boolean);
    const malformed = words('uris').length === 0 || words('suites').length === 0 || words('types').length === 0;
    if (malformed) return `Malformed entry 1 in deb822 file ${file} (URI)`;
    for (const uri of words('uris')) {
      for (const suite of words('suites')) {
        if (!suite.endsWith('/') && words('components').length === 0)
          return `Malformed entry 1 in sources file ${file} (Component)`;
        const refused = fetchIndex(machine, { uri, suite, key: stanza.get('signed-by') });
        if (refused !== undefined && (strict || refused.includes('not signed'))) return refused;
        if (refused === undefined) lines.push(`Get:${lines.length + 1} ${uri} ${suite} InRelease`);
      }
    }
  }
  return undefined;
}

function fetchIndex(
  machine: Machine,
  { uri, suite, key }: { readonly uri: string; readonly suite: string; readonly key: string | undefined },
): string | undefined {
  if (isUnreachable(machine, uri)) return `Failed to fetch ${uri}/dists/${suite}/InRelease  Could not resolve host`;
  if (key !== undefined && !(machine.files.read(key) ?? '').startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----'))
    return `The repository '${uri} ${suite} InRelease' is not signed.`;
  const place = `${uri.replace(/\/$/, '')}/${suite.endsWith('/') ? suite : `dists/${suite}/`}`;
  const name = place
    .replace(/^[a-z]+:(?:\/\/)?/, '')
    .replaceAll(/[~_]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  machine.files.write(`${folder}/${name.replaceAll('/', '_')}InRelease`, `Suite: ${suite}\n`);
  return undefined;
}

function stanzaOf(text: string): Stanza {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      return match === null ? [] : [[(match[1] ?? '').toLowerCase(), (match[2] ?? '').trim()]];
    }),
  );
}

/** A line of fstab. */
export interface FstabEntry {
  readonly line: number;
  readonly source: string;
  readonly path: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Reads fstab(5); comments and lines without a mount point are passed over. Never throws. */
export function parseFstab(text: string): readonly FstabEntry[] {
  return text.split('\n').flatMap((line, index) => {
    const [source = '', path = '', type = '', options = 'defaults'] = line.trim().split(/\s+/).map(unescaped);
    if (source === '' || source.startsWith('#') || path === '') return [];
    return [{ line: index + 1, source, path, type, options: options.split(',') }];
  });
}

/** fstab writes blanks as `\040`. */
function unescaped(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The server of a network mount (`server:/path`, `[v6]:/path`, `//server/share`); undefined for a local one. */
export function serverOf({ source, type }: Pick<FstabEntry, 'source' | 'type'>): string | undefined {
  if (!/^(?:nfs4?|cifs|smb3?|smbfs|glusterfs|ceph)$/.test(type)) return undefined;
  const [, v6, name, share] = /^(?:\[([^\]]+)\]|([^:/[\]]+)):|^\/\/([^/]+)\//.exec(source) ?? [];
  return v6 ?? name ?? share;
}

/** What a device carries, as wipefs names it: a file system, a partition table, a part of a RAID or of a volume group. */
export interface Signature {
  readonly type: string;
  /** Empty without one. */
  readonly label: string;
}

/** What wipefs said of one device. */
export interface SignaturesSeen {
  readonly exitCode: number;
  readonly signatures: readonly Signature[];
}

/** What wipefs is asked to print of each signature (util-linux 2.31 and later). */
export const signatureColumns = 'DEVICE,OFFSET,UUID,LABEL,TYPE';

/**
 * Reads the blocks of lines `device PATH`, what `wipefs -p` prints of these, `status EXIT`. It names a device by the last part of its path, and
 * says nothing at all when it cannot read one of them; a later block replaces an earlier one.
 */
export function readSignatures(lines: readonly string[]): ReadonlyMap<string, SignaturesSeen> {
  const found = new Map<string, SignaturesSeen>();
  let block = new Map<string, Signature[]>();
  for (const line of lines) {
    if (line.startsWith('device ')) block.set(line.slice('device '.length), []);
    else if (line.startsWith('status ')) {
      const exitCode = Number(line.slice('status '.length));
      for (const [device, signatures] of block) found.set(device, { exitCode, signatures });
      block = new Map();
    } else {
      // A name may hold a comma as well, and one may begin like another.
      const device = [...block.keys()]
        .filter((path) => line.startsWith(`${endOf(path)},0x`))
        .toSorted((one, other) => endOf(other).length - endOf(one).length)[0];
      const fields = device === undefined ? [] : line.slice(endOf(device).length + 1).split(',');
      if (device !== undefined)
        block.get(device)?.push({ type: fields.at(-1) ?? '', label: unescaped(fields.slice(2, -1).join(',')) });
    }
  }
  return found;
}

function endOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** libblkid writes bytes that are no plain text as `\x20`. */
function unescaped(label: string): string {
  const bytes = label.replaceAll(/\\x([0-9a-f]{2})/g, (_, byte: string) =>
    String.fromCharCode(Number.parseInt(byte, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

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

/** Reads the blocks `device PATH`, lines of `wipefs -p` (`OFFSET,UUID,LABEL,TYPE`), `status EXIT`. */
export function readSignatures(lines: readonly string[]): ReadonlyMap<string, SignaturesSeen> {
  const found = new Map<string, SignaturesSeen>();
  let device = '';
  let signatures: Signature[] = [];
  for (const line of lines) {
    if (line.startsWith('device ')) {
      device = line.slice('device '.length);
      signatures = [];
    } else if (line.startsWith('status ')) {
      found.set(device, { exitCode: Number(line.slice('status '.length)), signatures });
    } else if (line.startsWith('0x')) {
      const fields = line.split(',');
      signatures.push({ type: fields.at(-1) ?? '', label: unescaped(fields.slice(2, -1).join(',')) });
    }
  }
  return found;
}

/** libblkid writes bytes that are no plain text as `\x20`. */
function unescaped(label: string): string {
  const bytes = label.replaceAll(/\\x([0-9a-f]{2})/g, (_, byte: string) =>
    String.fromCharCode(Number.parseInt(byte, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

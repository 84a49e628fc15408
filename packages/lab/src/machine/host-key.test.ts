import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { ed25519HostKey } from './host-key.ts';

test('every host key can be read back, by the server that is to use it', () => {
  const unreadable = Array.from({ length: 2500 }, ed25519HostKey).filter(
    (pair) => ssh2.utils.parseKey(pair.private) instanceof Error,
  );
  expect(unreadable).toEqual([]);
});

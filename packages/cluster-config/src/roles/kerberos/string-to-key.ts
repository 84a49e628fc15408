import { createCipheriv, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

const stretch = promisify(pbkdf2);

/** Encryption types that keys are made for: the number that keytabs have, and the name that kdc.conf has. Strongest first. */
export const encryptionTypes = [
  { number: 20, name: 'aes256-cts-hmac-sha384-192', toKey: sha384Key },
  { number: 18, name: 'aes256-cts-hmac-sha1-96', toKey: sha1Key },
] as const;

/** 128-bit fold of the word "kerberos", RFC 3961 appendix A.1. */
const foldedWord = Buffer.from('6b65726265726f737b9b5b2b93132b93', 'hex');

/** aes256-cts-hmac-sha1-96 of a password, RFC 3962 section 4 with the usual 4096 rounds. 32 bytes. */
async function sha1Key(password: string, salt: string): Promise<Buffer> {
  const base = await stretch(password, salt, 4096, 32, 'sha1');
  const encrypt = (block: Buffer): Buffer => {
    const cipher = createCipheriv('aes-256-ecb', base, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  };
  const first = encrypt(foldedWord);
  return Buffer.concat([first, encrypt(first)]);
}

/** aes256-cts-hmac-sha384-192 of a password, RFC 8009 section 4 with the usual 32768 rounds. 32 bytes. */
async function sha384Key(password: string, salt: string): Promise<Buffer> {
  const base = await stretch(password, `aes256-cts-hmac-sha384-192\0${salt}`, 32_768, 32, 'sha384');
  const counter = Buffer.from([0, 0, 0, 1]);
  const bits = Buffer.from([0, 0, 1, 0]);
  return createHmac('sha384', base)
    .update(Buffer.concat([counter, Buffer.from('kerberos\0'), bits]))
    .digest()
    .subarray(0, 32);
}

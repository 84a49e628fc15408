import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StatusError } from '../../status-error.ts';
import { readProtobufBody } from './read-body.ts';

/** What kubectl 1.35 sent, seen with `-v=10`. */
function sent(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

const deployment =
  '6b3873000a150a07617070732f7631120a4465706c6f796d656e7412b8010a210a02646412001a0473686f7022002a003200380042005a090a03617070120264641284010800120b0a090a03617070120264641a6b0a1b0a0012001a0022002a003200380042005a090a0361707012026464124c122e0a056e67696e7812056e67696e782a00320a0a001000185022002a0042006a007200800100880100900100a201001a00320042004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c0800100018002000280038001a002200';
const budget =
  '6b3873000a200a09706f6c6963792f76311213506f6444697372757074696f6e427564676574123f0a160a02707012001a0473686f7022002a0032003800420012190a09080110001a03353025120c0a0a0a0361707012037765621a0a080018002000280030001a002200';
const secret =
  '6b3873000a0c0a027631120653656372657412230a160a02737312001a0473686f7022002a0032003800420012070a01701202c3a91a001a002200';

test('a Deployment reads as its JSON would, a wanted zero kept and an unset field absent', () => {
  expect(readProtobufBody(sent(deployment))).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'dd', namespace: 'shop', labels: { app: 'dd' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'dd' } },
      strategy: {},
      template: {
        metadata: { labels: { app: 'dd' } },
        spec: {
          containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }],
        },
      },
    },
    status: {},
  });
});

test('a percentage and a number, bytes that are no ASCII', () => {
  expect(readProtobufBody(sent(budget))).toMatchObject({ spec: { minAvailable: '50%' } });
  expect(readProtobufBody(sent(secret))).toMatchObject({ data: { p: Buffer.from('é').toString('base64') } });
});

test('a body that is no message is refused as a bad request, whatever its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(400), (noise, cut) => {
      const bodies = [`k8s\u0000${Buffer.from(noise).toString('latin1')}`, sent(deployment).slice(0, cut)];
      expect(
        bodies.map(failureOf).filter((failure) => failure !== undefined && !(failure instanceof StatusError)),
      ).toEqual([]);
    }),
  );
});

function failureOf(body: string): unknown {
  try {
    readProtobufBody(body);
    return undefined;
  } catch (error) {
    return error;
  }
}

test('a kind that nobody serves is refused by name', () => {
  const body = sent(secret).replace('Secret', 'Secrex');
  expect(() => readProtobufBody(body)).toThrow('no kind "Secrex" is registered for version "v1"');
});

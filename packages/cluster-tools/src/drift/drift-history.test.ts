import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterLook,
  afterLooks,
  type DriftHistory,
  historyText,
  type Look,
  mostSightings,
  parseHistory,
  sinceOf,
} from './drift-history.ts';

const place = 'node/a';
const motd = { target: 'file:/etc/motd', attribute: 'content', seen: 'sha256:1' };

function look(at: string, differences: Look['differences'], unreadable: Look['unreadable'] = () => false): Look {
  return { place, at, differences, unreadable };
}

test('a difference is as old as its value, and forgotten when it is gone', () => {
  const first = afterLook([], look('2026-01-01T00:00:00.000Z', [motd]));
  const second = afterLook(first, look('2026-01-02T00:00:00.000Z', [motd]));
  expect(sinceOf(second, place, motd)).toBe('2026-01-01T00:00:00.000Z');
  const other = { ...motd, seen: 'sha256:2' };
  const third = afterLook(second, look('2026-01-03T00:00:00.000Z', [other]));
  expect([sinceOf(third, place, motd), sinceOf(third, place, other)]).toEqual([undefined, '2026-01-03T00:00:00.000Z']);
  expect(afterLook(third, look('2026-01-04T00:00:00.000Z', []))).toEqual([]);
});

test('what could not be looked at keeps its age', () => {
  const first = afterLook([], look('2026-01-01T00:00:00.000Z', [motd]));
  const blind = afterLook(
    first,
    look('2026-01-02T00:00:00.000Z', [], (target) => target === motd.target),
  );
  expect(blind).toEqual(first);
});

test('a secret that differs keeps its age, though its digest is another in each process', () => {
  const first = afterLook([], look('2026-01-01T00:00:00.000Z', [{ ...motd, seen: 'secret 0123456789ab' }]));
  const second = afterLook(first, look('2026-01-02T00:00:00.000Z', [{ ...motd, seen: 'secret ba9876543210' }]));
  expect(second).toEqual(first);
});

test('the observed value itself is not kept', () => {
  expect(historyText(afterLook([], look('2026-01-01T00:00:00.000Z', [{ ...motd, seen: 'hunter2' }])))).not.toContain(
    'hunter2',
  );
});

test.each([undefined, '', '{', 'null', '[]', '{"sightings":[1,null,{"place":"x"}]}'])('%j is no history', (text) => {
  expect(parseHistory(text)).toEqual([]);
});

test('of more differences than are kept the oldest stay', () => {
  const many = Array.from({ length: mostSightings + 5 }, (_, index) => ({ ...motd, target: `file:/${index}` }));
  const history = afterLook(
    afterLook([], look('2026-01-01T00:00:00.000Z', [motd])),
    look('2026-01-02T00:00:00.000Z', [motd, ...many]),
  );
  expect(history).toHaveLength(mostSightings);
  expect(sinceOf(history, place, motd)).toBe('2026-01-01T00:00:00.000Z');
});

const targets = ['file:/a', 'file:/b', 'sysctl:c'] as const;
const difference = fc.record({
  target: fc.constantFrom(...targets),
  attribute: fc.constantFrom('content', 'mode'),
  seen: fc.constantFrom('1', '2'),
});
const looks = fc.array(
  fc.record({
    place: fc.constantFrom('node/a', 'node/b', 'cluster'),
    differences: fc.uniqueArray(difference, { selector: ({ target, attribute }) => `${target} ${attribute}` }),
    blind: fc.uniqueArray(fc.constantFrom<string>(...targets)),
  }),
  { maxLength: 12 },
);

test('since is the start of the last unbroken row of looks that saw the value, whatever came between', () => {
  fc.assert(
    fc.property(looks, (list) => {
      let history: DriftHistory = [];
      /** place, target, attribute → the value and when its row of sightings began, told by going through the looks one by one. */
      const expected = new Map<string, { seen: string; since: string }>();
      for (const [index, { place: where, differences, blind }] of list.entries()) {
        const at = new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
        const seen = differences.filter(({ target }) => !blind.includes(target));
        history = afterLook(history, {
          place: where,
          at,
          differences: seen,
          unreadable: (target) => blind.includes(target),
        });
        history = parseHistory(historyText(history));
        for (const target of targets.filter((one) => !blind.includes(one)))
          for (const attribute of ['content', 'mode']) {
            const key = `${where} ${target} ${attribute}`;
            const now = seen.find((one) => one.target === target && one.attribute === attribute);
            if (now === undefined) expected.delete(key);
            else if (expected.get(key)?.seen !== now.seen) expected.set(key, { seen: now.seen, since: at });
          }
      }
      const got = history.map((one) => [`${one.place} ${one.target} ${one.attribute}`, one.since]);
      expect(new Map(got as [string, string][])).toEqual(
        new Map([...expected].map(([key, { since }]) => [key, since])),
      );
      for (const [key, { seen, since }] of expected) {
        const [where = '', target = '', attribute = ''] = key.split(' ');
        expect(sinceOf(history, where, { target, attribute, seen })).toBe(since);
      }
    }),
  );
});

test('several looks at once give what they give one after the other', () => {
  const anyPlace = fc.constantFrom('node/a', 'node/b', 'cluster');
  const anyDifference = fc.record({
    target: fc.constantFrom('file:/etc/motd', 'file:/etc/hosts'),
    attribute: fc.constantFrom('content', 'mode'),
    seen: fc.constantFrom('1', '2'),
  });
  const anyLooks = fc.array(
    fc.record({ place: anyPlace, differences: fc.array(anyDifference, { maxLength: 4 }), blind: fc.boolean() }),
  );
  fc.assert(
    fc.property(anyLooks, anyLooks, (before, later) => {
      const all = [...before, ...later].map(
        ({ place: at, differences, blind }, day): Look => ({
          place: at,
          at: new Date(Date.UTC(2026, 0, day + 1)).toISOString(),
          differences,
          unreadable: () => blind,
        }),
      );
      const first = afterLooks([], all.slice(0, before.length));
      expect(afterLooks(first, all.slice(before.length))).toEqual(all.reduce<DriftHistory>(afterLook, []));
    }),
  );
});

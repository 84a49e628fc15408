import { AppError, type Finding, type Plan, type RunEvent, type RunSummary, type Step } from '@vmstation/core';
import { expect, test } from 'vitest';
import { renderError } from './error.ts';
import { renderFindings } from './findings.ts';
import { clip, duration, table, widthOf, wrap } from './layout.ts';
import { renderMarkdown } from './markdown.ts';
import { renderPlan } from './plan.ts';
import { beforeFirstEvent, linesOf } from './progress-lines.ts';
import { renderRegion } from './progress-region.ts';
import { advance, noProgress } from './progress-state.ts';
import { renderRollback } from './rollback.ts';
import { paintWith, plainStyle } from './style.ts';
import { renderSummary } from './summary.ts';

const style = plainStyle(100);
const ascii = { ...style, unicode: false };

function step(id: string, more: Partial<Step> = {}): Step {
  const [phase = 'setup', role = '', node] = id.split('/');
  return {
    id,
    phase: phase as Step['phase'],
    node,
    title: role,
    why: `role ${role}`,
    tags: [role],
    effect: 'none',
    changes: [],
    reversible: true,
    needs: { steps: [], awake: [] },
    action: undefined,
    inputHash: 'x',
    ...more,
  };
}

const plan: Plan = {
  id: 'plan-1',
  parent: undefined,
  cluster: 'vmstation',
  createdAt: '2026-11-23T09:00:00.000Z',
  scope: { phases: ['setup', 'infra', 'config'], nodes: undefined, tags: undefined },
  steps: [
    step('setup/system/masternode', {
      effect: 'change',
      changes: [
        { target: 'sysctl:net.ipv4.ip_forward', attribute: 'value', want: '1', seen: '0' },
        {
          target: 'file:/etc/modules-load.d/k8s.conf',
          attribute: 'content',
          want: 'sha256:aa',
          seen: 'absent',
          diff: '--- seen\n+++ want\n@@ -0,0 +1,2 @@\n+overlay\n+br_netfilter\n',
        },
      ],
    }),
    step('setup/time/masternode', { effect: 'none' }),
    step('setup/system/homelab', {
      effect: 'unknown',
      blockedBy: { code: 'node/asleep', reason: 'homelab is asleep (no answer since 09:00)', asleep: true },
    }),
    step('infra/kubespray', {
      effect: 'unknown',
      unknownUntil: 'setup',
      reversible: false,
      title: 'Install Kubernetes',
    }),
    step('config/ntp/masternode'),
  ],
};
const titleOf = (phase: string): string => `The phase ${phase}`;

test('a plan shows what changes by phase and node, and only counts what is equal', () => {
  expect(renderPlan(plan, { detail: 'steps', titleOf }, style)).toMatchInlineSnapshot(`
    "Plan for vmstation · 2 nodes · 5 steps: 1 to change, 2 not known yet, 2 equal

    ▸ setup  The phase setup · 1 equal
        masternode  ● system              sysctl:net.ipv4.ip_forward, file:/etc/modules-load.d/k8s.conf
        homelab     ☾ system
                      node/asleep: homelab is asleep (no answer since 09:00)

    ▸ infra  The phase infra
        cluster     ? Install Kubernetes  cannot be undone; unknown until setup has run

    ✓ config  The phase config · 1 equal"
  `);
});

test('with every change shown, values are old → new and files are diffs', () => {
  expect(renderPlan(plan, { detail: 'changes', titleOf }, ascii)).toMatchInlineSnapshot(`
    "Plan for vmstation | 2 nodes | 5 steps: 1 to change, 2 not known yet, 2 equal

    > setup  The phase setup | 1 equal
        masternode  + system              role system
            sysctl:net.ipv4.ip_forward value  0 -> 1
            file:/etc/modules-load.d/k8s.conf
              @@ -0,0 +1,2 @@
              +overlay
              +br_netfilter
        homelab     z system
                      node/asleep: homelab is asleep (no answer since 09:00)

    > infra  The phase infra
        cluster     ? Install Kubernetes  cannot be undone; unknown until setup has run

    = config  The phase config | 1 equal"
  `);
});

test('an error says what, why, what to try and where to read on', () => {
  const error = new AppError({
    code: 'ssh/host-key-changed',
    kind: 'refused',
    message: 'storagenodet3500 offered a different host key',
    tryThis:
      'Compare the fingerprint on the machine’s own console; only if it matches: vmstation node trust storagenodet3500',
    context: { step: 'setup › Connect', node: 'storagenodet3500' },
    cause: new Error('Host key verification failed.'),
  });
  expect(renderError(error, style)).toMatchInlineSnapshot(`
    "✗ ssh/host-key-changed  storagenodet3500 offered a different host key
      Step   setup › Connect
      Cause  Host key verification failed.
      Try    Compare the fingerprint on the machine’s own console; only if it matches: vmstation node
             trust storagenodet3500
      Docs   vmstation explain ssh/host-key-changed"
  `);
});

test('only our own bugs show a stack', () => {
  const bug = new AppError({ code: 'internal/unexpected', kind: 'bug', message: 'x', cause: new TypeError('no') });
  expect(renderError(bug, style)).toContain('render.test.ts');
  expect(renderError(new AppError({ code: 'a/b', kind: 'user', message: 'x' }), style)).not.toContain('render.test.ts');
});

const findings: readonly Finding[] = [
  { code: 'node/ready', state: 'ok', title: 'Ready', node: 'masternode', evidence: 'Ready since 09:10' },
  {
    code: 'network/answers',
    state: 'not-proved',
    title: 'Grafana answers',
    evidence: 'http://192.168.4.63:30001: lab stand-in for grafana/grafana:12.1.0',
  },
  {
    code: 'node/clock-skew',
    state: 'failed',
    title: 'Clock',
    node: 'homelab',
    evidence: 'its clock is 12 s behind masternode',
    tryThis: 'vmstation config apply --tags ntp',
  },
];

test('findings are sorted worst first, with what to try below those that need it', () => {
  expect(renderFindings(findings, style)).toMatchInlineSnapshot(`
    "STATE         NODE        FINDING          EVIDENCE
    ✗ failed      homelab     node/clock-skew  its clock is 12 s behind masternode
                                               ↳ vmstation config apply --tags ntp
    ◌ not proved              network/answers  http://192.168.4.63:30001: lab stand-in for
                                               grafana/grafana:12.1.0
    ✓ ok          masternode  node/ready       Ready since 09:10

    1 failed · 1 not proved · 1 ok"
  `);
});

const none = {
  unchanged: 0,
  changed: 0,
  'not-proved': 0,
  queued: 0,
  'not-run': 0,
  unknown: 0,
  blocked: 0,
  failed: 0,
};
const summary: RunSummary = {
  runId: '20261123-091500-k3f9',
  ended: 'failed',
  exitCode: 1,
  counts: { ...none, changed: 18, unchanged: 3, 'not-run': 7, failed: 1, 'not-proved': 1 },
  durationMs: 38_200,
  attention: [
    {
      stepId: 'infra/kubespray',
      outcome: 'failed',
      reason: 'ansible-playbook ended with 2 on homelab: package containerd.io not found',
      changes: [],
      findings: [],
      error: {
        code: 'infra/installer-failed',
        kind: 'remote',
        message: 'the installer failed',
        tryThis: 'Read .vmstation/infra/log',
        nextSteps: [],
        context: {},
        retryable: true,
      },
    },
    { stepId: 'config/ntp/homelab', outcome: 'not-run', reason: 'infra failed', changes: [], findings: [] },
    {
      stepId: 'monitor-stack/verify',
      outcome: 'not-proved',
      reason: 'Grafana: lab stand-in',
      changes: [],
      findings: [],
    },
  ],
};

test('a summary names causes, leaves their consequences out, and keeps what was not proved apart', () => {
  expect(renderSummary(summary, [['vmstation up', 'tries again']], style)).toMatchInlineSnapshot(`
    "✗ Failed in 38 s · 3 unchanged · 18 changed · 1 not proved · 7 not run · 1 failed

    Needs attention
      ✗ infra/kubespray  failed
          ansible-playbook ended with 2 on homelab: package containerd.io not found
          Try   Read .vmstation/infra/log
          Docs  vmstation explain infra/installer-failed
      1 more step follows from these.

    Not proved here
      ◌ monitor-stack/verify  Grafana: lab stand-in

    Next
      vmstation up  tries again"
  `);
});

const at = (seconds: number) => new Date(Date.parse(plan.createdAt) + seconds * 1000).toISOString();
const events: readonly RunEvent[] = [
  { type: 'run-started', at: at(0), runId: 'r', command: 'vmstation up', cluster: 'vmstation' },
  { type: 'plan-recorded', at: at(0), runId: 'r', plan },
  { type: 'phase-started', at: at(0), runId: 'r', phase: 'setup', title: 'Prepare the nodes', steps: 3 },
  { type: 'step-started', at: at(0), runId: 'r', stepId: 'setup/system/masternode' },
  {
    type: 'step-progress',
    at: at(1),
    runId: 'r',
    stepId: 'setup/system/masternode',
    line: 'sysctl:net.ipv4.ip_forward',
  },
  {
    type: 'step-ended',
    at: at(2),
    runId: 'r',
    inputHash: 'x',
    durationMs: 2000,
    result: { stepId: 'setup/system/masternode', outcome: 'changed', changes: [], findings: [] },
  },
  {
    type: 'step-ended',
    at: at(2),
    runId: 'r',
    inputHash: 'x',
    durationMs: 0,
    result: {
      stepId: 'setup/system/homelab',
      outcome: 'queued',
      reason: 'homelab is asleep',
      changes: [],
      findings: [],
    },
  },
  {
    type: 'phase-ended',
    at: at(3),
    runId: 'r',
    phase: 'setup',
    outcome: 'queued',
    findings: findings.slice(0, 1),
    durationMs: 3000,
  },
];

test('a log gets one line per step that did something and one per phase', () => {
  let state = beforeFirstEvent;
  const lines = events.flatMap((event) => {
    const next = linesOf(state, event, 'active', style);
    state = next.state;
    return next.lines;
  });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "    masternode        ● changed     system  2.0 s
        homelab           ☾ queued      system  0.0 s  homelab is asleep
    ☾ setup              1 changed · 1 queued · 1 of 1 checks ok · 3.0 s"
  `);
});

test('the live region names the phase and who works at what', () => {
  const state = events.slice(0, 5).reduce(advance, noProgress);
  expect(renderRegion(state, Date.parse(at(1.5)), style).join('\n')).toMatchInlineSnapshot(`
    "⠴ setup  Prepare the nodes · 0 of 3 steps · 1.5 s
        masternode    1.5 s  system  sysctl:net.ipv4.ip_forward"
  `);
  expect(renderRegion(events.reduce(advance, noProgress), Date.parse(at(4)), style)).toEqual([]);
});

test('text is measured, wrapped and cut without its colour codes', () => {
  const red = paintWith(true).bad('failed');
  expect(widthOf(red)).toBe(6);
  expect(clip(`${red} and more`, 8)).toBe(`${red} a`);
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('a\nb', 10)).toEqual(['a', 'b']);
  expect(table(['a', 'empty', 'b'], [['1', '', '2']], style, '')).toEqual(['A  B', '1  2']);
  expect([800, 9999, 61_000].map(duration)).toEqual(['0.8 s', '10 s', '1 min 01 s']);
});

test('a page reads well in a terminal', () => {
  const page =
    '# ssh/x — it broke\n\nOne line\nand its second.\n\n- do `this`\n- then that\n\n```\nvmstation up\n```\n';
  expect(renderMarkdown(page, style)).toMatchInlineSnapshot(`
    "ssh/x — it broke

    One line and its second.

    - do this
    - then that

        vmstation up"
  `);
});

test('code on a page keeps its lines, whether fenced or indented, in a list or not, and however long', () => {
  const long = `git clone ${'x'.repeat(120)}`;
  const page = `1. Make it:\n\n       ${long}\n         --and more\n\n       second\n\n2. Then\n   this.\n\n   \`\`\`sh\n   if a; then\n     b\n   fi\n   \`\`\`\n`;
  expect(renderMarkdown(page, style)).toBe(
    [
      '1. Make it:',
      '',
      `    ${long}`,
      '      --and more',
      '',
      '    second',
      '',
      '2. Then this.',
      '',
      '    if a; then',
      '      b',
      '    fi',
    ].join('\n'),
  );
});

test('a blocked step with changes tells its whole reason and what to try, above its changes', () => {
  const blocked = step('infra/kubespray', {
    effect: 'change',
    title: 'Install Kubernetes',
    changes: [{ target: 'file:inventory.yaml', attribute: 'content', want: 'sha256:aa', seen: 'absent' }],
    blockedBy: {
      code: 'infra/installer-missing',
      reason: `Kubernetes is installed by Kubespray, and ${'its program '.repeat(6)}is not on PATH.`,
      tryThis: 'Make the environment as the page says.',
    },
  });
  const text = renderPlan({ ...plan, steps: [blocked] }, { detail: 'changes', titleOf }, style);
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'its program is not on PATH. Try Make the environment as the page says.',
  );
  expect(text).not.toContain('…');
  expect(text.indexOf('inventory.yaml')).toBeGreaterThan(text.indexOf('Try Make'));
});

test('a rollback is shown by machine: what changed, and what was begun and broken off', () => {
  const host = (id: string, resources: readonly string[]) =>
    step(id, { action: { type: 'host', resources: resources as never, guard: undefined } });
  const envelope = { at: '2026-11-23T09:00:00.000Z', runId: 'run-1' };
  const steps = [
    host('setup/ntp/homelab', ['package:chrony']),
    host('config/ssh/homelab', ['file:/etc/ssh/sshd_config']),
  ];
  const change = { target: 'package:chrony', attribute: 'state', want: 'installed', seen: 'absent' };
  const result = { stepId: 'setup/ntp/homelab', outcome: 'changed', changes: [change], findings: [] } as const;
  const ofTheRun: readonly RunEvent[] = [
    { ...envelope, type: 'plan-recorded', plan: { ...plan, steps } },
    { ...envelope, type: 'step-ended', result, inputHash: 'x', durationMs: 1 },
    { ...envelope, type: 'step-started', stepId: 'config/ssh/homelab' },
  ];
  expect(renderRollback('run-1', ofTheRun, ['homelab', 'masternode'], style)).toMatchInlineSnapshot(`
    "run-1 is taken back: what it changed there becomes again what it was before
      homelab     package:chrony
                  begun and broken off, so perhaps also: file:/etc/ssh/sshd_config
      masternode  nothing that the journal knows of"
  `);
});

test('what an error shows after an empty line keeps its columns', () => {
  const shown = 'vmstation.yaml:3:5: error: no\n    3 |   a:    b\n      |         ^\n\n1 error';
  const error = new AppError({ code: 'workspace/faulty', kind: 'user', message: `It has 1 fault.\n\n${shown}` });
  expect(renderError(error, style)).toContain(
    ['', '    vmstation.yaml:3:5: error: no', '        3 |   a:    b', '          |         ^', '', '    1 error'].join(
      '\n',
    ),
  );
});

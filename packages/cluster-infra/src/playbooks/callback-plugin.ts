import { becomePasswordsVariable } from '../inventory/become-passwords.ts';

/** Name of the callback plugin that is rendered beside the state; Ansible finds it by ANSIBLE_CALLBACK_PLUGINS. */
export const callbackName = 'vmstation_jsonl';

/**
 * A stdout callback that prints one JSON line for each event, with the names and fields of ansible.posix.jsonl (which Debian's Ansible 2.14 does
 * not have). It knows the secrets of the run, takes their file away as soon as Ansible has read it, and prints `[secret]` in their place.
 */
export const callbackPlugin = `# Made by vmstation: prints JSON lines for its steps. Changes here are lost.
from __future__ import annotations

DOCUMENTATION = '''
name: ${callbackName}
type: stdout
short_description: JSON lines for vmstation
description: One JSON line for each event of a playbook.
'''

import base64
import json
import os

from ansible.plugins.callback import CallbackBase

LONGEST = 16384


def values_of(value):
    if isinstance(value, dict):
        return [one for part in value.values() for one in values_of(part)]
    if isinstance(value, list):
        return [one for part in value for one in values_of(part)]
    return [str(value)]


def forms_of(secret):
    # As it is, as a JSON text holds it, as Python prints it, and line by line: programs show a text in all of these ways.
    lines = [line for line in secret.splitlines() if len(line.strip()) > 3]
    forms = [secret, secret.strip()] + lines
    return forms + [json.dumps(form)[1:-1] for form in forms] + [repr(form)[1:-1] for form in forms]


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = '${callbackName}'

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._secrets = []
        path = os.environ.get('VMSTATION_SECRETS_FILE')
        if path:
            with open(path, encoding='utf-8') as file:
                values = json.load(file)
            # Passwords of sudo stand there in base64.
            passwords = [base64.b64decode(one).decode() for one in values_of(values.get('${becomePasswordsVariable}', {}))]
            found = {form for value in values_of(values) + passwords for form in forms_of(value) if form}
            self._secrets = sorted(found, key=len, reverse=True)

    def _masked(self, value):
        if isinstance(value, dict):
            return {self._masked(str(key)): self._masked(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._masked(part) for part in value]
        if isinstance(value, bool) or value is None:
            return value
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, '[secret]')
        if isinstance(value, (int, float)) and text == str(value):
            return value
        return text if len(text) <= LONGEST else text[:LONGEST] + ' [cut]'

    def _say(self, event, **fields):
        line = json.dumps(self._masked(dict(_event=event, **fields)), sort_keys=True)
        self._display.display(line)

    def _result(self, event, result, **more):
        data = result._result
        kept = {key: data[key] for key in ('changed', 'failed', 'msg', 'stderr', 'skip_reason', 'diff') if key in data}
        if data.get('module_stderr'):
            kept['stderr'] = data['module_stderr']
        if isinstance(data.get('results'), list):
            parts = [part for part in data['results'] if isinstance(part, dict)]
            kept['results'] = [{key: part.get(key) for key in ('failed', 'msg')} for part in parts if part.get('failed')]
            diffs = [part['diff'] for part in parts if part.get('diff')]
            if diffs and 'diff' not in kept:
                kept['diff'] = [one for diff in diffs for one in (diff if isinstance(diff, list) else [diff])]
        self._say(event, hosts={result._host.get_name(): kept}, task={'name': result._task.get_name()}, **more)

    def v2_playbook_on_start(self, playbook):
        # Ansible has read its extra variables by now.
        path = os.environ.get('VMSTATION_SECRETS_FILE')
        if path and os.path.exists(path):
            os.unlink(path)

    def v2_playbook_on_play_start(self, play):
        self._say('v2_playbook_on_play_start', play={'name': play.get_name()})

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._say('v2_playbook_on_task_start', task={'name': task.get_name()})

    def v2_playbook_on_handler_task_start(self, task):
        self._say('v2_playbook_on_handler_task_start', task={'name': task.get_name()})

    def v2_playbook_on_no_hosts_remaining(self):
        self._say('v2_playbook_on_no_hosts_remaining')

    def v2_runner_on_ok(self, result):
        self._result('v2_runner_on_ok', result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result('v2_runner_on_failed', result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._result('v2_runner_on_unreachable', result)

    def v2_runner_on_skipped(self, result):
        self._result('v2_runner_on_skipped', result)

    def v2_playbook_on_stats(self, stats):
        hosts = sorted(stats.processed.keys())
        self._say('v2_playbook_on_stats', stats={host: stats.summarize(host) for host in hosts})
`;

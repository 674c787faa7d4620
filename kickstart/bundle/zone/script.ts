// The calls that build a zone as a Python script that makes them: signs each, waits for its job, stops at the first refusal.

import { Malformed } from '../../../server/malformed.ts';
import type { Call, Value } from './calls.ts';
import { buildCalls, enableCalls } from './calls.ts';
import type { Zone } from './zone.ts';

/** Where the management server answers API calls. */
export function apiUrl(zone: Zone): string {
  return `http://${zone.management.address}:8080/client/api`;
}

/**
 * The script's text, for every Python from 2.6 (EL6) to 3. It holds no secret: it asks for the API keys and the hosts'
 * password, or takes them from its environment.
 */
export function buildScript(zone: Zone): string {
  return `${HEAD}
API = ${python(apiUrl(zone))}

# Command, parameters, and the object of the answer whose id is kept, with the name it is kept by.
BUILD = [
${buildCalls(zone).map(tuple).join('')}]

ENABLE = [
${enableCalls(zone).map(tuple).join('')}]
${BODY}`;
}

function tuple({ why, command, parameters, answer }: Call): string {
  const pairs = parameters.map(([name, value]) => `(${python(name)}, ${valueText(value)})`).join(', ');
  const kept = answer === undefined ? 'None' : `(${python(answer.object)}, ${python(answer.as)})`;
  return `    # ${printableLine(why)}\n    (${python(command)}, [${pairs}], ${kept}),\n`;
}

function valueText(value: Value): string {
  if (typeof value === 'string') return python(value);
  return 'id' in value ? `Id(${python(value.id)})` : 'HOST_PASSWORD';
}

// JSON's escapes mean the same in a Python string, but for characters that Python 2 takes bytes for: they are refused.
function python(text: string): string {
  return JSON.stringify(printableLine(text));
}

function printableLine(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text))
    throw new Malformed('a value for CloudStack is printable ASCII', JSON.stringify(text.slice(0, 60)));
  return text;
}

const HEAD = `#!/usr/bin/env python3
# Builds the CloudStack zone of this site through the management server's API. By Kickstand.
#
#   build-zone.py build     everything, the zone still shut; stops at the first call that is refused
#   build-zone.py enable    lets the zone work: after the management server was restarted for its new settings
#   build-zone.py show      prints the calls and makes none
#
# On EL6, which has no python3: python build-zone.py build
#
# The keys: API_KEY and SECRET_KEY in the environment, or typed in when asked; so HOST_PASSWORD, root's on the hosts.
# CLOUDSTACK_API names another address than the one below. What was built by a run that stopped stays: delete the zone
# before another try.
import base64
import getpass
import hashlib
import hmac
import json
import os
import sys
import time

try:
    from urllib.error import HTTPError
    from urllib.parse import quote
    from urllib.request import urlopen
except ImportError:
    from urllib import quote
    from urllib2 import HTTPError, urlopen


class Id(object):
    def __init__(self, name):
        self.name = name


HOST_PASSWORD = object()
`;

// Java's URLEncoder, which the server compares with, leaves . - * _ as they are; "~" it does not.
const BODY = `
WAIT_SECONDS = 900


def encode(value):
    return quote(value.encode('utf-8'), safe='.-*_').replace('~', '%7E')


def sign(parameters, secret):
    text = '&'.join('%s=%s' % (name.lower(), encode(value)) for name, value in sorted(parameters.items()))
    digest = hmac.new(secret.encode('utf-8'), text.lower().encode('utf-8'), hashlib.sha1).digest()
    return base64.b64encode(digest).decode('ascii')


class Refused(Exception):
    pass


def ask(name, what):
    return os.environ.get(name) or getpass.getpass(what + ': ')


def post(keys, command, parameters):
    sent = dict(parameters)
    sent.update({'command': command, 'response': 'json', 'apikey': keys[0]})
    sent['signature'] = sign(sent, keys[1])
    body = '&'.join('%s=%s' % (name, encode(value)) for name, value in sent.items())
    try:
        text = urlopen(os.environ.get('CLOUDSTACK_API', API), body.encode('ascii'), 300).read()
    except HTTPError as error:
        text = error.read()
    try:
        answer = list(json.loads(text.decode('utf-8')).values())[0]
    except (ValueError, IndexError, AttributeError):
        answer = None
    if not isinstance(answer, dict):
        raise Refused('the management server did not answer in JSON')
    if 'errortext' in answer:
        raise Refused(answer['errortext'])
    return answer


def call(keys, command, parameters):
    answer = post(keys, command, parameters)
    if 'jobid' not in answer:
        return answer
    until = time.time() + WAIT_SECONDS
    while time.time() < until:
        job = post(keys, 'queryAsyncJobResult', {'jobid': str(answer['jobid'])})
        if job.get('jobstatus') == 1:
            return job.get('jobresult', {})
        if job.get('jobstatus') == 2:
            raise Refused(job.get('jobresult', {}).get('errortext', 'its job failed'))
        time.sleep(float(os.environ.get('POLL_SECONDS', '3')))
    raise Refused('its job has not ended after %d seconds' % WAIT_SECONDS)


def id_of(answer, name):
    found = answer.get(name)
    if isinstance(found, list):
        if len(found) != 1:
            raise Refused('%d of %s were found, and not one' % (len(found), name))
        found = found[0]
    if not isinstance(found, dict) or 'id' not in found:
        raise Refused('the answer names no %s' % name)
    return str(found['id'])


def shown(value):
    if isinstance(value, Id):
        return '$' + value.name
    return '(password)' if value is HOST_PASSWORD else value


def run(calls):
    keys = (ask('API_KEY', 'API key'), ask('SECRET_KEY', 'Secret key'))
    asks = any(value is HOST_PASSWORD for _, parameters, _ in calls for _, value in parameters)
    password = ask('HOST_PASSWORD', 'Root password of the hosts') if asks else None
    ids = {}
    for number, (command, parameters, kept) in enumerate(calls):
        print('%d/%d %s %s' % (number + 1, len(calls), command, ' '.join(n + '=' + shown(v) for n, v in parameters)))
        sys.stdout.flush()
        given = {}
        for name, value in parameters:
            given[name] = ids[value.name] if isinstance(value, Id) else password if value is HOST_PASSWORD else value
        answer = call(keys, command, given)
        if kept:
            ids[kept[1]] = id_of(answer, kept[0])


def main(arguments):
    if arguments == ['show']:
        for command, parameters, _ in BUILD + ENABLE:
            print('%s %s' % (command, ' '.join(n + '=' + shown(v) for n, v in parameters)))
        return 0
    if arguments not in (['build'], ['enable']):
        print('usage: build-zone.py build|enable|show')
        return 2
    try:
        run(BUILD if arguments == ['build'] else ENABLE)
    except Refused as refusal:
        print('refused: %s' % refusal)
        return 1
    if arguments == ['build']:
        print('Built. Now restart the management server, wait until it answers, and run: build-zone.py enable')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
`;

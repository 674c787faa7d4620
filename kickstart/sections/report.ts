// The shell function by which installers and first-boot scripts report: tries what there is, never for long, never fatally.

import type { Install } from '../../server/domain.ts';
import { shellWord } from '../quote.ts';
import { eventsUrl } from '../urls.ts';

// Python 2.4 (XenServer 6's dom0) to 3: the modules moved, and only the socket module knew timeouts then.
const PYTHON = `import socket, sys
try:
    from urllib.request import urlopen
except ImportError:
    from urllib2 import urlopen
socket.setdefaulttimeout(20)
urlopen(sys.argv[1]).read()`;

/**
 * POSIX shell text that defines `report STAGE [MESSAGE]`: tells the appliance by GET, which every tool can. MESSAGE goes
 * into the URL as it is, so it must be encoded already. Once the appliance could not be reached, later reports are tried
 * once only: an install must not wait for hours for a server that is gone.
 */
export function reportFunction(install: Install): string {
  return `events_url=${shellWord(eventsUrl(install))}
report_tries=3

# report STAGE [ENCODED-MESSAGE]: always succeeds.
report() {
  report_url="$events_url&stage=$1"
  if [ "$#" -gt 1 ]; then report_url="$report_url&message=$2"; fi
  report_try=1
  while ! send_report "$report_url"; do
    if [ "$report_try" -ge "$report_tries" ]; then
      report_tries=1
      echo "kickstand: could not report $1" >&2
      return 0
    fi
    report_try=$((report_try + 1))
    sleep 2
  done
}

send_report() {
  if command -v curl >/dev/null 2>&1; then
    curl -f -s -o /dev/null --connect-timeout 10 --max-time 20 "$1" && return 0
  fi
  if command -v wget >/dev/null 2>&1; then
    # GNU wget would try 20 times by itself; busybox's knows no -t, and some builds of it no -T.
    case $(wget --version 2>/dev/null) in
      GNU*) wget -q -t 1 -T 20 -O /dev/null "$1" && return 0 ;;
      *) { wget -q -T 20 -O /dev/null "$1" || wget -q -O /dev/null "$1"; } 2>/dev/null && return 0 ;;
    esac
  fi
  for report_python in python python3 python2 /usr/libexec/platform-python; do
    command -v "$report_python" >/dev/null 2>&1 || continue
    "$report_python" -c ${shellWord(PYTHON)} "$1" 2>/dev/null && return 0
  done
  return 1
}
`;
}

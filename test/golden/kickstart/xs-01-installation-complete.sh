#!/bin/sh
# Kickstand: installation-complete of xs-01
events_url='http://192.168.168.26/hosts/xs-01/events?token=00112233445566778899aabbccddeeff'
report_tries=3

# report STAGE [ENCODED-MESSAGE [LOG-FILE]]: always succeeds.
report() {
  report_url="$events_url&stage=$1"
  if [ "$#" -gt 1 ]; then report_url="$report_url&message=$2"; fi
  if [ "$#" -gt 2 ] && [ -s "$3" ] && report_log "$3"; then return 0; fi
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

# report_log FILE: sends what is at $report_url, with the end of FILE.
report_log() {
  # Beside the log, where nobody else could have put a link.
  report_tail=$1.sent
  (umask 077 && { tail -c 65536 "$1" || cat "$1"; } >"$report_tail") 2>/dev/null || return 1
  report_try=1
  report_sent=0
  while ! send_report "$report_url" "$report_tail"; do
    if [ "$report_try" -ge "$report_tries" ]; then
      report_sent=1
      break
    fi
    report_try=$((report_try + 1))
    sleep 2
  done
  rm -f "$report_tail"
  return "$report_sent"
}

# send_report URL [FILE]: by GET, or with FILE by POST.
send_report() {
  if command -v curl >/dev/null 2>&1; then
    if [ "$#" -gt 1 ]; then
      curl -f -s -o /dev/null --connect-timeout 10 --max-time 20 \
        -H 'Content-Type: text/plain' -H 'Expect:' --data-binary @"$2" "$1" && return 0
    else
      curl -f -s -o /dev/null --connect-timeout 10 --max-time 20 "$1" && return 0
    fi
  fi
  if command -v wget >/dev/null 2>&1; then
    # GNU wget would try 20 times by itself; busybox's knows no -t, and some builds of it no -T. It may not post either.
    case $(wget --version 2>/dev/null) in
      GNU*)
        if [ "$#" -gt 1 ]; then
          wget -q -t 1 -T 20 -O /dev/null --header='Content-Type: text/plain' --post-file="$2" "$1" && return 0
        else
          wget -q -t 1 -T 20 -O /dev/null "$1" && return 0
        fi
        ;;
      *)
        if [ "$#" -eq 1 ]; then
          { wget -q -T 20 -O /dev/null "$1" || wget -q -O /dev/null "$1"; } 2>/dev/null && return 0
        fi
        ;;
    esac
  fi
  for report_python in python python3 python2 /usr/libexec/platform-python; do
    command -v "$report_python" >/dev/null 2>&1 || continue
    "$report_python" -c 'import socket, sys
try:
    from urllib.request import Request, urlopen
except ImportError:
    from urllib2 import Request, urlopen
socket.setdefaulttimeout(20)
data = None
if len(sys.argv) > 2:
    data = open(sys.argv[2], "rb").read()
urlopen(Request(sys.argv[1], data, {"Content-Type": "text/plain"})).read()' "$@" 2>/dev/null && return 0
  done
  return 1
}

case $1 in
  0)
    if [ -e /tmp/kickstand-not-placed ]; then
      report failed 'the+first-boot+job+could+not+be+written' /tmp/install-log
    else
      report installed
    fi
    ;;
  *) report failed 'the+installer+reports+failure' /tmp/install-log ;;
esac
exit 0

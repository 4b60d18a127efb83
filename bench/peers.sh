#!/usr/bin/env bash
# Postrider beside Postfix's smtp-source and smtp-sink in the same run, on loopback: rates, CPU for each message, idle
# memory. Prints medians and ratios, and whether each target is met.
#
#   bench/peers.sh [all | sink | pipelined | load | idle] [--rounds N] [--json FILE]
#   bench/peers.sh queue [accept | relay | all] [--rounds N]   the durable queue beside Postfix, Exim and OpenSMTPD
#   bench/peers.sh length [--messages N]                       a queue of a million messages
#
# Needs Debian's postfix package for its two tools (no Postfix is started) and build/release/postrider; `./dev setup` and
# `./dev build` bring both. Nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for tool in /usr/sbin/smtp-source /usr/sbin/smtp-sink; do
  [[ -x $tool ]] || { echo "peers.sh: $tool is missing: run ./dev setup" >&2; exit 69; }
done
[[ -x ${POSTRIDER:=build/release/postrider} ]] || { echo "peers.sh: $POSTRIDER is missing: run ./dev build" >&2; exit 69; }
export POSTRIDER
ulimit -n "$(ulimit -Hn)"
case ${1:-} in
  queue) exec python3 bench/queue_peers.py "${@:2}" ;;
  length) exec python3 bench/queue_length.py "${@:2}" ;;
  *) exec python3 bench/peers.py "$@" ;;
esac

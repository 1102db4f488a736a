# Part of ./dev: where there is memory to spare, tests keep their files there. They make and sync hundreds of thousands, and wait for the disk more than they work;
# those that are about disks bring one of their own.
if [[ -z ${TMPDIR:-} && -w /dev/shm ]] && (($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) > 12 * 1024 * 1024)); then
  TMPDIR=$(mktemp -d /dev/shm/pilothouse-XXXXXX)
  chmod 1777 "$TMPDIR" # as /tmp: PostgreSQL runs as a user of its own
  export TMPDIR
  trap 'leave; ((${failed:-0} > 0)) && say "what failed left its files in $TMPDIR" || rm -rf "$TMPDIR"' EXIT
fi

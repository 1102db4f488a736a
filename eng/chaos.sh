# Part of ./dev: the chaos test, for longer than in the suite; ends with what was done, what clients were answered, and what was seen.
# With --planted [BUG] each bug of eng/planted, or that one, is put into a copy of the program, and the test must find it.
local bug tree found minutes=10
run_chaos() {
  PILOTHOUSE_CHAOS_MINUTES=$minutes dotnet "$bin/Pilothouse.EndToEnd/debug/Pilothouse.EndToEnd.dll" --progress off --no-ansi --output Detailed --filter-class '*.ChaosTests' &
  children[$!]=chaos
  wait $!
}

[[ ${1:-} != --minutes ]] || minutes=${2:-}
[[ $minutes =~ ^[0-9]+(\.[0-9]+)?$ ]] || die "--minutes takes a number; it is '$minutes'."
source eng/services.sh
build tests/Pilothouse.EndToEnd
if [[ ${1:-} != --planted ]]; then
  run_chaos
  return
fi

minutes=2
declare -A finds=([lease-without-fencing]='ended it\.|by .* while .* ran the agents' [acknowledged-before-stored]='and is lost\.')
for bug in "${!finds[@]}"; do
  [[ -z ${2:-} || $bug == "$2" ]] || continue
  tree=$(mktemp -d)/planted
  git worktree add --quiet --detach "$tree" HEAD
  trap "git worktree remove --force '$tree'; leave" EXIT
  git -C "$tree" apply "$PWD/eng/planted/$bug.patch" || die "eng/planted/$bug.patch does not fit the program any more."
  say "building the program with the bug $bug"
  (cd "$tree" && dotnet build src/Pilothouse.Server -v quiet --nologo >&2)
  ! PILOTHOUSE_CHAOS_SERVER="$tree/artifacts/bin/Pilothouse.Server/debug/pilothouse-server.dll" run_chaos >"$tree.log" || die "$bug was not found."
  found=$(grep -cE "${finds[$bug]}" "$tree.log") || die "The test failed, but not by $bug: $(tail -n 40 "$tree.log")"
  say "$bug was found: $(grep -m1 -E "${finds[$bug]}" "$tree.log" | sed 's/^ *//') ($found such lines)"
  git worktree remove --force "$tree"
  trap leave EXIT
done

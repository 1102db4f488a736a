# Part of ./dev: the chaos test, for longer than in the suite; ends with what was done, what clients were answered, and what was seen.
[[ ${1:-} != --minutes ]] || shift
export PILOTHOUSE_CHAOS_MINUTES=${1:-10}
[[ $PILOTHOUSE_CHAOS_MINUTES =~ ^[0-9]+(\.[0-9]+)?$ ]] || die "--minutes takes a number; it is '$PILOTHOUSE_CHAOS_MINUTES'."
source eng/services.sh
build tests/Pilothouse.EndToEnd
dotnet "$bin/Pilothouse.EndToEnd/debug/Pilothouse.EndToEnd.dll" --progress off --no-ansi --output Detailed --filter-class '*.ChaosTests' &
children[$!]=chaos
wait $!

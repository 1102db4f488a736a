# Part of ./dev: an older version of the program (a commit; by default the newest tag, else the first version that knew others beside it) and this
# one side by side on one PostgreSQL, upgraded and taken back while clients work.
local older=${1:-} tree
[[ -n $older ]] || older=$(git describe --tags --abbrev=0 2>/dev/null) || older=$(git log --diff-filter=A --format=%H -- src/Pilothouse.Control/Peers/AgentsLease.cs | tail -1)
[[ -n $older ]] || die "There is no older version in the history of this clone: name a commit, ./dev upgrade COMMIT."
tree=$(mktemp -d)/older
git worktree add --quiet --detach "$tree" "$older"
trap "git worktree remove --force '$tree'; leave" EXIT
source eng/services.sh
say "building $(git log -1 --format='%h %s' "$older")"
(cd "$tree" && dotnet build src/Pilothouse.Server -v quiet --nologo >&2)
build tests/Pilothouse.EndToEnd
PILOTHOUSE_OLDER_SERVER="$tree/artifacts/bin/Pilothouse.Server/debug/pilothouse-server.dll" \
  dotnet "$bin/Pilothouse.EndToEnd/debug/Pilothouse.EndToEnd.dll" --progress off --no-ansi --output Detailed --filter-class '*.UpgradeTests' &
children[$!]=upgrade
wait $!

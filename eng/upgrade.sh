# Part of ./dev: older versions of the program (commits), by turns, and this one side by side on one PostgreSQL, upgraded and taken back while clients work.

# Without it a version does not know others beside it, and all of them are stopped for an upgrade.
knows_others=src/Pilothouse.Control/Peers/AgentsLease.cs

# The newest tag, else the first version that knew others; and the one just before the newest migration, on whose schema it has not worked yet.
older_versions() {
  local first newest added before older
  first=$(git describe --tags --abbrev=0 2>/dev/null) || first=$(git log --diff-filter=A --format=%H -- "$knows_others" | tail -1)
  newest=$(basename -a src/Pilothouse.Control/Storage/Migrations/*/[0-9]*_*.cs | grep -v Designer | sort | tail -1)
  added=$(git log -1 --diff-filter=A --format=%H -- "src/Pilothouse.Control/Storage/Migrations/*/$newest")
  before=${added:+$added^}
  for older in $first "${before:-HEAD}"; do
    if git cat-file -e "$older:$knows_others" 2>/dev/null; then git rev-parse "$older^{commit}"; fi
  done | awk '!seen[$0]++'
}

# upgrade_from COMMIT
upgrade_from() {
  local tree=$trees/$1 code=0
  git worktree add --quiet --detach "$tree" "$1" || return
  say "building $(git log -1 --format='%h %s' "$1")"
  (cd "$tree" && dotnet build src/Pilothouse.Server -v quiet --nologo >&2) || return
  PILOTHOUSE_OLDER_SERVER="$tree/artifacts/bin/Pilothouse.Server/debug/pilothouse-server.dll" \
    dotnet "$bin/Pilothouse.EndToEnd/debug/Pilothouse.EndToEnd.dll" --progress off --no-ansi --output Detailed --filter-class '*.UpgradeTests' &
  local pid=$!
  children[$pid]=upgrade
  wait "$pid" || code=$?
  unset "children[$pid]"
  return "$code"
}

remove_trees() {
  local tree
  for tree in "$trees"/*/; do
    if [[ -d $tree ]]; then git worktree remove --force "$tree"; fi
  done
  rmdir "$trees"
}

local failed=() older
(($# > 0)) || set -- $(older_versions)
(($# > 0)) || die "There is no older version in the history of this clone: name a commit, ./dev upgrade COMMIT."
for older in "$@"; do git cat-file -e "$older^{commit}" || die "There is no commit $older."; done
trees=$(mktemp -d)
trap 'leave; remove_trees' EXIT
source eng/services.sh
build tests/Pilothouse.EndToEnd
for older in "$@"; do upgrade_from "$(git rev-parse "$older^{commit}")" || failed+=("$older"); done
((${#failed[@]} == 0)) || die "Not to be upgraded from, or taken back to: ${failed[*]}"

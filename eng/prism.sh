# Part of ./dev: the end-to-end tests with every server behind prism, which holds each call of the contract, and its answer, to the contract file.
version=5.16.0 log=$root/artifacts/prism.log code=0
home=${XDG_CACHE_HOME:-$HOME/.cache}/pilothouse/tests/prism-cli-$version
[[ -x $home/node_modules/.bin/prism ]] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home" "@stoplight/prism-cli@$version" >&2
mkdir -p artifacts
: >"$log"
PILOTHOUSE_E2E_PRISM=$home/node_modules/.bin/prism PILOTHOUSE_E2E_PRISM_LOG=$log verb_test Pilothouse.EndToEnd || code=$?
python3 tests/Pilothouse.EndToEnd/World/prism-report.py "$log" || code=1
return "$code"

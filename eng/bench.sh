# Part of ./dev: the benchmarks.
local project
source eng/services.sh
{ command -v nginx && command -v caddy && command -v wrk && command -v h2load; } >/dev/null || without_services install_packages nginx caddy wrk nghttp2-client
for project in src/Pilothouse.Server bench/Pilothouse.Bench; do build -c Release "$project"; done
dotnet "$bin/Pilothouse.Bench/release/Pilothouse.Bench.dll" "$@" &
children[$!]=bench
wait $!

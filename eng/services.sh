# Part of ./dev: real servers that tests and benchmarks start for themselves, PostgreSQL and Swift, which speaks S3.
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || without_services install_packages postgresql
{ command -v swift-proxy-server && command -v memcached; } >/dev/null \
  || without_services install_packages swift-proxy swift-account swift-container swift-object memcached
# Second hosts are network namespaces with a packet filter.
install_needed ip:iproute2 nft:nftables
